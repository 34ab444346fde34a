"""Rows of the order administration: customers, quotes and orders; what follows an order is in `fulfilment`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from avgflow.demo import crm, prose
from avgflow.demo.cast import Trait
from avgflow.demo.chance import AS_OF, Chance
from avgflow.demo.fulfilment import Placed, collective_invoice, follow_up
from avgflow.demo.rows import NOBODY, Numbers, Row, blanked, repeated, spelled, staff_mention
from avgflow.demo.world import Block, Organisation, Person, staff

KEYS: dict[str, tuple[str, ...]] = {
    "public.customer": ("customer_id",),
    "public.quote": ("quote_id",),
    'public."order"': ("order_id",),
    "public.order_line": ("order_id", "line_no"),
    "public.invoice": ("invoice_id",),
    "public.payment": ("payment_id",),
    "public.cancellation": ("cancellation_id",),
    "public.waste_document": ("document_no",),
}

_RHYTHMS = ("wekelijks", "om de week", "op afroep")


class Named(NamedTuple):
    """The contact that an order or quote names, and whose it is by that."""

    number: str | None
    email: str | None
    name: str | None
    owners: tuple[str, ...]
    shared: bool = False


UNNAMED = Named(None, None, None, NOBODY)


def rows(block: Block) -> Iterator[Row]:
    """All rows of a block's customers."""
    numbers = Numbers(block.first_id())
    for organisation in block.organisations:
        yield from _customer(block, numbers, organisation)
    chance = block.chance("orders/prospects")
    for person in block.people:
        if Trait.ASKED_A_QUOTE in person.traits:
            by_email = Named(None, spelled(person, person.email, "orders"), person.name, (person.id,))
            yield _quote(block, chance, numbers, None, by_email)


def _customer(block: Block, numbers: Numbers, organisation: Organisation) -> Iterator[Row]:
    chance = block.chance(f"orders/{organisation.customer_number}")
    members = block.members(organisation)
    if all(Trait.ONLY_CRM in p.traits for p in members):
        return
    owner = members[0] if organisation.sole else None
    former = owner is not None and Trait.OLD_ADDRESS in owner.traits
    place = owner.former_home if owner and former else organisation.place
    customer_id = 7_000_000 + organisation.organisation_id
    email = spelled(owner, organisation.email, "orders") if owner else organisation.email
    values: dict[str, Any] = {
        "customer_id": customer_id,
        "customer_number": spelled(members[0], organisation.customer_number, "orders"),
        "legal_form": organisation.legal_form,
        "name": organisation.name,
        "email": email,
        "phone": organisation.phone,
        "street": place.street,
        "house_number": place.house_number,
        "postcode": place.postcode,
        "city": place.city,
        "vat_number": organisation.vat_number,
        "iban": organisation.iban,
        "erp_reference": chance.pick((None, 2**53 + 1 + 2 * organisation.organisation_id, 2**63 - 1)),
        "credit_limit": chance.pick((None, "0.00", "2500.00", "9999999999.99")),
        "risk_score": chance.pick((None, "NaN", "0.1", "0.30000000000000004", "Infinity")),
        "relation_ended_on": crm.relation_ended_on(block, organisation),
        "created_at": chance.moment(3000),
    }
    if owner:
        texts = ("phone", "street", "house_number", "vat_number", "iban")
        blanked(owner, values, texts, ("erp_reference", "credit_limit", "risk_score", "relation_ended_on"))
    owners = (owner.id,) if owner else NOBODY
    yield Row("public.customer", values, owners)
    placed: list[Placed] = []
    for named in _named_on_orders(chance, organisation, members):
        row = _order(block, chance, numbers, customer_id, organisation, members, named)
        order = Placed.of(row, organisation, place)
        placed.append(order)
        yield row
        yield from follow_up(block, chance, numbers, order)
    for named in _named_on_orders(chance, organisation, members):
        if chance.often(0.25):
            yield _quote(block, chance, numbers, customer_id, named)
    if placed and chance.often(0.2):
        yield from collective_invoice(chance, numbers, placed[0], owners)


