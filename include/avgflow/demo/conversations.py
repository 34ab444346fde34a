"""What was said with the contacts of the CRM: tickets with attachments, calls, notes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from avgflow.demo import prose
from avgflow.demo.cast import Trait
from avgflow.demo.chance import AS_OF, Chance
from avgflow.demo.rows import NOBODY, Numbers, Row, repeated, staff_mention
from avgflow.demo.world import Block, Organisation, Person, staff

_FILE_NAMES = (
    "factuur 2024/03.pdf",
    "../../etc/passwd",
    "CON.txt",
    "foto.jpg",
    "foto.jpg",
    "weegbon;kopie.pdf",
    None,
    "  .pdf",
    "أمر.pdf",
    "x" * 180 + ".png",
)


Tickets = dict[Organisation | None, list[int]]
"""The tickets of an organisation so far: a contact may follow up on a colleague's."""


def of_contact(block: Block, chance: Chance, numbers: Numbers, person: Person, tickets: Tickets) -> Iterator[Row]:
    """Everything that was said with one contact; adds to `tickets`."""
    others = prose.others_known(block, person)
    yield from _tickets(block, chance, numbers, person, others, tickets.setdefault(person.organisation, []))
    for _ in repeated(chance, person, 0, 2, very_much=25):
        yield _call(block, chance, numbers, others, person)
    yield from _notes(block, chance, numbers, person, others)


def _tickets(
    block: Block, chance: Chance, numbers: Numbers, person: Person, others: tuple[Person, ...], earlier: list[int]
) -> Iterator[Row]:
    for n in repeated(chance, person, 0, 3, very_much=60):
        ticket, opened, handler = numbers.next("ticket"), chance.moment(1400), chance.pick(staff(block.seed)).name
        body, mentions = prose.about(chance, others)
        odd = Trait.ODD_VALUES in person.traits
        closed = chance.often(0.8)
        values: dict[str, Any] = {
            "ticket_id": ticket,
            "parent_ticket_id": chance.pick(earlier) if earlier and chance.often(0.3) else None,
            "opened_by": person.contact_id,
            "subject": prose.ODD_TEXTS[n % len(prose.ODD_TEXTS)] if odd else chance.pick(prose.SUBJECTS),
            "body": f"{body}\n{chance.pick(prose.ODD_TEXTS)}" if odd else body,
            "status": "closed" if closed else chance.pick(("new", "open", "waiting for customer")),
            "priority": chance.pick((None, 1, 2, 3)),
            "handled_by": handler if closed else None,
            "opened_at": opened,
            "closed_at": min(opened + timedelta(days=chance.between(0, 40)), AS_OF) if closed else None,
        }
        earlier.append(ticket)
        yield Row("public.ticket", values, (person.id,), mentions + staff_mention(values["handled_by"]))
        if chance.often(0.3):
            yield _attachment(chance, numbers, person, ticket, n)


def _attachment(chance: Chance, numbers: Numbers, person: Person, ticket: int, n: int) -> Row:
    values = {
        "attachment_id": numbers.next("attachment"),
        "ticket_id": ticket,
        "file_name": _FILE_NAMES[n % len(_FILE_NAMES)] if n else chance.pick(_FILE_NAMES),
        "media_type": chance.pick(("application/pdf", "image/jpeg", None)),
        "content": b"" if chance.often(0.05) else b"%PDF-1.4\x00\xff\n" + chance.randbytes(chance.between(1, 120)),
        "uploaded_at": chance.moment(1400),
    }
    return Row("public.attachment", values, (person.id,))


def calls_of_strangers(block: Block, numbers: Numbers) -> Iterator[Row]:
    """Calls whose caller is unknown; some from a telephone that is known, which makes them nobody's all the same."""
    chance = block.chance("crm/strangers")
    for _ in range(3):
        yield _call(block, chance, numbers, tuple(p for p in block.people if p.named_in_crm), None)


def _call(block: Block, chance: Chance, numbers: Numbers, others: tuple[Person, ...], person: Person | None) -> Row:
    started, handler = chance.moment(1400), chance.pick(staff(block.seed)).name
    text, mentions = prose.about(chance, others)
    recorded = chance.often(0.2)
    values = {
        "call_id": numbers.next("call"),
        "contact_id": person.contact_id if person else None,
        "phone": person.phone if person else chance.pick(block.people).phone,
        "started_at": started,
        "duration": chance.pick((None, "00:00:00", "00:03:12.5", "01:00:07", "1 day 00:00:01")),
        "transcript": text if chance.often(0.7) else None,
        "recording": b"RIFF" + chance.randbytes(40) if recorded else None,
        "recording_until": (started + timedelta(days=90)).date() if recorded else None,
        "handled_by": handler,
    }
    if values["transcript"] is None:
        mentions = ()
    return Row("public.call", values, (person.id,) if person else NOBODY, mentions + staff_mention(handler))


def _notes(block: Block, chance: Chance, numbers: Numbers, person: Person, others: tuple[Person, ...]) -> Iterator[Row]:
    namesake = next((p for p in block.people if Trait.NAMESAKE in p.traits and p is not person), None)
    if namesake and Trait.NAMESAKE in person.traits:
        distinction = prose.not_to_be_confused(namesake)
        yield note(block, chance, numbers, (person.id,), distinction, contact_id=person.contact_id)
    for _ in repeated(chance, person, 0, 2, very_much=20):
        text, mentions = prose.about(chance, others)
        opinion = f"{chance.pick(prose.OPINIONS)} {text}", mentions
        yield note(block, chance, numbers, (person.id,), opinion, contact_id=person.contact_id)


def note(
    block: Block,
    chance: Chance,
    numbers: Numbers,
    owners: tuple[str, ...],
    written: prose.Prose,
    contact_id: int | None = None,
    organisation_id: int | None = None,
) -> Row:
    """A note of an employee on a contact or on an organisation."""
    text, mentions = written
    author = chance.pick(staff(block.seed)).name
    values = {
        "note_id": numbers.next("note"),
        "contact_id": contact_id,
        "organisation_id": organisation_id,
        "body": text,
        "author": author,
        "written_at": chance.moment(1400),
    }
    return Row("public.note", values, owners, mentions + staff_mention(author))
