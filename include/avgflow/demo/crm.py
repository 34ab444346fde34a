"""Rows of the CRM: who is known there; what was said with them is in `conversations`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from avgflow.demo import conversations, prose
from avgflow.demo.cast import Trait
from avgflow.demo.chance import Chance
from avgflow.demo.rows import (
    NOBODY,
    Mention,
    Numbers,
    Row,
    as_json,
    blanked,
    spelled,
)
from avgflow.demo.world import Block, Organisation, Person, Place, staff

KEYS: dict[str, tuple[str, ...]] = {
    "public.organisation": ("organisation_id",),
    "public.contact": ("contact_id",),
    "public.employee": ("employee_id",),
    "public.address": ("address_id",),
    "public.ticket": ("ticket_id",),
    "public.call": ("call_id",),
    "public.note": ("note_id",),
    "public.attachment": ("attachment_id",),
    "audit.contact_history": ("history_id",),
}
_EXTRAS = (
    None,
    "{}",
    "[]",
    "null",
    '"belt liever niet"',
    '{"nieuwsbrief": {"frequentie": null, "onderwerpen": []}, "kanaal": "mail"}',
    '[1, 2.50, "drie", {"vier": [null, true]}]',
    '{"saldo": 9007199254740993, "verhouding": 0.1000000000000000055511151231257827, "naam": "Ωμέγα 🦊"}',
)
_JOBS = ("Facilitair manager", "Inkoper", "Bedrijfsleider", "Administratie", "KAM-coördinator", "Directeur")


def rows(block: Block) -> Iterator[Row]:
    """All rows of a block's people and organisations; the first block brings our own employees."""
    if block.number == 0:
        yield from _employees(block)
    numbers = Numbers(block.first_id())
    for organisation in block.organisations:
        if any(p.in_crm for p in block.members(organisation)):
            yield from _organisation(block, numbers, organisation)
    tickets: conversations.Tickets = {}
    for person in block.people:
        chance = block.chance(f"crm/{person.id}")
        if person.in_crm:
            contact = _contact(block, chance, person)
            yield contact
            yield from _history(chance, numbers, person, contact, "UPDATE")
            yield from _addresses(chance, numbers, person)
            yield from conversations.of_contact(block, chance, numbers, person, tickets)
        elif Trait.HISTORY_ONLY in person.traits:
            yield from _history(chance, numbers, person, _contact(block, chance, person), "DELETE")
    yield from conversations.calls_of_strangers(block, numbers)


def relation_ended_on(block: Block, organisation: Organisation) -> date | None:
    """When an organisation ceased to be a customer; the order administration has the same day."""
    _, ended = _from_and_to(_chance_of(block, organisation))
    return ended


def _chance_of(block: Block, organisation: Organisation) -> Chance:
    return block.chance(f"crm/{organisation.customer_number}")


def _from_and_to(chance: Chance) -> tuple[date | None, date | None]:
    """When an organisation was founded, and when it ceased to be a customer: the first that is drawn of it."""
    founded = chance.pick((None, date(1602, 3, 20), date(1, 1, 1), date(1987, 6, 5), date(2019, 2, 28)))
    return founded, chance.day(1500) if chance.often(0.1) else None


def _employees(block: Block) -> Iterator[Row]:
    for number, employee in enumerate(staff(block.seed), 1):
        values = {"employee_id": number, "full_name": employee.name, "email": employee.email}
        yield Row("public.employee", {**values, "phone": employee.phone, "team": employee.team}, NOBODY)


def _organisation(block: Block, numbers: Numbers, organisation: Organisation) -> Iterator[Row]:
    chance = _chance_of(block, organisation)
    members = [p for p in block.members(organisation) if p.in_crm]
    owners = (members[0].id,) if organisation.sole else NOBODY
    founded, ended = _from_and_to(chance)
    values: dict[str, Any] = {
        "organisation_id": organisation.organisation_id,
        "customer_number": organisation.customer_number,
        "name": organisation.name,
        "legal_form": organisation.legal_form,
        "vat_number": organisation.vat_number,
        "iban": organisation.iban,
        "email": spelled(members[0], organisation.email, "crm"),
        "phone": organisation.phone,
        "founded_on": founded,
        "primary_contact_id": members[0].contact_id,
        "relation_ended_on": ended,
        "created_at": chance.moment(3000),
    }
    if organisation.sole:
        blanked(members[0], values, ("vat_number", "iban", "email", "phone"), ("founded_on", "relation_ended_on"))
    yield Row("public.organisation", values, owners)
    yield _address(numbers, owners, organisation.place, "visiting", organisation_id=organisation.organisation_id)
    if chance.often(0.5):
        text = prose.about(chance, prose.others_known(block, members[0]))
        yield conversations.note(block, chance, numbers, owners, text, organisation_id=organisation.organisation_id)


