"""Reading a folder of catalog files and checking that they fit each other and the policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from avgflow.catalog.models import Catalog, Store
from avgflow.catalog.names import ColumnName
from avgflow.configuration import Document, WrongConfiguration
from avgflow.policy.models import Policy


def load(folder: Path) -> Catalog:
    """Every `*.yaml` of a folder as one catalog; `WrongConfiguration` names file, line and remedy."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise WrongConfiguration(
            f"{folder}: holds no catalog file. Point AVGFLOW_CATALOG to a folder with one YAML a store."
        )
    stores: dict[str, tuple[Document, Store]] = {}
    for file in files:
        document = Document.open(file)
        store = document.model(Store)
        if store.store in stores:
            raise WrongConfiguration(
                f"{document.place('store')}: store '{store.store}' is described in {stores[store.store][0].path} too; "
                f"give each store one file and a name of its own."
            )
        stores[store.store] = (document, store)
    catalog = Catalog.of(stores)
    _refuse(_dangling(catalog))
    return catalog


def check_against(catalog: Catalog, policy: Policy) -> None:
    """Classes, terms, categories and purposes of the catalog must be in the policy, and where a class is portable only
    on consent, the catalog says which rows rest on it; else `WrongConfiguration`.
    """
    _refuse(
        [
            *_unknown_classes(catalog, policy),
            *_unknown_categories(catalog, policy),
            *_consent_untold(catalog, policy),
        ]
    )


def _refuse(faults: Iterator[str] | list[str]) -> None:
    if found := list(faults):
        raise WrongConfiguration("\n".join(found))


def _unknown_classes(catalog: Catalog, policy: Policy) -> Iterator[str]:
    for store, name, table in catalog.tables():
        for nth, rows in enumerate(table.termed):
            beyond = nth - len(table.classes)
            place = catalog.place(store.store, name, *(("lapses", beyond) if beyond >= 0 else ("classes", nth)))
            known = policy.classes.get(rows.record_class)
            if known is None:
                yield f"{place}: class '{rows.record_class}' is not in the policy; add it there or correct it."
            elif rows.term is not None and rows.term not in known.other_terms:
                yield f"{place}: class {rows.record_class} has no term '{rows.term}'; add it there or correct it."


def _unknown_categories(catalog: Catalog, policy: Policy) -> Iterator[str]:
    for store, name, table in catalog.tables():
        for column, spec in table.columns.items():
            place = catalog.place(store.store, name, "columns", column)
            if spec.category is not None and spec.category not in policy.categories:
                yield f"{place}.{column}: category '{spec.category}' is not in the policy; add it there or correct it."
            if spec.purpose is not None and spec.purpose not in policy.purposes:
                yield f"{place}.{column}: purpose {spec.purpose} is not in the policy; add it there or correct it."


def _consent_untold(catalog: Catalog, policy: Policy) -> Iterator[str]:
    for store, name, table in catalog.tables():
        for number, rows in enumerate(table.classes):
            of_class = policy.classes.get(rows.record_class)
            mixed = of_class is not None and of_class.portability == "consent" and of_class.bases != {"a"}
            if mixed and table.access and table.on_consent is None:
                place = catalog.place(store.store, name, "classes", number)
                yield (
                    f"{place}: class {rows.record_class} is portable only on consent (art. 20), and nothing says which "
                    f"rows rest on it; add the SQL condition (on_consent: …), or on_consent: 'false' where none does."
                )


def _dangling(catalog: Catalog) -> Iterator[str]:
    for store, name, table in catalog.tables():
        for number, link in enumerate(table.subject):
            for target in link.targets:
                if catalog.column(target) is None:
                    place = catalog.place(store.store, name, "subject", number)
                    yield f"{place}: subject refers to {target}, which {_nearest(catalog, target)}; correct the name."


def _nearest(catalog: Catalog, target: ColumnName) -> str:
    store = catalog.stores.get(target.store)
    if store is None:
        return f"is in no file: there is no store '{target.store}'"
    if target.table not in store.tables:
        return f"is not described: {target.store} has no table {target.table}"
    return f"is not described: {target.store}.{target.table} has no such column"
