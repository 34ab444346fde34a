"""The rules of a sweep, from catalog and policy: which rows of a table are past their term on a day. Pure.

A term's last day is the last on which a row is kept; from the next on it may go. A row without a date is never past
its term: its term has not begun, or nobody knows when.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Literal

from avgflow.catalog.models import Catalog, Store
from avgflow.catalog.names import TableName
from avgflow.catalog.termed import Lapse, RowClass, Termed
from avgflow.policy.decide import last_day
from avgflow.policy.models import Policy, Term

Action = Literal["delete", "anonymise"]
"""`delete`: the row goes; `anonymise`: it stays, and what tells whose it was is taken out of it."""


@dataclass(frozen=True)
class Rule:
    """One line of the catalog that says when rows of a table, or columns of them, are past their term.

    `nth`: its place among the table's `classes`, or among its `lapses` where `lapse`. `sets`: SQL for the value that
    each column gets; nothing where the row is deleted.
    """

    store: str
    table: TableName
    nth: int
    lapse: bool
    record_class: str
    term: Term = field(repr=False)
    term_name: str | None = None
    term_from: str | None = None
    follows: bool = False
    sets: tuple[tuple[str, str], ...] = ()

    @property
    def code(self) -> str:
        """What it is called on the register, unique within its table: `1-R2`, or `lapse-1-R2-audio`."""
        parts = ("lapse" if self.lapse else "", str(self.nth + 1), self.record_class, self.term_name or "")
        return "-".join(part for part in parts if part)

    @property
    def action(self) -> Action:
        return "anonymise" if self.sets else "delete"


def rules(catalog: Catalog, policy: Policy) -> tuple[Rule, ...]:
    """Every rule of every store, in the order of the catalog; views have none, for they show what their tables hold."""
    return tuple(rule for store in catalog.stores.values() for rule in of_store(store, policy))


def of_store(store: Store, policy: Policy) -> Iterator[Rule]:
    """The rules of one store."""
    for name, table in store.tables.items():
        if table.kind != "table":
            continue
        for nth, rows in enumerate(table.classes):
            yield _rule(store, name, nth, rows, policy)
        for nth, lapse in enumerate(table.lapses):
            yield _rule(store, name, nth, lapse, policy)


def _rule(store: Store, name: TableName, nth: int, rows: Termed, policy: Policy) -> Rule:
    of_class = policy.classes[rows.record_class]
    return Rule(
        store.store,
        name,
        nth,
        isinstance(rows, Lapse),
        rows.record_class,
        of_class.other_terms[rows.term] if rows.term else of_class.term,
        rows.term,
        rows.term_from,
        isinstance(rows, RowClass) and rows.follows,
        tuple(rows.sweep.items()),
    )


def past_before(term: Term, day: date) -> date | None:
    """The first day that is too late: a row whose term counts from an earlier one is past it on `day`.

    None where the term has no period, so that no row ever is.
    """
    if term.period is None:
        return None
    # Terms grow with the day they count from, so the first of those that are not past is found by halving.
    early, late = date.min, day + timedelta(days=1)
    if not _past(term, early, day):
        return early
    while (late - early).days > 1:
        middle = early + (late - early) // 2
        if _past(term, middle, day):
            early = middle
        else:
            late = middle
    return late


def _past(term: Term, counts_from: date, day: date) -> bool:
    last = last_day(term, counts_from)
    return last is not None and last < day


def fingerprint(catalog: Catalog, policy: Policy) -> str:
    """SHA-256 in hex over all that catalog and policy say; another one, and a human looks before anything goes."""
    said = {
        "catalog": {name: store.model_dump(mode="json", by_alias=True) for name, store in catalog.stores.items()},
        "policy": policy.model_dump(mode="json", by_alias=True),
        "rules": [{**asdict(rule), "table": str(rule.table)} for rule in rules(catalog, policy)],
    }
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
