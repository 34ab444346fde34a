"""The record of processing activities (AVG art. 30(1)), made from the policy and the catalog: no personal data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from avgflow.catalog.models import Catalog, Text
from avgflow.policy.models import Policy, Purpose, RecordClass

_COLUMNS = {
    "purpose": ("Nummer van het doel in het privacybeleid", "Number of the purpose in the privacy policy"),
    "title": ("Doel (lid 1 onder b)", "Purpose (1)(b)"),
    "basis_declared": ("Grondslagen volgens het beleid (artikel 6 lid 1)", "Bases by the policy (article 6(1))"),
    "basis_assessed": ("Grondslagen na beoordeling", "Bases by assessment"),
    "persons": ("Categorieën van personen (lid 1 onder c)", "Categories of persons (1)(c)"),
    "class": ("Soort gegevens", "Record class"),
    "class_title": ("Naam van de soort", "Name of the class"),
    "data": ("Categorieën van gegevens (lid 1 onder c)", "Categories of data (1)(c)"),
    "stores": ("Systemen", "Stores"),
    "recipients": ("Ontvangers (lid 1 onder d)", "Recipients (1)(d)"),
    "transfers": ("Doorgifte buiten de EER, met de waarborg (lid 1 onder e)", "Transfers, with the safeguard (1)(e)"),
    "term": ("Bewaartermijn (lid 1 onder f)", "Term (1)(f)"),
    "term_source": ("Wet waarop de termijn rust", "Law on which the term rests"),
    "security": ("Beveiliging (lid 1 onder g)", "Security (1)(g)"),
}
COLUMNS = {name: Text(nl=nl, en=en) for name, (nl, en) in _COLUMNS.items()}
"""What each column holds, in order; the same names in the JSON."""

NONE = Text(nl="geen", en="none")


def rows(policy: Policy, catalog: Catalog, language: str) -> Iterator[dict[str, str]]:
    """A row for each purpose and record class."""
    for number, purpose in policy.purposes.items():
        for name, of_class in policy.classes.items():
            if number in of_class.purposes:
                yield _row(policy, catalog, number, purpose, name, of_class, language)


def document(policy: Policy, catalog: Catalog) -> dict[str, Any]:
    """All of it for a program, in both languages."""
    controller = policy.controller
    return {
        "controller": {
            "name": controller.name,
            "address": f"{controller.address}, {controller.postal_code} {controller.city}",
            "officer": controller.officer.model_dump(),
            "email": controller.email,
            "phone": controller.phone,
        },
        "policy_version": policy.version,
        "columns": {name: text.model_dump() for name, text in COLUMNS.items()},
        "activities": [
            {name: nl[name] if nl[name] == en[name] else {"nl": nl[name], "en": en[name]} for name in COLUMNS}
            for nl, en in zip(rows(policy, catalog, "nl"), rows(policy, catalog, "en"), strict=True)
        ],
    }


def _row(
    policy: Policy, catalog: Catalog, number: int, purpose: Purpose, name: str, of_class: RecordClass, language: str
) -> dict[str, str]:
    assessed = of_class.basis_assessed
    terms = [of_class.term, *of_class.other_terms.values()]
    return {
        "purpose": str(number),
        "title": purpose.title.in_(language),
        "basis_declared": _letters(purpose.basis_declared),
        "basis_assessed": _letters(sorted({*assessed.sole_proprietor, *assessed.contact_person})),
        "persons": _joined((one.in_(language) for one in purpose.persons), language),
        "class": name,
        "class_title": of_class.title.in_(language),
        "data": _joined(_categories(policy, catalog, name, language), language),
        "stores": _joined(_stores(catalog, name, language), language),
        "recipients": _joined(_recipients(policy, name, language), language),
        "transfers": _joined(_transfers(policy, name, language), language),
        "term": " ".join(term.text.in_(language) for term in terms),
        "term_source": _joined((term.source.in_(language) for term in terms if term.source), language),
        "security": policy.security.in_(language) if policy.security else NONE.in_(language),
    }


def _categories(policy: Policy, catalog: Catalog, record_class: str, language: str) -> Iterator[str]:
    """The categories of the columns of every table that holds rows of a class."""
    for _, _, table in catalog.tables():
        if any(one.record_class == record_class for one in table.classes):
            for column in table.columns.values():
                if column.personal and column.category in policy.categories:
                    yield policy.categories[column.category].in_(language)


def _stores(catalog: Catalog, record_class: str, language: str) -> Iterator[str]:
    for store, _, table in catalog.tables():
        if any(one.record_class == record_class for one in table.classes):
            yield store.title.in_(language)


def _recipients(policy: Policy, record_class: str, language: str) -> Iterator[str]:
    for one in policy.recipients:
        if record_class in one.classes:
            named = f" ({', '.join(one.named)})" if one.named else ""
            yield f"{one.title.in_(language)}{named}"


def _transfers(policy: Policy, record_class: str, language: str) -> Iterator[str]:
    for one in policy.transfers:
        if record_class in one.classes:
            yield f"{one.country.in_(language)}: {one.safeguard.in_(language)}"


def _letters(bases: Iterable[str]) -> str:
    return ", ".join(bases)


def _joined(texts: Iterable[str], language: str) -> str:
    """Each once, in the order in which they came."""
    return "; ".join(dict.fromkeys(texts)) or NONE.in_(language)