def _contact(block: Block, chance: Chance, person: Person) -> Row:
    blank_email = chance.pick(("", "  ")) if Trait.BLANK_EMAIL in person.traits else None
    extra, mentions = _extra(block, chance, person)
    household = next((p for p in block.people if Trait.HOUSEHOLD in p.traits and p is not person), None)
    values: dict[str, Any] = {
        "contact_id": person.contact_id,
        "contact_number": person.contact_number,
        "organisation_id": person.organisation.organisation_id if person.organisation else None,
        "household_contact_id": household.contact_id if household and Trait.HOUSEHOLD in person.traits else None,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": spelled(person, person.email, "crm") if blank_email is None else blank_email,
        "phone": person.phone,
        "jobTitle": "Eigenaar" if person.sole else chance.pick(_JOBS),
        "language": chance.pick(("nl", "nl", "nl", "en", None)),
        "born_on": chance.pick((None, date(1900, 1, 1), date(1968, 2, 29), date(1991, 11, 30))),
        "tags": chance.pick(([], ["vip"], ["papier", 'met "quote"', "komma, erin"], ["éénmalig", "NULL", ""])),
        "extra": extra,
        "relation_ended_on": chance.day(1500) if chance.often(0.1) else None,
        "deleted_at": chance.moment(900) if Trait.SOFT_DELETED in person.traits else None,
        "restricted_at": None,
        "created_at": chance.moment(3000),
    }
    blanked(person, values, ("first_name", "phone", "jobTitle"), ("born_on", "extra", "relation_ended_on"))
    return Row("public.contact", values, (person.id,), mentions if values["extra"] else ())


def _extra(block: Block, chance: Chance, person: Person) -> tuple[str | None, tuple[Mention, ...]]:
    others = prose.others_known(block, person)
    if Trait.ODD_VALUES not in person.traits or not others:
        return chance.pick(_EXTRAS), ()
    other = chance.pick(others)
    stand_in = {"vervanger": {"naam": other.name, "e-mail": other.email}, "opmerking": chance.pick(prose.ODD_TEXTS)}
    return as_json(stand_in), (Mention("name", other.name), Mention("email", other.email))


def _history(chance: Chance, numbers: Numbers, person: Person, contact: Row, operation: str) -> Iterator[Row]:
    """What the trigger would have kept: the row as it was, whole."""
    if operation == "UPDATE" and chance.often(0.4):
        return
    full_name = f"{contact.values['first_name'] or ''} {contact.values['last_name'] or ''}".strip(" ")
    extra = contact.values["extra"]
    old: dict[str, Any] = {**contact.values, "full_name": full_name, "extra": None}
    for column, value in old.items():
        if hasattr(value, "isoformat"):
            old[column] = value.isoformat()
    old["jobTitle"] = chance.pick(_JOBS)
    old["deleted_at"] = None
    text = as_json(old)
    if extra is not None:
        text = text.replace('"extra": null', f'"extra": {extra}')
    values = {
        "history_id": numbers.next("history"),
        "contact_id": person.contact_id,
        "contact_number": person.contact_number,
        "operation": operation,
        "old_row": text,
        "changed_by": "crm",
        "changed_at": chance.moment(900),
    }
    yield Row("audit.contact_history", values, (person.id,), contact.mentions)


def _addresses(chance: Chance, numbers: Numbers, person: Person) -> Iterator[Row]:
    if person.sole or chance.often(0.3):
        yield _address(numbers, (person.id,), person.home, "postal", contact_id=person.contact_id)
    if chance.often(0.2):
        kind = chance.pick(("invoice", "collection point"))
        yield _address(numbers, (person.id,), person.home, kind, contact_id=person.contact_id)


def _address(
    numbers: Numbers,
    owners: tuple[str, ...],
    place: Place,
    kind: str,
    contact_id: int | None = None,
    organisation_id: int | None = None,
) -> Row:
    values = {
        "address_id": numbers.next("address"),
        "contact_id": contact_id,
        "organisation_id": organisation_id,
        "kind": kind,
        "street": place.street,
        "house_number": place.house_number,
        "postcode": place.postcode,
        "city": place.city,
        "valid": "[2019-04-01,)",
    }
    return Row("public.address", values, owners)
