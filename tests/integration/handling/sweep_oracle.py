"""A second witness of what a sweep may take: the terms of the privacy policy, written down by hand, in plain Python.

It judges each row of the demonstration stores by itself. It knows neither the catalog, nor the policy file, nor any
code that sweeps: the terms are those of the policy's text, and the calendar is `dateutil`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from sweep_links import PEOPLE, Identifier, Links, pointed_to
from sweep_rows import Fields, RowId, Snapshot, Stored

AMSTERDAM = ZoneInfo("Europe/Amsterdam")

# Terms ---------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=200_000)
def day_of(moment: date | datetime | None) -> date | None:
    """The day in the Netherlands."""
    return moment.astimezone(AMSTERDAM).date() if isinstance(moment, datetime) else moment


def after(**term: int) -> Callable[[date], date]:
    """The last day of a term of years, months or days."""
    return lambda day: day + relativedelta(**term)  # type: ignore[arg-type]


def years_end(day: date) -> date:
    """Seven years, counted from the end of the (financial) year: AWR 52(4)."""
    return date(day.year + 7, 12, 31)


class Judged(NamedTuple):
    """The class of a row, the day from which its term counts, its last day; `None` for days that are not known."""

    record_class: str
    counts_from: date | None
    last: date | None
    follows: bool = False


def _judged(record_class: str, moment: Any, term: Callable[[date], date]) -> Judged:
    day = day_of(moment)
    return Judged(record_class, day, None if day is None else term(day))


Lookup = Callable[[str, tuple[Any, ...]], Fields | None]
"""A row by table and key, None where there is none."""


def judge(row: RowId, it: Fields, of: Lookup) -> Judged | None:
    """Of which class a row is and how long it is kept; None for what is nobody's."""
    match row.table:
        case "crm.public.organisation" | "orders.public.customer":
            return _judged("R1", it["relation_ended_on"], after(years=2))
        case "crm.public.contact":
            return _judged("R1", it["relation_ended_on"] or it["deleted_at"], after(years=2))
        case "crm.public.address":
            leader = "contact" if it["contact_id"] is not None else "organisation"
            return _following("R1", f"crm.public.{leader}", (it[f"{leader}_id"],), of)
        case "crm.public.ticket":
            return _judged("R2", it["closed_at"], after(years=2))
        case "crm.public.attachment":
            return _following("R2", "crm.public.ticket", (it["ticket_id"],), of)
        case "crm.public.call":
            return _judged("R2", it["started_at"], after(years=2))
        case "crm.public.note":
            return _judged("R2", it["written_at"], after(years=2))
        case "crm.audit.contact_history":
            return _judged("R1", it["changed_at"], after(years=2))
        case "orders.public.quote":
            return _judged("R3", it["decided_on"], after(years=2))
        case 'orders.public."order"':
            if it["invoiced_on"] is not None:
                return _judged("R4", it["invoiced_on"], years_end)
            if it["status"] in ("carried out", "closed"):
                return _judged("R3", it["closed_on"], years_end)
            return _judged("R3", it["closed_on"], after(years=2))
        case "orders.public.order_line":
            if it["invoiced_on"] is not None:
                return _judged("R4", it["invoiced_on"], years_end)
            return _following("R3", 'orders.public."order"', (row.key[0],), of)
        case "orders.public.invoice":
            return _judged("R4", it["issued_on"], years_end)
        case "orders.public.payment":
            return _judged("R4", it["paid_at"], years_end)
        case "orders.public.cancellation":
            if it["fee"]:
                return _judged("R4", it["cancelled_at"], years_end)
            return _judged("R3", it["cancelled_at"], after(years=2))
        case "orders.public.waste_document":
            return _judged("R5", it["transported_on"], after(years=5))
        case "accounts.public.portal_account":
            if it["closed_at"] is not None:
                return _judged("R6", it["closed_at"], after(days=30))
            return _judged("R6", it["last_seen_at"], after(months=24))
        case "accounts.public.login":
            return _judged("R7", it["at"], after(months=12))
        case "accounts.public.session":
            return _judged("R7", it["created_at"], after(months=12))
        case "accounts.public.preference":
            return _following("R6", "accounts.public.portal_account", (row.key[0],), of)
        case "marketing.public.subscriber":
            return _judged("R9", it["unsubscribed_at"], after(days=0))
        case "marketing.public.consent":
            return _judged("R8", it["withdrawn_at"], after(years=5))
        case "marketing.public.event":
            return _judged("R9", it["at"], after(months=24))
        case "marketing.public.survey_answer":
            return _judged("R10", it["answered_at"], after(months=12))
        case "marketing.public.web_visit":
            return _judged("R11", it["at"], after(months=6))
    return None


