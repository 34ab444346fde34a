"""The decisions on a request: what, by whom, when, and on which ground; read from the register's events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from avgflow.catalog.models import Text
from avgflow.dossier.audit import words
from avgflow.intake import RestrictionGround
from avgflow.policy.models import Policy
from avgflow.policy.reasons import GROUNDS, DeclineReason
from avgflow.policy.restriction import WHY
from avgflow.register.events import Event
from avgflow.register.names import EventName
from avgflow.register.restrictions import LiftReason
from avgflow.register.weighings import Refusal


@dataclass(frozen=True)
class Decision:
    """`by`: a login, or avgflow where a rule decided; `ground`: an article, where one is on record."""

    at: datetime
    by: str
    what: Text
    ground: str | None = None
    reason: Text | None = None


Made = tuple[Text, str | None, Text | None]

_EXTENSIONS = {
    "complexity": Text(nl="het verzoek is ingewikkeld", en="the request is complex"),
    "number-of-requests": Text(nl="er zijn veel verzoeken", en="the number of requests"),
}
"""By `avgflow.handling.extending.Reason`."""


def decisions(history: Sequence[Event], policy: Policy) -> tuple[Decision, ...]:
    """The decisions that a request's events tell of, oldest first."""
    return tuple(_read(history, policy))


def _read(history: Iterable[Event], policy: Policy) -> Iterator[Decision]:
    for event in history:
        read = _READERS.get(event.name)
        if read is not None:
            what, ground, reason = read(event.detail, policy)
            yield Decision(event.at, event.actor, what, ground, reason)


def _verified(detail: Mapping[str, Any], policy: Policy) -> Made:
    return _said(EventName.REQUEST_VERIFIED), "12(6)", words.of(words.METHODS, str(detail.get("method")))


def _extended(detail: Mapping[str, Any], policy: Policy) -> Made:
    code = str(detail.get("reason"))
    return _said(EventName.REQUEST_EXTENDED), "12(3)", words.of(_EXTENSIONS, code)


def _weighed(detail: Mapping[str, Any], policy: Policy) -> Made:
    name = str(detail.get("class"))
    title = policy.classes[name].title if name in policy.classes else Text(nl=name, en=name)
    if detail.get("outcome") == "upheld":
        nl, en = "toegewezen", "upheld"
    else:
        nl, en = "afgewezen", "refused"
    what = Text(nl=f"Bezwaar {nl}: {name}, {title.nl}", en=f"Objection {en}: {name}, {title.en}")
    reason = _coded(Refusal, detail.get("reason"))
    return what, "21(1)", reason


def _declined(name: EventName) -> Callable[[Mapping[str, Any], Policy], Made]:
    def read(detail: Mapping[str, Any], policy: Policy) -> Made:
        code = str(detail.get("reason"))
        if code not in set(DeclineReason):
            return _said(name), None, Text(nl=code, en=code)
        grounds = GROUNDS[DeclineReason(code)]
        alone = Text(nl=" (zonder tweede persoon)", en=" (without a second person)") if detail.get("alone") else None
        reason = Text(
            nl=f"{grounds.summary.nl}; {grounds.articles.nl}{alone.nl if alone else ''}",
            en=f"{grounds.summary.en}; {grounds.articles.en}{alone.en if alone else ''}",
        )
        return _said(name), "12(4)", reason

    return read


def _restricted(detail: Mapping[str, Any], policy: Policy) -> Made:
    code = str(detail.get("ground"))
    known = WHY[RestrictionGround(code)].article if code in set(RestrictionGround) else None
    return _said(EventName.RESTRICTION_PLACED), known, words.of(words.GROUNDS, code)


def _ending(detail: Mapping[str, Any], policy: Policy) -> Made:
    return _said(EventName.RESTRICTION_ENDING), "18(3)", _coded(LiftReason, detail.get("reason"))


def _closed(detail: Mapping[str, Any], policy: Policy) -> Made:
    return _said(EventName.REQUEST_CLOSED), None, words.of(words.OUTCOMES, str(detail.get("outcome")))


def _plain(name: EventName, ground: str | None = None) -> Callable[[Mapping[str, Any], Policy], Made]:
    return lambda detail, policy: (_said(name), ground, None)


def _said(name: EventName) -> Text:
    return Text(nl=name.nl, en=name.en)


def _coded(codes: Any, code: object) -> Text | None:
    """The words of a code with a text for people; the code itself where it is not on the list any more."""
    if code is None:
        return None
    known = {str(one): one for one in codes}
    one = known.get(str(code))
    return Text(nl=one.nl, en=one.en) if one is not None else Text(nl=str(code), en=str(code))


_READERS: Mapping[str, Callable[[Mapping[str, Any], Policy], Made]] = {
    EventName.REQUEST_VERIFIED: _verified,
    EventName.REQUEST_RESOLVED: _plain(EventName.REQUEST_RESOLVED),
    EventName.PLAN_APPROVED: _plain(EventName.PLAN_APPROVED),
    EventName.PLAN_REFUSED: _plain(EventName.PLAN_REFUSED),
    EventName.OBJECTION_WEIGHED: _weighed,
    EventName.DECLINE_PROPOSED: _declined(EventName.DECLINE_PROPOSED),
    EventName.DECLINE_DROPPED: _plain(EventName.DECLINE_DROPPED),
    EventName.REQUEST_DECLINED: _declined(EventName.REQUEST_DECLINED),
    EventName.REQUEST_EXTENDED: _extended,
    EventName.RESTRICTION_PLACED: _restricted,
    EventName.RESTRICTION_ENDING: _ending,
    EventName.ITEMS_WITHHELD: _plain(EventName.ITEMS_WITHHELD, "UAVG 41(1)"),
    EventName.REQUEST_WITHDRAWN: _plain(EventName.REQUEST_WITHDRAWN),
    EventName.REQUEST_CLOSED: _closed,
}
