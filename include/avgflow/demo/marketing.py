"""Rows of the marketing system."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from avgflow.demo import prose
from avgflow.demo.accounts import SUMMER_TIME_ENDS, USER_AGENTS
from avgflow.demo.cast import Kind, Trait
from avgflow.demo.chance import AS_OF, Chance
from avgflow.demo.rows import NOBODY, Numbers, Row, as_json, blanked, repeated, spelled
from avgflow.demo.world import Block, Person

KEYS: dict[str, tuple[str, ...]] = {
    "public.subscriber": ("subscriber_id",),
    "public.consent": ("consent_id",),
    "public.campaign": ("campaign_id",),
    "public.event": (),
    "public.survey": ("survey_id",),
    "public.survey_answer": ("answer_id",),
    "public.web_visit": ("visit_id",),
    "public.active_subscriber": ("subscriber_id",),
    "public.subscriber_summary": ("subscriber_id",),
}
DERIVED = frozenset({"public.active_subscriber", "public.subscriber_summary"})
"""Views: their rows have owners, but the database itself makes them."""

_CAMPAIGNS = 24
_SURVEYS = 3
_CANNOT_SUBSCRIBE = frozenset({Trait.ONLY_CRM, Trait.ONLY_ORDERS, Trait.SHARED_MAILBOX})
_MUST_SUBSCRIBE = frozenset({Trait.OLD_EMAIL_CHAIN, Trait.SUBSCRIBED_TWICE, Trait.VERY_MUCH})
_BEFORE_ALL_MONTHS = datetime(2023, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
_PAGES = ("/", "/prijzen", "/offerte?product=rolcontainer&maat=240", "/contact#openingstijden")


class Subscriber(NamedTuple):
    """One address of the newsletter, and the person or people behind it."""

    email: str
    visitor_id: str | None
    first_name: str | None
    people: tuple[Person, ...]

    @property
    def owners(self) -> tuple[str, ...]:
        return tuple(p.id for p in self.people)

    @property
    def shared(self) -> bool:
        return len(self.people) > 1

    def row(self, table: str, values: dict[str, Any]) -> Row:
        return Row(table, values, self.owners, shared=self.shared)


def rows(block: Block) -> Iterator[Row]:
    """All rows of a block's subscribers; the first block brings campaigns and surveys."""
    if block.number == 0:
        yield from _campaigns_and_surveys()
    numbers = Numbers(block.first_id())
    for person in block.people:
        chance = block.chance(f"marketing/{person.id}")
        for subscriber in _subscribers(chance, person):
            yield from _of_subscriber(chance, numbers, subscriber)
    if sharers := block.mailbox_sharers():
        chance = block.chance("marketing/shared")
        subscriber = Subscriber(sharers[0].email, f"V-shared-{block.number}", None, sharers)
        yield from _of_subscriber(chance, numbers, subscriber)
    yield from _visits_of_strangers(block)


def _campaigns_and_surveys() -> Iterator[Row]:
    for number in range(1, _CAMPAIGNS + 1):
        sent = AS_OF - timedelta(days=30 * number)
        yield Row(
            "public.campaign", {"campaign_id": number, "title": f"Afvalbericht {number}", "sent_at": sent}, NOBODY
        )
    for number in range(1, _SURVEYS + 1):
        values = {"survey_id": number, "title": f"Klantonderzoek {number}", "opened_on": date(2026, number, 1)}
        yield Row("public.survey", values, NOBODY)


def _subscribers(chance: Chance, person: Person) -> Iterator[Subscriber]:
    if person.traits & _CANNOT_SUBSCRIBE:
        return
    if person.kind is not Kind.VISITOR and not person.traits & _MUST_SUBSCRIBE and chance.often(0.5):
        return
    address = person.login_email if Trait.OLD_EMAIL_CHAIN in person.traits else person.email
    visitor = spelled(person, person.visitor_id, "marketing") if person.visitor_id else None
    yield Subscriber(spelled(person, address, "marketing"), visitor, person.first_name, (person,))
    if Trait.SUBSCRIBED_TWICE in person.traits:
        yield Subscriber(address.upper(), None, person.first_name, (person,))


def _of_subscriber(chance: Chance, numbers: Numbers, subscriber: Subscriber) -> Iterator[Row]:
    number, person = numbers.next("subscriber"), subscriber.people[0]
    subscribed = chance.moment(2000)
    left = chance.moment(500) if chance.often(0.2) else None
    values: dict[str, Any] = {
        "subscriber_id": number,
        "email": subscriber.email,
        "visitor_id": subscriber.visitor_id,
        "first_name": subscriber.first_name,
        "tags": chance.pick((None, [], ["bouw"], ["bouw", "a,b", '"q"', "ünï"])),
        "language": chance.pick(("nl", "en", None)),
        "source": chance.pick(("website", "beurs", None)),
        "subscribed_at": subscribed,
        "unsubscribed_at": left,
    }
    yield subscriber.row("public.subscriber", blanked(person, values, ("first_name", "language", "source")))
    summary = {"subscriber_id": number}
    yield subscriber.row("public.subscriber_summary", summary)
    if left is None:
        yield subscriber.row("public.active_subscriber", summary)
    yield from _consents(chance, numbers, subscriber, number, subscribed, left)
    yield from _events(chance, subscriber, number)
    yield from _answers(chance, numbers, subscriber, number)
    if subscriber.visitor_id:
        yield from _visits(chance, subscriber)


