"""A letter or package that went to the wrong person (AVG art. 33 and 34): the clock, and what must be on record. Pure.

The clock runs from the moment of awareness, in hours: weekends and holidays do not stop it, and its end does not move
to a working day (Regulation 1182/71 art. 3(4) rolls only terms that are not in hours).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from avgflow import fields
from avgflow.catalog.models import Text
from avgflow.errors import AvgflowError, ToldTwice
from avgflow.fields import AMSTERDAM

TERM = timedelta(hours=72)
"""To tell the supervisory authority, from awareness (art. 33(1))."""

NEAR = timedelta(hours=48)
"""With so little left others than the privacy officer hear of it too. The watch looks once a day, so they hear it with
at least a day to go.
"""


class What(StrEnum):
    """What went to the wrong person."""

    LETTER = "letter"
    PACKAGE = "package"


class Field(StrEnum):
    """What is put on record of a breach: art. 33(3)(a) to (d), 33(1) and 34."""

    NATURE = "nature"
    CATEGORIES = "categories"
    PEOPLE = "people"
    RECORDS = "records"
    CONTACT = "contact"
    CONSEQUENCES = "consequences"
    MEASURES = "measures"
    AP_TOLD = "ap-told"
    AP_NOT_TOLD = "ap-not-told"
    AP_LATE = "ap-late"
    HIGH_RISK = "high-risk"
    SUBJECT_TOLD = "subject-told"
    SUBJECT_NOT_TOLD = "subject-not-told"


TITLES: Mapping[Field, Text] = {
    Field.NATURE: Text(nl="wat er gebeurde", en="what happened"),
    Field.CATEGORIES: Text(nl="welke soorten personen en gegevens", en="which kinds of people and data"),
    Field.PEOPLE: Text(nl="hoeveel personen ongeveer", en="about how many people"),
    Field.RECORDS: Text(nl="hoeveel gegevens ongeveer", en="about how many records"),
    Field.CONTACT: Text(nl="wie er meer weet", en="who can be asked more"),
    Field.CONSEQUENCES: Text(nl="de waarschijnlijke gevolgen", en="what is likely to come of it"),
    Field.MEASURES: Text(nl="wat eraan gedaan is of wordt", en="what was done about it, or will be"),
    Field.AP_TOLD: Text(nl="wanneer de AP het hoorde", en="when the AP was told"),
    Field.AP_NOT_TOLD: Text(nl="waarom de AP het niet hoeft te weten", en="why the AP need not be told"),
    Field.AP_LATE: Text(nl="waarom de AP het na de 72 uur hoorde", en="why the AP was told after the 72 hours"),
    Field.HIGH_RISK: Text(nl="of het risico voor de persoon hoog is", en="whether the risk for the person is high"),
    Field.SUBJECT_TOLD: Text(nl="wanneer de persoon het hoorde", en="when the person was told"),
    Field.SUBJECT_NOT_TOLD: Text(nl="waarom de persoon het niet hoeft te weten", en="why the person need not be told"),
}
"""What each field is called."""

AWARE = Text(nl="u ervan wist", en="you came to know of it")
"""Of the moment from which the 72 hours run."""

_TOLD: Mapping[Field, Text] = {
    Field.AP_TOLD: Text(nl="de AP het hoorde", en="the AP was told"),
    Field.SUBJECT_TOLD: Text(nl="de persoon het hoorde", en="the person was told"),
}
_DIGITS = 9

DESCRIBED = (
    Field.NATURE,
    Field.CATEGORIES,
    Field.PEOPLE,
    Field.RECORDS,
    Field.CONTACT,
    Field.CONSEQUENCES,
    Field.MEASURES,
)
"""What art. 33(3) asks, and 33(5) has kept, whoever is told."""

Facts = Mapping[Field, str]
"""The newest of each field; moments in ISO form with their offset, counts as digits, `high-risk` yes or no."""


class BreachRefused(ToldTwice):
    """Something of a breach was not given as it must be."""


class NotComplete(AvgflowError):
    """A breach cannot be closed; the message says what is missing and how to record it."""

    def __init__(self, id_: int, missing: Missing) -> None:
        super().__init__(
            f"Breach {id_} cannot be closed: {missing.why} Record it: avgflow breach record {id_} {missing.how}"
        )
        self.nl = f"Afsluiten kan nog niet. {missing.nl}"


@dataclass(frozen=True)
class Missing:
    """One thing that keeps a breach from being closed: `why` for a person, `how` as options of the command; `nl`: why,
    in Dutch.
    """

    why: str
    how: str
    nl: str


def due(aware: datetime) -> datetime:
    """When the 72 hours end: hours that went by, whatever the clocks on the wall did meanwhile."""
    return aware.astimezone(UTC) + TERM


def settled(facts: Facts) -> bool:
    """Whether the authority was told, or a reason is on record why it need not be."""
    return Field.AP_TOLD in facts or Field.AP_NOT_TOLD in facts


def missing(facts: Facts, due_at: datetime) -> Missing | None:
    """The first thing that is still to be put on record; None where a breach may be closed."""
    return next((found for rule in _RULES if (found := rule(facts, due_at))), None)


def _described(facts: Facts, due_at: datetime) -> Missing | None:
    open_ = [field for field in DESCRIBED if not facts.get(field)]
    if not open_:
        return None
    words = ", ".join(TITLES[field].nl for field in open_)
    return Missing(
        f"art. 33(3) asks for {', '.join(open_)}, which is not on record.",
        " ".join(f"--{field} …" for field in open_),
        f"Er staat nog niet alles wat artikel 33 lid 3 AVG vraagt. Vul aan: {words}.",
    )


def _authority(facts: Facts, due_at: datetime) -> Missing | None:
    if settled(facts):
        return None
    return Missing(
        "it is not on record when the AP was told, nor why a risk is unlikely (art. 33(1)).",
        '--ap-told "YYYY-MM-DD HH:MM", or --ap-not-told REASON',
        "Er staat nog niet wanneer de AP het hoorde, en ook niet waarom een risico onwaarschijnlijk is (artikel 33 "
        "lid 1 AVG).",
    )


def _in_time(facts: Facts, due_at: datetime) -> Missing | None:
    told = facts.get(Field.AP_TOLD)
    if told is None or datetime.fromisoformat(told) <= due_at or facts.get(Field.AP_LATE):
        return None
    return Missing(
        "the AP was told after the 72 hours, and not why (art. 33(1)).",
        "--ap-late REASON",
        "De AP hoorde het na de 72 uur. Er staat nog niet waarom (artikel 33 lid 1 AVG).",
    )


def _risk(facts: Facts, due_at: datetime) -> Missing | None:
    if Field.HIGH_RISK not in facts:
        return Missing(
            "it is not on record whether the risk for the person is high (art. 34(1)).",
            "--high-risk yes|no",
            "Er staat nog niet of het risico voor de persoon hoog is (artikel 34 lid 1 AVG).",
        )
    if facts[Field.HIGH_RISK] == "yes" and Field.AP_TOLD not in facts:
        return Missing(
            "a high risk is not an unlikely one, so the AP must be told.",
            '--ap-told "YYYY-MM-DD HH:MM"',
            "Een hoog risico is niet onwaarschijnlijk. De AP moet het dus weten.",
        )
    return None


def _person(facts: Facts, due_at: datetime) -> Missing | None:
    if facts.get(Field.HIGH_RISK) != "yes" or Field.SUBJECT_TOLD in facts or Field.SUBJECT_NOT_TOLD in facts:
        return None
    return Missing(
        "the risk is high, and it is not on record when the person was told, nor why not (art. 34).",
        '--subject-told "YYYY-MM-DD HH:MM", or --subject-not-told REASON',
        "Het risico is hoog. Er staat nog niet wanneer de persoon het hoorde, en ook niet waarom niet (artikel 34 "
        "AVG).",
    )


_RULES: tuple[Callable[[Facts, datetime], Missing | None], ...] = (_described, _authority, _in_time, _risk, _person)


def recipient(given: str) -> str:
    """To whom it went, as typed; `BreachRefused` where that is blank."""
    whom = fields.text("recipient (--to)", given)
    if whom is None:
        raise BreachRefused(
            "Say to whom it went (--to); 'unknown' if you do not know.",
            "Vul in naar wie het ging. Weet u het niet? Vul dan 'onbekend' in.",
        )
    return whom


def facts_of(given: Mapping[Field, str], aware: datetime) -> dict[Field, str]:
    """What was typed of a breach, checked and as it goes on record; `aware`: the moment before which nobody was told.

    `BreachRefused` for what is blank or does not fit its field; a field that is not there is left alone.
    """
    return {field: _fact(field, value, aware) for field, value in given.items()}


def _fact(field: Field, given: str, aware: datetime) -> str:
    match field:
        case Field.AP_TOLD | Field.SUBJECT_TOLD:
            return moment(given, _TOLD[field], not_before=aware).isoformat()
        case Field.PEOPLE | Field.RECORDS:
            return _count(field, given)
        case Field.HIGH_RISK:
            if given not in ("yes", "no"):
                raise BreachRefused("Say of --high-risk yes or no.", "Zeg of het risico hoog is: ja of nee.")
            return given
    text = fields.paragraphs(field.value.replace("-", " "), given)
    if text is None:
        raise BreachRefused(
            f"--{field} is blank. Say something, or leave it out.", f"Er staat niets bij: {TITLES[field].nl}."
        )
    return text


def _count(field: Field, given: str) -> str:
    digits = given.strip()
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _DIGITS):
        raise BreachRefused(f"Give --{field} as a number.", f"Vul een aantal in bij: {TITLES[field].nl}.")
    return str(int(digits))


def moment(given: str, what: Text, *, not_before: datetime | None = None, now: datetime | None = None) -> datetime:
    """A moment as typed (`2026-11-25 14:30`, Dutch time unless it has an offset, or `now`).

    `what`: whose moment it is, after 'when' and 'wanneer'. `BreachRefused` for what is none, lies in the future, or
    before `not_before`. Of an hour that the clock on the wall has twice the first is meant.
    """
    latest = now or datetime.now(UTC)
    text = given.strip()
    try:
        found = latest if text == "now" else datetime.fromisoformat(text)
    except ValueError:
        raise _not_a_moment(what) from None
    if "T" not in text and " " not in text and text != "now":
        raise BreachRefused(
            f"Say when {what.en} with the hour: YYYY-MM-DD HH:MM in Dutch time, or now.",
            f"Vul ook het uur in waarop {what.nl}.",
        )
    if found.tzinfo is None:
        found = found.replace(tzinfo=AMSTERDAM)
    if found > latest:
        raise BreachRefused(
            f"The moment when {what.en} lies in the future. Give the moment itself.",
            f"Het moment waarop {what.nl}, ligt in de toekomst. Vul het moment zelf in.",
        )
    if not_before is not None and found < not_before:
        raise BreachRefused(
            f"The moment when {what.en} lies before you knew of the breach. Give the right one.",
            f"Het moment waarop {what.nl}, ligt voor het moment waarop u van het datalek wist. Vul het juiste in.",
        )
    return found.astimezone(AMSTERDAM)


def _not_a_moment(what: Text) -> BreachRefused:
    return BreachRefused(
        f"Say when {what.en} as a moment: YYYY-MM-DD HH:MM in Dutch time, or now.",
        f"Vul in wanneer {what.nl}, als JJJJ-MM-DD UU:MM.",
    )
