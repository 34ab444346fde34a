"""What follows an order: lines, waste documents, invoice, payments, or a cancellation.

Whose they are, the order says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from avgflow.demo import invented, prose
from avgflow.demo.chance import AS_OF, Chance
from avgflow.demo.rows import Mention, Numbers, Row, staff_mention
from avgflow.demo.world import Block, Organisation, Place, staff

_PRODUCTS = (
    ("Rolcontainer 240 liter", "12.5000"),
    ("Rolcontainer 1.100 liter", "31.2500"),
    ("Afzetcontainer 6 m³", "189.9950"),
    ("Verwerking bouw- en sloopafval, per ton", "121.3333"),
    ("Voorrijkosten", "45.0000"),
)
_WASTE_CODES = ("20 03 01", "17 09 04", "15 01 01", "20 01 08", "17 06 05*")


@dataclass(frozen=True)
class Placed:
    """An order as far as what follows it needs to know. `printed`: where its paper goes."""

    order_id: int
    customer_id: int
    status: str
    ordered_at: datetime
    closed_on: date | None
    invoiced_on: date | None
    contact_name: str | None
    organisation: Organisation
    printed: Place
    owners: tuple[str, ...]
    shared: bool

    @classmethod
    def of(cls, row: Row, organisation: Organisation, printed: Place) -> Placed:
        """The order of that row."""
        values = row.values
        return cls(
            order_id=values["order_id"],
            customer_id=values["customer_id"],
            status=values["status"],
            ordered_at=values["ordered_at"],
            closed_on=values["closed_on"],
            invoiced_on=values["invoiced_on"],
            contact_name=values["contact_name"],
            organisation=organisation,
            printed=printed,
            owners=row.owners,
            shared=row.shared,
        )

    def row(self, table: str, values: dict[str, Any], mentions: tuple[Mention, ...] = ()) -> Row:
        """A row that belongs to whom the order belongs."""
        return Row(table, values, self.owners, mentions, self.shared)


def follow_up(block: Block, chance: Chance, numbers: Numbers, order: Placed) -> Iterator[Row]:
    """All rows that follow one order."""
    carried_out = order.status in ("carried out", "closed")
    for line_no in range(1, chance.between(1, 3) + 1):
        product, price = chance.pick(_PRODUCTS)
        yield order.row(
            "public.order_line",
            {
                "order_id": order.order_id,
                "line_no": line_no,
                "parent_line_no": line_no - 1 if line_no > 1 and chance.often(0.4) else None,
                "product": product,
                "description": chance.pick((None, "", "incl. plaatsing", 'Sleutel onder de "gele" steen; let op')),
                "quantity": chance.pick(("1", "2.000", "0.125", "-1")),
                "unit_price": price,
                "invoiced_on": order.invoiced_on,
            },
        )
        if carried_out and line_no == 1:
            yield _waste_document(block, chance, order, line_no)
    if order.invoiced_on is not None:
        yield from _invoice(chance, numbers, order, order.order_id, order.invoiced_on)
    if order.status == "cancelled":
        yield order.row(
            "public.cancellation",
            {
                "cancellation_id": numbers.next("cancellation"),
                "order_id": order.order_id,
                "reason": chance.pick((None, "Te duur", "Verhuisd", *prose.ODD_TEXTS[:2])),
                "fee": chance.pick((None, "25.00")),
                "cancelled_at": order.ordered_at + timedelta(hours=chance.between(1, 30)),
            },
        )


def collective_invoice(chance: Chance, numbers: Numbers, order: Placed, owners: tuple[str, ...]) -> Iterator[Row]:
    """An invoice of the customer, for no order in particular: its owners are the customer's."""
    for row in _invoice(chance, numbers, order, None, chance.day(2500)):
        yield row._replace(owners=owners, shared=False)


def _waste_document(block: Block, chance: Chance, order: Placed, line_no: int) -> Row:
    driver = chance.pick(staff(block.seed)).name if chance.often(0.8) else None
    place = order.organisation.place
    values = {
        "document_no": f"B{order.order_id:09d}-{line_no}",
        "order_id": order.order_id,
        "line_no": line_no,
        "origin_name": order.organisation.name,
        "origin_address": place.lines(),
        "waste_code": chance.pick(_WASTE_CODES),
        "weight_kg": chance.pick((None, "0.0", "1240.5", "87.3")),
        "transported_on": order.closed_on or order.ordered_at.date(),
        "driver": driver,
        "licence_plate": chance.pick((None, "00-AVG-0", "99-XX-00")),
    }
    return order.row("public.waste_document", values, staff_mention(driver))


def _invoice(chance: Chance, numbers: Numbers, order: Placed, order_id: int | None, issued_on: date) -> Iterator[Row]:
    number, cents = numbers.next("invoice"), chance.between(1_000, 500_000)
    vat = cents * 21 // 100
    attention = f"\nt.a.v. {order.contact_name}" if order.contact_name and order_id is not None else ""
    yield order.row(
        "public.invoice",
        {
            "invoice_id": number,
            "invoice_no": f"{issued_on.year}-{number:09d}",
            "customer_id": order.customer_id,
            "order_id": order_id,
            "issued_on": issued_on,
            "printed_name": order.organisation.name,
            "printed_address": f"{order.organisation.name}{attention}\n{order.printed.lines()}",
            "amount": f"{cents / 100:.2f}",
            "vat": f"{vat / 100:.2f}",
        },
    )
    for part in range(chance.pick((0, 1, 1, 1, 2))):
        paid = datetime.combine(issued_on + timedelta(days=14 + part), time(2, 30), UTC)
        yield order.row(
            "public.payment",
            {
                "payment_id": numbers.next("payment"),
                "invoice_id": number,
                "amount_cents": cents + vat,
                "iban": chance.pick((order.organisation.iban, invented.iban(chance), None)),
                "account_holder": order.organisation.name,
                "bank_reference": chance.pick((None, 2**53 + 1 + number, 2**62 + number)),
                "paid_at": min(paid, AS_OF),
            },
        )