def _named_on_orders(chance: Chance, organisation: Organisation, members: tuple[Person, ...]) -> Iterator[Named]:
    """Whom each order names. A sole proprietor's are the proprietor's whoever is named, or nobody."""
    for person in members:
        if Trait.ONLY_CRM in person.traits:
            continue
        for n in repeated(chance, person, 0, 4, very_much=40):
            named = _by_number_or_email(chance, person, n)
            yield named._replace(owners=(person.id,), shared=False) if organisation.sole else named
    if not organisation.sole:
        sharers = tuple(p for p in members if Trait.SHARED_MAILBOX in p.traits)
        if sharers:
            yield Named(None, sharers[0].email, None, tuple(p.id for p in sharers), shared=True)
        yield UNNAMED
        yield Named("", "  ", chance.pick(members).name, NOBODY)  # a name selects nobody


def _by_number_or_email(chance: Chance, person: Person, n: int) -> Named:
    number = spelled(person, person.contact_number or "", "orders")
    email = spelled(person, person.email, "orders")
    if person.sole and chance.often(0.3):
        return UNNAMED
    if Trait.SHARED_MAILBOX in person.traits or n % 3 == 0:
        return Named(number, email, person.name, (person.id,))
    if n % 3 == 1:
        return Named(number, None, person.name, (person.id,))
    return Named(None, email, person.name, (person.id,))


def _quote(block: Block, chance: Chance, numbers: Numbers, customer_id: int | None, named: Named) -> Row:
    number, made = numbers.next("quote"), chance.moment(1500)
    decided = chance.often(0.7)
    values = {
        "quote_id": number,
        "quote_no": f"Q-{number:09d}",
        "customer_id": customer_id,
        "contact_number": named.number,
        "contact_email": named.email,
        "contact_name": named.name,
        "body": f"Offerte rolcontainer {chance.pick((240, 660, 1100))} liter, legen {chance.pick(_RHYTHMS)}.",
        "amount": f"{chance.between(1000, 900_000) / 100:.2f}",
        "containers": chance.pick((None, "[1,3)", "[10,)", "empty")),
        "status": chance.pick(("accepted", "declined", "expired")) if decided else "open",
        "made_at": made,
        "decided_on": min(made + timedelta(days=20), AS_OF).date() if decided else None,
    }
    return Row("public.quote", values, named.owners, shared=named.shared)


def _order(
    block: Block,
    chance: Chance,
    numbers: Numbers,
    customer_id: int,
    organisation: Organisation,
    members: tuple[Person, ...],
    named: Named,
) -> Row:
    number, ordered = numbers.next("order"), chance.moment(3200)
    status = chance.pick(("placed", "planned", "carried out", "closed", "closed", "closed", "cancelled"))
    closed = min(ordered + timedelta(days=chance.between(3, 60)), AS_OF).date()
    others = tuple(p for p in members if p.id not in named.owners and p.named_in_crm)
    remark, mentions = prose.about(chance, others) if chance.often(0.4) else (None, ())
    if any(Trait.ODD_VALUES in p.traits for p in members if p.id in named.owners):
        remark, mentions = chance.pick(prose.ODD_TEXTS), ()
    entered_by = chance.pick(staff(block.seed)).name
    place = organisation.place
    values = {
        "order_id": number,
        "order_no": f"O-{number:09d}",
        "customer_id": customer_id,
        "contact_number": named.number,
        "contact_email": named.email,
        "contact_name": named.name,
        "status": status,
        "remark": remark,
        "street": place.street,
        "house_number": place.house_number,
        "postcode": place.postcode,
        "city": place.city,
        "user": entered_by,
        "group": chance.pick((None, "Zuid", "Noord", "Zakelijk")),
        "ordered_at": ordered,
        "closed_on": closed if status in ("closed", "cancelled") else None,
        "invoiced_on": closed if status == "closed" else None,
    }
    return Row('public."order"', values, named.owners, mentions + staff_mention(entered_by), named.shared)
