"""What hangs together in the demonstration stores, and whose it is, as their schema files tell of it in words.

For the oracle of sweeps; knows nothing of the catalog.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sweep_rows import Fields, RowId, Snapshot

# By foreign key: the table, its columns, and the table whose key they are. Those that the database empties when the row
# goes that they point to are not among them, for they hold nothing back.
POINTERS: tuple[tuple[str, Callable[[RowId, Fields], tuple[Any, ...]], str], ...] = (
    ("crm.public.contact", lambda r, it: (it["organisation_id"],), "crm.public.organisation"),
    ("crm.public.address", lambda r, it: (it["contact_id"],), "crm.public.contact"),
    ("crm.public.address", lambda r, it: (it["organisation_id"],), "crm.public.organisation"),
    ("crm.public.ticket", lambda r, it: (it["opened_by"],), "crm.public.contact"),
    ("crm.public.call", lambda r, it: (it["contact_id"],), "crm.public.contact"),
    ("crm.public.note", lambda r, it: (it["contact_id"],), "crm.public.contact"),
    ("crm.public.note", lambda r, it: (it["organisation_id"],), "crm.public.organisation"),
    ("crm.public.attachment", lambda r, it: (it["ticket_id"],), "crm.public.ticket"),
    ("orders.public.quote", lambda r, it: (it["customer_id"],), "orders.public.customer"),
    ('orders.public."order"', lambda r, it: (it["customer_id"],), "orders.public.customer"),
    ("orders.public.order_line", lambda r, it: (r.key[0],), 'orders.public."order"'),
    ("orders.public.order_line", lambda r, it: (r.key[0], it["parent_line_no"]), "orders.public.order_line"),
    ("orders.public.invoice", lambda r, it: (it["customer_id"],), "orders.public.customer"),
    ("orders.public.invoice", lambda r, it: (it["order_id"],), 'orders.public."order"'),
    ("orders.public.payment", lambda r, it: (it["invoice_id"],), "orders.public.invoice"),
    ("orders.public.cancellation", lambda r, it: (it["order_id"],), 'orders.public."order"'),
    ("orders.public.waste_document", lambda r, it: (it["order_id"], it["line_no"]), "orders.public.order_line"),
    ("accounts.public.login", lambda r, it: (it["account_id"],), "accounts.public.portal_account"),
    ("accounts.public.session", lambda r, it: (it["account_id"],), "accounts.public.portal_account"),
    ("accounts.public.preference", lambda r, it: (r.key[0],), "accounts.public.portal_account"),
    ("marketing.public.consent", lambda r, it: (it["subscriber_id"],), "marketing.public.subscriber"),
    ("marketing.public.event", lambda r, it: (it["subscriber_id"],), "marketing.public.subscriber"),
    ("marketing.public.event", lambda r, it: (it["campaign_id"],), "marketing.public.campaign"),
    ("marketing.public.survey_answer", lambda r, it: (it["subscriber_id"],), "marketing.public.subscriber"),
    ("marketing.public.survey_answer", lambda r, it: (it["survey_id"],), "marketing.public.survey"),
)
_BY_TABLE: dict[str, list[tuple[Callable[[RowId, Fields], tuple[Any, ...]], str]]] = defaultdict(list)
for _table, _columns, _target in POINTERS:
    _BY_TABLE[_table].append((_columns, _target))

# The columns that the database empties when the row goes that they point to.
EMPTIED = {
    "crm.public.organisation": {"primary_contact_id": "crm.public.contact"},
    "crm.public.contact": {"household_contact_id": "crm.public.contact"},
    "crm.public.ticket": {"parent_ticket_id": "crm.public.ticket"},
}


def pointed_to(row: RowId, it: Fields) -> Iterator[RowId]:
    """The rows that this row cannot do without."""
    for columns, target in _BY_TABLE.get(row.table, ()):
        key = columns(row, it)
        if None not in key:
            yield RowId(target, key)


# Whose a row is ------------------------------------------------------------------------------------------------------

Identifier = tuple[str, str]
_IDENTIFIERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "crm.public.organisation": (("customer_number", "customer_number"),),
    "crm.public.contact": (("email", "email"), ("contact_number", "contact_number")),
    "crm.audit.contact_history": (("contact_number", "contact_number"),),
    "orders.public.customer": (("customer_number", "customer_number"), ("email", "email")),
    "orders.public.quote": (("contact_number", "contact_number"), ("email", "contact_email")),
    'orders.public."order"': (("contact_number", "contact_number"), ("email", "contact_email")),
    "accounts.public.portal_account": (("email", "email"), ("contact_number", "contact_number")),
    "marketing.public.subscriber": (("email", "email"), ("visitor_id", "visitor_id")),
    "marketing.public.web_visit": (("visitor_id", "visitor_id"),),
}
PEOPLE = {
    "crm.public.organisation",
    "crm.public.contact",
    "orders.public.customer",
    "accounts.public.portal_account",
    "marketing.public.subscriber",
}
"""Tables with a row for a person."""
_OF_SOLE_PROPRIETORS_ONLY = {"crm.public.organisation", "orders.public.customer"}


def normal(value: str | None) -> str:
    return (value or "").strip(" \t\r\n\u00a0").lower()


def identifiers_of(row: RowId, it: Fields) -> Iterator[Identifier]:
    """By what a row is somebody's, by itself."""
    if row.table in _OF_SOLE_PROPRIETORS_ONLY and it["legal_form"] != "eenmanszaak":
        return
    for kind, name in _IDENTIFIERS.get(row.table, ()):
        if value := normal(it[name]):
            yield kind, value


