"""Why a human must look before a sweep takes anything, and when it is odd that sweeps find nothing. Pure.

A cap is no judgement: what goes beyond one may well be right, and only a human can tell (hitobito#3303).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal, Protocol

from avgflow.policy.retention import Caps
from avgflow.sweep.figures import Figures

Why = Literal["first", "changed", "stopped", "clock", "rows", "share", "usual"]

FEW = 10
"""So many rows of a table are never a share to speak of, nor far from the usual: one row of three is a third."""

LONGEST_PAUSE = 35
"""Days between two sweeps, beyond which it may be the clock that is wrong."""

ENOUGH = 4
"""Sweeps that took any rows by a rule, before there is a usual week of it."""

Key = tuple[str, str, str]
"""Store, table and rule."""


class Counted(Protocol):
    """What a preview found by one rule in one table (`avgflow.register.sweeps.Found`)."""

    @property
    def store(self) -> str: ...
    @property
    def table(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def figures(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Ask:
    """One reason why a human must look.

    `first`: no sweep was ever approved; `changed`: catalog or policy is another than that of the sweep that was
    approved last; `stopped`: the last sweep was stopped by a human, or its re-count did not pass; `clock`: it is
    earlier than the last sweep, or much later. These four are about the whole sweep: `rows` is all that it would
    take. The others are about one rule in one table: `rows` is what that would take and `limit` what it may without
    being asked. `of`: for `share` the rows of the table, for `usual` those of the usual week.
    """

    why: Why
    rows: int
    store: str | None = None
    table: str | None = None
    code: str | None = None
    limit: int | None = None
    of: float | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON form, for the register."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Ask:
        """The inverse of `to_json`."""
        return cls(**data)


def asks(
    found: Sequence[Counted],
    caps: Caps,
    usual: Mapping[Key, float],
    fingerprint: str,
    last_fingerprint: str | None,
    stopped: str | None = None,
    days: int | None = None,
) -> list[Ask]:
    """Every reason why a human must look, those of the whole sweep first; none: it goes on by itself.

    `usual`: rows that a rule takes in the usual week; a rule that has none yet is not compared. `last_fingerprint`: of
    the sweep that was approved last, None where there is none. `stopped`: the number of the last sweep, where that was
    stopped or not proven. `days`: from the last sweep that was approved to this one.
    """
    rows = sum(one.rows for one in found)
    made = []
    if last_fingerprint is None:
        made.append(Ask("first", rows))
    elif last_fingerprint != fingerprint:
        made.append(Ask("changed", rows))
    if stopped is not None:
        made.append(Ask("stopped", rows))
    if days is not None and not 0 <= days <= LONGEST_PAUSE:
        made.append(Ask("clock", rows))
    for one in sorted(found, key=lambda one: (one.store, one.table, one.code)):
        made.extend(_of_rule(one, caps, usual.get((one.store, one.table, one.code))))
    return made


def quiet(since: date | None, today: date, weeks: int) -> int | None:
    """For how many whole weeks sweeps have taken no row, where that are `weeks` or more; None where it is not odd.

    `since`: the day of the last sweep that took any, or of the first sweep where none ever did; None before the first.
    """
    if since is None:
        return None
    passed = (today - since).days // 7
    return passed if passed >= weeks else None


def _of_rule(one: Counted, caps: Caps, usual: float | None) -> list[Ask]:
    figures = Figures.from_json(one.figures)
    # A large table's total is PostgreSQL's own estimate, which can be older than the rows that were counted.
    total = max(figures.total, one.rows + sum(figures.held.values()) + figures.undated)
    limits: list[tuple[Why, int, float | None]] = [
        ("rows", caps.rows, None),
        ("share", _share(caps.share, total), total),
    ]
    if usual is not None:
        limits.append(("usual", max(math.floor(caps.usual * usual), FEW), usual))
    return [
        Ask(why, one.rows, one.store, one.table, one.code, limit, of) for why, limit, of in limits if one.rows > limit
    ]


def _share(share: float, total: int) -> int:
    """Rows of a table that a rule may take without a question; a share of 0 asks about every row.

    In a small table a few may go whatever share they are, but not most of them.
    """
    if share == 0:
        return 0
    few = min(FEW, max(1, total // 2))
    return max(math.floor(share * total), few)
