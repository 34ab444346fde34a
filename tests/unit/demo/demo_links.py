"""How rows hang together, as the schema files say it in words: a second witness of the generator's truth.

Written against the demonstration stores only; it knows nothing of the catalog.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from avgflow.demo.rows import Row
from avgflow.demo.stores import STORES
from avgflow.demo.world import Block

Values = Mapping[str, Any]


def anyone(values: Values) -> bool:
    return True


def sole(values: Values) -> bool:
    return bool(values["legal_form"] == "eenmanszaak")


@dataclass(frozen=True)
class Identifier:
    """The row's column holds an identifier of this kind, and the row is the person's by it."""

    kind: str
    column: str
    when: Callable[[Values], bool] = anyone


@dataclass(frozen=True)
class Reference:
    """The row's columns equal columns of a row that is the person's."""

    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]
    when: Callable[[Values], bool] = anyone


def _to(column: str, table: str, target: str | None = None, when: Callable[[Values], bool] = anyone) -> Reference:
    return Reference((column,), table, (target or column,), when)


LINKS: Mapping[str, tuple[Identifier | Reference, ...]] = {
    "crm.public.organisation": (
        Identifier("customer_number", "customer_number", sole),
        _to("primary_contact_id", "crm.public.contact", "contact_id", sole),
    ),
    "crm.public.contact": (
        Identifier("email", "email"),
        Identifier("contact_number", "contact_number"),
        _to("contact_id", "crm.public.organisation", "primary_contact_id"),
    ),
    "crm.public.address": (
        _to("contact_id", "crm.public.contact"),
        _to("organisation_id", "crm.public.organisation"),
    ),
    "crm.public.ticket": (_to("opened_by", "crm.public.contact", "contact_id"),),
    "crm.public.call": (_to("contact_id", "crm.public.contact"),),
    "crm.public.note": (
        _to("contact_id", "crm.public.contact"),
        _to("organisation_id", "crm.public.organisation"),
    ),
    "crm.public.attachment": (_to("ticket_id", "crm.public.ticket"),),
    "crm.audit.contact_history": (
        Identifier("contact_number", "contact_number"),
        _to("contact_id", "crm.public.contact"),
    ),
    "orders.public.customer": (
        Identifier("customer_number", "customer_number", sole),
        Identifier("email", "email", sole),
    ),
    "orders.public.quote": (
        Identifier("contact_number", "contact_number"),
        Identifier("email", "contact_email"),
        _to("customer_id", "orders.public.customer"),
    ),
    'orders.public."order"': (
        Identifier("contact_number", "contact_number"),
        Identifier("email", "contact_email"),
        _to("customer_id", "orders.public.customer"),
    ),
    "orders.public.order_line": (_to("order_id", 'orders.public."order"'),),
    "orders.public.invoice": (
        _to("order_id", 'orders.public."order"'),
        _to("customer_id", "orders.public.customer"),
    ),
    "orders.public.payment": (_to("invoice_id", "orders.public.invoice"),),
    "orders.public.cancellation": (_to("order_id", 'orders.public."order"'),),
    "orders.public.waste_document": (
        Reference(("order_id", "line_no"), "orders.public.order_line", ("order_id", "line_no")),
    ),
    "accounts.public.portal_account": (
        Identifier("email", "email"),
        Identifier("contact_number", "contact_number"),
    ),
    "accounts.public.login": (_to("account_id", "accounts.public.portal_account"),),
    "accounts.public.session": (_to("account_id", "accounts.public.portal_account"),),
    "accounts.public.preference": (_to("account_id", "accounts.public.portal_account"),),
    "marketing.public.subscriber": (Identifier("email", "email"), Identifier("visitor_id", "visitor_id")),
    "marketing.public.consent": (_to("subscriber_id", "marketing.public.subscriber"),),
    "marketing.public.event": (_to("subscriber_id", "marketing.public.subscriber"),),
    "marketing.public.survey_answer": (_to("subscriber_id", "marketing.public.subscriber"),),
    "marketing.public.web_visit": (Identifier("visitor_id", "visitor_id"),),
    "marketing.public.active_subscriber": (_to("subscriber_id", "marketing.public.subscriber"),),
    "marketing.public.subscriber_summary": (_to("subscriber_id", "marketing.public.subscriber"),),
}


def normal(value: str | None) -> str:
    return (value or "").strip(" \t\r\n\u00a0").lower()


@dataclass
class Linked:
    """The rows of a block, ready to be followed."""

    rows: list[tuple[str, Row]] = field(default_factory=list)

    @classmethod
    def of(cls, block: Block) -> Linked:
        return cls([(f"{name}.{row.table}", row) for name, store in STORES.items() for row in store.rows(block)])

    def found(self, identifiers: Iterable[tuple[str, str]], shared: frozenset[str] = frozenset()) -> list[int]:
        """Positions of all rows that the identifiers (kind, value) lead to; a shared value leads nowhere."""
        known = {(kind, normal(value)) for kind, value in identifiers}
        references: set[tuple[str, tuple[str, ...], tuple[Any, ...]]] = set()
        found: dict[int, None] = {}
        while True:
            new = [
                position
                for position, (table, row) in enumerate(self.rows)
                if position not in found and self._leads_to(table, row.values, known, references)
            ]
            if not new:
                return sorted(found)
            for position in new:
                found[position] = None
                table, row = self.rows[position]
                for link in LINKS.get(table, ()):
                    if isinstance(link, Identifier) and normal(row.values[link.column]) not in shared | {""}:
                        known.add((link.kind, normal(row.values[link.column])))
                for columns in _TARGETS.get(table, ()):
                    references.add((table, columns, tuple(row.values[c] for c in columns)))

    @staticmethod
    def _leads_to(table: str, values: Values, known: set[Any], references: set[Any]) -> bool:
        for link in LINKS.get(table, ()):
            if not link.when(values):
                continue
            if isinstance(link, Identifier):
                hit = (link.kind, normal(values[link.column])) in known
            else:
                hit = (link.table, link.targets, tuple(values[c] for c in link.columns)) in references
            if hit:
                return True
        return False


_TARGETS: dict[str, set[tuple[str, ...]]] = {}
for _links in LINKS.values():
    for _link in _links:
        if isinstance(_link, Reference):
            _TARGETS.setdefault(_link.table, set()).add(_link.targets)