def _hangs_on(row: RowId, it: Fields) -> Iterator[RowId]:
    """The rows whose person a row's is."""
    match row.table:
        case "crm.public.organisation":
            if it["legal_form"] == "eenmanszaak" and it["primary_contact_id"] is not None:
                yield RowId("crm.public.contact", (it["primary_contact_id"],))
        case "crm.public.contact":
            return
        case "crm.audit.contact_history":
            yield RowId("crm.public.contact", (it["contact_id"],))
        case _:
            yield from (other for other in pointed_to(row, it) if other.table not in _NOBODYS)


_NOBODYS = {"marketing.public.campaign", "marketing.public.survey"}


class Links:
    """Which rows of a snapshot lead to which."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._by_identifier: dict[Identifier, list[RowId]] = defaultdict(list)
        self._hanging: dict[RowId, list[RowId]] = defaultdict(list)
        for row, stored in snapshot.items():
            for identifier in identifiers_of(row, stored.fields):
                self._by_identifier[identifier].append(row)
            for other in _hangs_on(row, stored.fields):
                self._hanging[other].append(row)

    def known(self, identifier: Identifier) -> frozenset[Identifier]:
        """By what else somebody is known."""
        rows = self.of([identifier])
        return frozenset(
            {identifier, *(one for row in rows for one in identifiers_of(row, self._snapshot[row].fields))}
        )

    def of(self, identifiers: Iterable[Identifier]) -> frozenset[RowId]:
        """All that is theirs who have one of these identifiers."""
        known, rows, wanted = set[Identifier](), set[RowId](), list(identifiers)
        while wanted:
            one = wanted.pop()
            if one in known:
                continue
            known.add(one)
            fresh = [row for row in self._by_identifier[one] if row not in rows]
            while fresh:
                row = fresh.pop()
                if row in rows:
                    continue
                rows.add(row)
                it = self._snapshot[row].fields
                wanted += identifiers_of(row, it)
                fresh += self._hanging[row]
                if row.table == "crm.public.organisation" and it["primary_contact_id"] is not None:
                    # A sole proprietor's business is its first contact's, who may be known by it alone.
                    fresh.append(RowId("crm.public.contact", (it["primary_contact_id"],)))
        return frozenset(rows)
