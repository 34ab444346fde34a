"""What happened to a request, event by event, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from avgflow.catalog.models import Text
from avgflow.dossier.audit import words
from avgflow.register.events import SYSTEM, Event
from avgflow.register.names import EventName

_MACHINE = ("digest", "manifest", "fingerprint")
"""For programs: the dossier has them."""
_BAD = frozenset(
    {
        EventName.CHECK_FAILED,
        EventName.STEP_FAILED,
        EventName.STORE_FAILED,
        EventName.STORE_DRIFTED,
        EventName.REQUEST_STOPPED,
        EventName.PLAN_REFUSED,
        EventName.MAIL_FAILED,
        EventName.TERM_MISSED,
        EventName.CODE_REFUSED,
    }
)
_GOOD = frozenset({EventName.CHECK_PASSED, EventName.PLAN_APPROVED, EventName.REQUEST_CLOSED})


@dataclass(frozen=True)
class Moment:
    """An event. `by`: who did it, None where the system did; `facts`: its details as pairs of words."""

    at: datetime
    name: Text
    by: str | None
    facts: Sequence[tuple[Text, Text]]
    tone: str


def of(history: Iterable[Event]) -> Sequence[Moment]:
    """A request's events, the newest first."""
    return [_moment(event) for event in reversed(list(history))]


def _moment(event: Event) -> Moment:
    name = event.name
    text = Text(nl=name.nl, en=name.en) if isinstance(name, EventName) else Text(nl=str(name), en=str(name))
    plain = {key: value for key, value in event.detail.items() if key not in _MACHINE and "digest" not in key}
    tone = "bad" if name in _BAD else "good" if name in _GOOD else ""
    return Moment(event.at, text, None if event.actor == SYSTEM else event.actor, words.detail(plain), tone)