def _consents(
    chance: Chance,
    numbers: Numbers,
    subscriber: Subscriber,
    number: int,
    subscribed: datetime,
    left: datetime | None,
) -> Iterator[Row]:
    for purpose in ("newsletter", "profiling")[: chance.between(1, 2)]:
        proof = {"ip": "203.0.113.7", "versie": chance.between(1, 9), "tekst": "Ja, ik wil de nieuwsbrief", "utm": None}
        values = {
            "consent_id": numbers.next("consent"),
            "subscriber_id": number,
            "purpose": purpose,
            "source": chance.pick(("web form", "telephone", "business card")),
            "proof": as_json(proof) if chance.often(0.9) else '[{"scan": null}]',
            "given_at": subscribed,
            "withdrawn_at": left,
        }
        yield subscriber.row("public.consent", values)


def _events(chance: Chance, subscriber: Subscriber, number: int) -> Iterator[Row]:
    person = subscriber.people[0]
    odd = (_BEFORE_ALL_MONTHS, *SUMMER_TIME_ENDS) if Trait.ODD_VALUES in person.traits else ()
    moments = [*odd, *(chance.moment(1000) for _ in repeated(chance, person, 0, 8, very_much=200))]
    for at in moments:
        kind = chance.pick(("delivered", "open", "open", "click", "bounce"))
        values = {
            "subscriber_id": number,
            "campaign_id": chance.pick((None, *range(1, _CAMPAIGNS + 1))),
            "kind": kind,
            "url": f"https://www.milgro.example/actie/{chance.between(1, 9)}" if kind == "click" else None,
            "user_agent": chance.pick(USER_AGENTS),
            "at": at,
        }
        row = subscriber.row("public.event", values)
        yield row
        if kind == "click":  # a double click is recorded twice, alike to the last bit
            yield row


def _answers(chance: Chance, numbers: Numbers, subscriber: Subscriber, number: int) -> Iterator[Row]:
    person = subscriber.people[0]
    odd = Trait.ODD_VALUES in person.traits
    if not odd and chance.often(0.6):
        return
    survey, answered = chance.between(1, _SURVEYS), chance.moment(400)
    band = chance.pick((None, "[18,30)", "[30,50)", "[50,)", "(,18)"))
    for question in range(1, 4):
        text = chance.pick(prose.ODD_TEXTS) if odd else chance.pick(("Prima", "", None, "Kan beter: te duur"))
        values = {
            "answer_id": numbers.next("survey_answer"),
            "survey_id": survey,
            "subscriber_id": number,
            "question_no": question,
            "answer": text,
            "score": "NaN" if odd and question == 1 else chance.pick((None, "7", "8.50", "10")),
            "age_band": band,
            "answered_at": answered,
        }
        yield subscriber.row("public.survey_answer", values)


def _visits(chance: Chance, subscriber: Subscriber) -> Iterator[Row]:
    for _ in repeated(chance, subscriber.people[0], 1, 6, very_much=150):
        yield _visit(chance, subscriber.visitor_id, subscriber.owners, subscriber.shared)


def _visits_of_strangers(block: Block) -> Iterator[Row]:
    chance = block.chance("marketing/strangers")
    for _ in range(20):
        visitor = chance.pick((None, "", f"V-{chance.getrandbits(48):012x}"))
        yield _visit(chance, visitor, NOBODY, shared=False)


def _visit(chance: Chance, visitor_id: str | None, owners: tuple[str, ...], shared: bool) -> Row:
    longitude, latitude = round(3.4 + chance.random() * 3.8, 5), round(50.8 + chance.random() * 2.7, 5)
    values = {
        "visit_id": chance.uuid(),
        "visitor_id": visitor_id,
        "at": chance.moment(400),
        "page": chance.pick(_PAGES),
        "ip": f"198.51.100.{chance.between(1, 254)}" if chance.often(0.9) else None,
        "location": f"({longitude},{latitude})" if chance.often(0.6) else None,
        "browser": chance.pick(("Firefox", "Safari", "Chrome", None)),
        "device": chance.pick(("desktop", "telefoon", "tablet")),
        "language": chance.pick(("nl-NL", "en-GB", "ar", None)),
        "app_ids": chance.pick((None, "[]", '["ga-1", null]', '{"ga": {"cid": 12345678901234567890}}')),
    }
    return Row("public.web_visit", values, owners, shared=shared)