def _following(record_class: str, table: str, key: tuple[Any, ...], of: Lookup) -> Judged:
    leader = RowId(table, key)
    there = of(table, key)
    judged = judge(leader, there, of) if there is not None else None
    return Judged(record_class, None, judged.last if judged else None, follows=True)


SOUND = after(days=90)
"""How long the recording of a call is kept."""

# Reasons -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reason:
    """Something on record for which rows stay: of people who have one of these identifiers (None: of everybody), of
    these classes (None: of all).
    """

    why: str
    identifiers: frozenset[Identifier] | None
    classes: frozenset[str] | None = None

    def keeps(self, row: RowId, record_class: str) -> bool:
        """Whether a row of theirs stays; what tells who they are does, for whatever it is that stays of them."""
        return self.classes is None or record_class in self.classes or row.table in PEOPLE


@dataclass
class Verdict:
    """What the oracle says of one moment: which rows go, which are past their term and stay, and why."""

    going: dict[RowId, Judged] = field(default_factory=dict)
    held: dict[RowId, set[str]] = field(default_factory=dict)
    undated: set[RowId] = field(default_factory=set)
    classes: dict[RowId, str] = field(default_factory=dict)
    lapsing: set[RowId] = field(default_factory=set)
    lapse_held: dict[RowId, set[str]] = field(default_factory=dict)
    protected: dict[RowId, set[str]] = field(default_factory=dict)


def verdict(snapshot: Snapshot, day: date, reasons: Collection[Reason]) -> Verdict:
    """Judge every row as it is, on a day."""
    result = Verdict()
    found = _protected(snapshot, reasons)
    past: dict[RowId, Judged] = {}
    of_all = [reason for reason in reasons if reason.identifiers is None]

    def of(table: str, key: tuple[Any, ...]) -> Fields | None:
        stored = snapshot.get(RowId(table, key))
        return stored.fields if stored else None

    for row, stored in snapshot.items():
        judged = _judgement(row, stored, of)
        if judged is None:
            continue
        result.classes[row] = judged.record_class
        whys = {reason.why for reason in found.get(row, ()) if reason.keeps(row, judged.record_class)}
        whys |= {reason.why for reason in of_all if judged.record_class in (reason.classes or ())}
        if whys:
            result.protected[row] = whys
        if judged.last is None:
            if not judged.follows:
                result.undated.add(row)
        elif judged.last < day and not _nobodys_already(row, stored.fields):
            past[row] = judged
            if whys:
                result.held[row] = set(whys)
        if row.table == "crm.public.call" and (stored.fields["recording"] or stored.fields["recording_until"]):
            started = day_of(stored.fields["started_at"])
            assert started is not None
            if SOUND(started) < day:
                if whys:
                    result.lapse_held[row] = set(whys)
                else:
                    result.lapsing.add(row)
    result.going = {row: judged for row, judged in past.items() if row not in result.held}
    _keep_needed(snapshot, result)
    result.lapsing -= result.going.keys()
    return result


_JUDGED: dict[RowId, tuple[str, Judged | None]] = {}
"""Judgements of rows that have not changed since; what follows another row is judged anew each time."""


def _judgement(row: RowId, stored: Stored, of: Lookup) -> Judged | None:
    known = _JUDGED.get(row)
    if known is not None and known[0] == stored.digest:
        return known[1]
    judged = judge(row, stored.fields, of)
    if judged is None or not judged.follows:
        _JUDGED[row] = stored.digest, judged
    return judged


def _nobodys_already(row: RowId, it: Fields) -> bool:
    """An answer out of which the person was taken is as it should be."""
    return row.table == "marketing.public.survey_answer" and all(
        it[name] is None for name in ("subscriber_id", "answer", "age_band")
    )


def _protected(snapshot: Snapshot, reasons: Collection[Reason]) -> dict[RowId, list[Reason]]:
    found: dict[RowId, list[Reason]] = defaultdict(list)
    links: Links | None = None
    for reason in reasons:
        if reason.identifiers is not None:
            links = links or Links(snapshot)
            for row in links.of(reason.identifiers):
                found[row].append(reason)
    return found


ANONYMISED = "marketing.public.survey_answer"


def _keep_needed(snapshot: Snapshot, result: Verdict) -> None:
    """What a row that stays points to stays; a row out of which the person is taken stays too."""
    fresh = [row for row in snapshot if row not in result.going or row.table == ANONYMISED]
    while fresh:
        row = fresh.pop()
        for other in pointed_to(row, snapshot[row].fields):
            if other in result.going and other.table != ANONYMISED:
                del result.going[other]
                result.held.setdefault(other, set()).add("needed")
                fresh.append(other)
            elif other in result.held:
                result.held[other].add("needed")
