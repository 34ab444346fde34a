"""Reading a folder of catalog files and checking that they fit each other and the policy."""

from __future__ import annotations

from pathlib import Path

from avgflow.catalog.models import Catalog, Store
from avgflow.configuration import WrongConfiguration, read
from avgflow.policy.models import Policy


def load(folder: Path) -> Catalog:
    """Every `*.yaml` of a folder as one catalog; `WrongConfiguration` names file, line and remedy."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise WrongConfiguration(
            f"{folder}: holds no catalog file. Point AVGFLOW_CATALOG to a folder with one YAML a store."
        )
    stores: dict[str, Store] = {}
    for file in files:
        store = read(file, Store)
        if store.store in stores:
            raise WrongConfiguration(f"{file}:1: store '{store.store}' is described twice; give each store one file.")
        stores[store.store] = store
    catalog = Catalog(stores=stores)
    faults = list(_dangling(catalog))
    if faults:
        raise WrongConfiguration("\n".join(f"{folder}: {fault}" for fault in faults))
    return catalog


def check_against(catalog: Catalog, policy: Policy) -> None:
    """Every class, category and purpose that the catalog names must be in the policy; else `WrongConfiguration`."""
    faults: list[str] = []
    for store, name, table in catalog.tables():
        place = f"{store.store}.{name}"
        for rows in table.classes:
            known = policy.classes.get(rows.record_class)
            if known is None:
                faults.append(f"{place}: class '{rows.record_class}' is not in the policy; add it there or correct it.")
            elif rows.term is not None and rows.term not in known.other_terms:
                faults.append(
                    f"{place}: class {rows.record_class} has no term '{rows.term}'; add it there or correct it."
                )
        for column, spec in table.columns.items():
            if spec.category is not None and spec.category not in policy.categories:
                faults.append(
                    f"{place}.{column}: category '{spec.category}' is not in the policy; add it or correct it."
                )
            if spec.purpose is not None and spec.purpose not in policy.purposes:
                faults.append(f"{place}.{column}: purpose {spec.purpose} is not in the policy; add it or correct it.")
    if faults:
        raise WrongConfiguration("\n".join(faults))


def _dangling(catalog: Catalog) -> list[str]:
    faults = []
    for store, name, table in catalog.tables():
        for link in table.subject:
            faults += [
                f"{store.store}.{name}: subject refers to {target}, which no catalog file describes; correct the name."
                for target in link.targets
                if catalog.column(target) is None
            ]
    return faults
