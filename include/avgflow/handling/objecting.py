"""What an objection or a withdrawn consent comes to in one store: marks that are set, what rested on consent alone and
goes, what a human weighs and may not be used until then, and what goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from avgflow.catalog.marks import Stop
from avgflow.catalog.models import Text
from avgflow.effects import OwnRow, effects
from avgflow.handling import restricting
from avgflow.intake import RestrictionGround, Scope
from avgflow.plan import Action, Step, grouped
from avgflow.policy import decide
from avgflow.policy.decide import Decision, Ground, Record, Situation
from avgflow.policy.models import Policy
from avgflow.stores import survey
from avgflow.stores.survey import Found
from avgflow.stores.survey import Ground as Tables

_NOT_ASKED = Decision(
    "keep",
    Ground.OTHER_BASIS,
    Text(
        nl="Hieraan hangen andere gegevens, die wij om een andere reden gebruiken.",
        en="Other data hang on this, which we use for another reason.",
    ),
    whole=True,
)
"""What stands in for every row that an objection does not take away: it may hold one that it does."""


def channels(policy: Policy, scope: Scope) -> tuple[str, ...]:
    """The channels on which nothing is sent any more, whether or not anything is held of the person."""
    return tuple(sorted({str(of_class.channel) for of_class in decide.stopped(policy, scope).values()}))


def steps(
    policy: Policy,
    store: str,
    connection: Connection,
    ground: Tables,
    rows: Sequence[Found],
    known: Situation,
    scope: Scope,
    refused: Collection[str] = (),
) -> tuple[Step, ...]:
    """The steps in one store for one person, from their rows as the connection sees them; `refused`: the classes for
    which a human did not uphold it, of which the use is not restricted any more.
    """
    decided = [decide.objection(policy, _record(ground, row), known, scope) for row in rows]
    made = _taken_away(store, connection, ground, rows, decided)
    marks = list(_marks(policy, store, ground, rows, known, scope))
    weighed = [one is not None and one.action == "weigh" for one in decided]
    restricts = restricting.marking(
        store,
        ground,
        [row for row, to_weigh in zip(rows, weighed, strict=True) if to_weigh],
        RestrictionGround.OBJECTION,
        lambda row: row.of_class.record_class not in refused,
    )
    marked = {(step.table, key) for step in marks for key in step.keys}
    left: Counter[Step] = Counter()
    for row, one in zip(rows, decided, strict=True):
        action = _said(policy, row, one)
        if action == "stop" and (row.table, row.key) in marked:
            continue
        if action is not None and one is not None:
            left[Step(store, row.table, row.of_class.record_class, 0, action, one.reason, one.ground)] += 1
    return (*made, *grouped((*marks, *restricts)), *(replace(step, rows=number) for step, number in left.items()))


def _said(policy: Policy, row: Found, decision: Decision | None) -> Action | None:
    """What a plan says of a row that nothing is done to; which proof of consent ends, only its mark says."""
    if decision is None or decision.action in ("erase", "keep"):
        return None
    if decision.action == "stop":
        return None if policy.classes[row.of_class.record_class].proof else "stop"
    return "weigh" if decision.action == "weigh" else "continue"


def _record(ground: Tables, row: Found) -> Record:
    former = ground.targets[row.table].table.history
    return Record(row.of_class.record_class, row.of_class.term, row.counts_from, former)


def _taken_away(
    store: str,
    connection: Connection,
    ground: Tables,
    rows: Sequence[Found],
    decided: Sequence[Decision | None],
) -> tuple[Step, ...]:
    """The steps of what rested on consent: as of an erasure in which all else stays as it is."""
    asked = {
        (row.table, row.key): one
        for row, one in zip(rows, decided, strict=True)
        if one is not None and one.action in ("erase", "keep")
    }
    if not asked:
        return ()
    own = [
        OwnRow(
            row.table,
            row.key,
            row.of_class.record_class,
            asked.get((row.table, row.key), _NOT_ASKED),
            row.values,
        )
        for row in rows
    ]
    going = [row for row, one in zip(rows, own, strict=True) if one.decision.action == "erase"]
    pointing = survey.pointing(connection, ground, {"": going}, {"": rows})[""]
    return tuple(
        step
        for step in effects(store, ground.places, own, pointing)
        if step.action != "keep" or any((step.table, key) in asked for key in step.keys)
    )


def _marks(
    policy: Policy, store: str, ground: Tables, rows: Sequence[Found], known: Situation, scope: Scope
) -> Iterator[Step]:
    """A step for each row in which something is to be set."""
    for row in rows:
        stops = ground.targets[row.table].table.stops
        open_ = [stop for place, stop in enumerate(stops) if place in row.open and scope in (stop.scope, Scope.ALL)]
        if open_:
            columns = tuple(sorted({column for stop in open_ for column in stop.set}))
            record_class = row.of_class.record_class
            why = _why(policy, record_class, open_[0], known)
            yield Step(store, row.table, record_class, 1, "set", why.reason, why.ground, None, columns, (row.key,))


def _why(policy: Policy, record_class: str, stop: Stop, known: Situation) -> Decision:
    """The decision that a mark carries out: on its own class, or on the class that its scope names."""
    of_scope = (name for name, of_class in policy.classes.items() if of_class.scope == stop.scope)
    for name in (record_class, *of_scope):
        found = decide.objection(policy, Record(name), Situation(known.today), stop.scope)
        if found is not None and found.action in ("stop", "erase"):
            return found
    return _NOT_ASKED
