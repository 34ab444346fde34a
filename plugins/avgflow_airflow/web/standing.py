"""Where a request stands, in words: its state, who must do what now, and its days against the statutory clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from avgflow import terms
from avgflow.catalog.models import Text
from avgflow.dossier.audit import words
from avgflow.handling.turns import Pause
from avgflow.handling.waiting import Waiting
from avgflow.register.clock import Clock
from avgflow.register.requests import Outcome, Request, Status
from avgflow.register.sweeps import SweepStatus
from avgflow.terms import Calendar

BY_ITSELF = frozenset(pause.value for pause in Pause)
"""What a request waits for that nobody has to do anything for."""
SOON = 5
"""Days before the last one from which a request stands out."""

OFFICER = Text(nl="privacy officer", en="privacy officer")
SECOND = Text(nl="tweede privacy officer", en="second privacy officer")
ENGINEER = Text(nl="technisch beheerder", en="engineer")
NOBODY = Text(nl="niemand", en="nobody")


@dataclass(frozen=True)
class Next:
    """`state`: where a request stands; `who` must do `what` now; `tone`: how it looks (`good`, `warn`, `bad`, none)."""

    state: Text
    who: Text
    what: Text
    tone: str = ""

    @property
    def nobody(self) -> bool:
        return self.who is NOBODY


def _waits(nl: str, en: str, who: Text, do_nl: str, do_en: str) -> Next:
    return Next(Text(nl=nl, en=en), who, Text(nl=do_nl, en=do_en), "warn")


_ASKED: Mapping[str, Next] = {
    Waiting.VERIFICATION: _waits(
        "wacht op controle van de identiteit",
        "waits for verification",
        OFFICER,
        "Stel vast wie er vraagt",
        "Verify who asks",
    ),
    Waiting.MANDATE: _waits(
        "wacht op de machtiging", "waits for the mandate", OFFICER, "Bekijk de machtiging", "See the mandate"
    ),
    Waiting.DECLINE: _waits(
        "wacht op besluit: afwijzen of niet",
        "waits for a decision: decline or not",
        OFFICER,
        "Bekijk het voorstel en de brief",
        "See the proposal and the letter",
    ),
    Waiting.CHOICE: _waits(
        "wacht op keuze van de persoon",
        "waits for the choice of person",
        OFFICER,
        "Kies de juiste persoon",
        "Choose the right person",
    ),
    Waiting.ADDRESS: _waits(
        "wacht op oordeel over het adres",
        "waits for a word on the address",
        OFFICER,
        "Beoordeel het e-mailadres",
        "Judge the e-mail address",
    ),
    Waiting.HANDOVER: _waits(
        "wacht op overhandiging",
        "waits to be handed over",
        OFFICER,
        "Geef het pakket op een veilige manier af",
        "Hand the package over safely",
    ),
    Waiting.APPROVAL: _waits(
        "wacht op goedkeuring",
        "waits for approval",
        SECOND,
        "Bekijk het plan; keur het goed of af",
        "Look at the plan; approve or refuse it",
    ),
    Waiting.REFUSAL: _waits(
        "wacht op akkoord met de weigering",
        "waits for agreement to the refusal",
        SECOND,
        "Bekijk waarom niets meegaat, en beslis",
        "Look why nothing goes along, and decide",
    ),
    Waiting.WEIGHING: _waits(
        "wacht op afweging van het bezwaar",
        "waits to be weighed",
        OFFICER,
        "Weeg het bezwaar af",
        "Weigh the objection",
    ),
    Pause.EARLIER: Next(
        Text(nl="wacht op een eerder verzoek", en="waits for an earlier request"),
        NOBODY,
        Text(nl="Gaat vanzelf verder", en="Goes on by itself"),
    ),
    Pause.TOGETHER: Next(
        Text(nl="wacht op het verzoek dat er samen mee binnenkwam", en="waits for the request that it came with"),
        NOBODY,
        Text(nl="Gaat vanzelf verder", en="Goes on by itself"),
    ),
    Pause.COOLING_OFF: Next(
        Text(nl="bedenktijd loopt", en="cooling-off time"),
        NOBODY,
        Text(nl="Gaat na de bedenktijd verder", en="Goes on after that"),
    ),
}

_TONES = {Outcome.FULFILLED: "good", Outcome.PARTLY_FULFILLED: "good"}


def standing(request: Request) -> Next:
    """What to say of a request now."""
    match request.status:
        case Status.WAITING:
            known = _ASKED.get(request.waiting_for or "")
            return known or _waits(
                *([request.waiting_for or "?"] * 2), OFFICER, "Bekijk het verzoek", "See the request"
            )
        case Status.REGISTERED:
            start = Text(nl="Wordt gestart; lukt dat niet, start de run", en="Is being started; if not, start its run")
            return Next(words.STATUSES[request.status], ENGINEER, start)
        case Status.RUNNING:
            return Next(words.STATUSES[request.status], NOBODY, Text(nl="Wordt uitgevoerd", en="Is being carried out"))
        case Status.STOPPED:
            why = Text(nl="Bekijk waarom het stopte, en los dat op", en="See why it stopped, and mend that")
            return Next(words.STATUSES[request.status], ENGINEER, why, "bad")
    outcome = request.outcome or Outcome.FULFILLED
    return Next(words.of(words.OUTCOMES, outcome), NOBODY, Text(nl="Afgesloten", en="Closed"), _TONES.get(outcome, ""))


@dataclass(frozen=True)
class Days:
    """A request's days. `due`: the last day, counted as if an open question were answered today; `left`: until then,
    negative where it is over; `share`: of the term that has passed, from 0 to 1; `paused`: the day since which the term
    stands still; `over`: the request is closed.
    """

    due: date
    left: int
    share: float
    paused: date | None
    over: bool

    @property
    def late(self) -> bool:
        return self.left < 0 and not self.over

    @property
    def tone(self) -> str:
        return "" if self.over else "bad" if self.late else "warn" if self.left <= SOON else ""

    @property
    def width(self) -> int:
        """Of a bar of a hundred."""
        return round(self.share * 100)


def days(request: Request, clock: Clock, calendar: Calendar, today: date) -> Days:
    """The days of a request, of which a closed one has no more to count."""
    due = request.due
    over = request.status is Status.CLOSED
    if clock.asked is not None and not over:
        term = terms.term(request.received, clock.pauses(today), calendar)
        due = term.extended_due if clock.extended else term.due
    whole = max((due - request.received).days, 1)
    passed = min(max((today - request.received).days / whole, 0.0), 1.0)
    return Days(due, (due - today).days, passed, None if over else clock.asked, over)


SWEEPS: Mapping[str, tuple[Text, str]] = {
    SweepStatus.PREVIEWING: (Text(nl="wordt vooraf geteld", en="is being counted"), ""),
    SweepStatus.PREVIEWED: (Text(nl="vooraf geteld", en="counted"), ""),
    SweepStatus.WAITING: (Text(nl="wacht op goedkeuring", en="waits for approval"), "warn"),
    SweepStatus.APPROVED: (Text(nl="goedgekeurd", en="approved"), ""),
    SweepStatus.RUNNING: (Text(nl="wordt uitgevoerd", en="is being carried out"), ""),
    SweepStatus.STOPPED: (Text(nl="gestopt", en="stopped"), "bad"),
    SweepStatus.REFUSED: (Text(nl="afgekeurd", en="refused"), ""),
    SweepStatus.FAILED: (Text(nl="natelling niet geslaagd", en="re-count not passed"), "bad"),
    SweepStatus.DONE: (Text(nl="klaar en nageteld", en="done and re-counted"), "good"),
}
"""Where a sweep stands, and how that looks."""
