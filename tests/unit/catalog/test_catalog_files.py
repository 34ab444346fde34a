"""The catalog of the demonstration stores: people read its words, and no column is forgotten."""

from __future__ import annotations

import re

import pytest

from avgflow.catalog.load import check_against, load
from avgflow.catalog.models import Catalog, Text
from avgflow.policy.models import load as load_policy
from avgflow.settings import INCLUDE

# What no reader should have to understand.
TECHNICAL = re.compile(r"_|\b(id|uuid|json|timestamp|null|token|hash|varchar)\b", re.IGNORECASE)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load(INCLUDE / "catalog")


def test_it_fits_the_policy(catalog: Catalog) -> None:
    check_against(catalog, load_policy(INCLUDE / "policy" / "milgro.yaml"))
    assert list(catalog.stores) == ["accounts", "crm", "marketing", "orders"]


def _shown(catalog: Catalog) -> list[tuple[str, Text | None]]:
    found: list[tuple[str, Text | None]] = []
    for store, name, table in catalog.tables():
        found.append((f"{store.store}.{name}", table.title))
        found += [(f"{store.store}.{name}.{c}", spec.label) for c, spec in table.columns.items() if spec.personal]
    return found


def test_every_personal_column_has_a_label_that_people_can_read(catalog: Catalog) -> None:
    for place, text in _shown(catalog):
        assert text is not None, place
        for words in (text.nl, text.en):
            assert words[0].isupper(), place
            assert not TECHNICAL.search(words), f"{place}: {words}"


def test_labels_of_a_table_can_be_told_apart(catalog: Catalog) -> None:
    for store, name, table in catalog.tables():
        for language in ("nl", "en"):
            labels = [spec.label.in_(language) for spec in table.columns.values() if spec.label]
            assert len(labels) == len(set(labels)), f"{store.store}.{name}"


def test_secrets_staff_and_free_text_are_marked(catalog: Catalog) -> None:
    columns = {
        f"{store.store}.{name.table}.{column}": spec
        for store, name, table in catalog.tables()
        for column, spec in table.columns.items()
    }
    assert {place for place, spec in columns.items() if spec.secret} == {
        "accounts.portal_account.password_hash",
        "accounts.session.token",
    }
    for place, spec in columns.items():
        assert spec.category != "staff" or spec.third_party, place
    for place in ("ticket.body", "ticket.subject", "note.body", "call.transcript", "contact.extra"):
        assert columns[f"crm.{place}"].free_text
    assert columns["crm.attachment.content"].file_name == "file_name"


def test_every_class_of_the_stores_is_used(catalog: Catalog) -> None:
    used = {rows.record_class for _, _, table in catalog.tables() for rows in table.classes}
    assert used == {f"R{number}" for number in range(1, 12)}


def test_the_last_class_of_a_table_takes_every_row(catalog: Catalog) -> None:
    for store, name, table in catalog.tables():
        if table.classes:
            assert table.classes[-1].when is None, f"{store.store}.{name}"
