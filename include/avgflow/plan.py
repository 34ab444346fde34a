"""What will be done for a request, written down before it is done: pure, immutable, with a digest.

The digest is keyed: a plan names row keys and identifiers, and a plain hash of these could be guessed back from a log.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from avgflow.catalog.models import Catalog, Text
from avgflow.catalog.names import TableName
from avgflow.identity import Footprint, Key
from avgflow.policy.decide import EVERYTHING

Action = Literal[
    "collect",
    "leave out",
    "hand over",
    "withhold",
    "delete",
    "anonymise",
    "keep",
    "unlink",
    "refresh",
    "follow",
    "set",
    "stop",
    "weigh",
    "continue",
    "restrict",
    "list",
    "lift",
    "correct",
    "annotate",
    "same",
    "differs",
]
"""`collect` and `leave out`: of an inzage. `hand over`, `withhold`: of a portability, where all is collected, to know
who is who in it, and a part of the rows and columns goes into the package. `set`, `stop`, `weigh`, `continue`: of
an objection. `restrict`, `list`: of a restriction, and of an objection until a human has weighed it; `lift`: of its
end. `correct`, `annotate`, `same`, `differs`: of a rectification. The others: of an erasure, and of an objection that
ends what rested on consent.

`delete`; `anonymise`: the row stays for other rows that hang on it, its personal columns are overwritten; `keep`: with
a ground, less the columns that the ground does not need; `unlink`: a row that points to one that goes, whose pointer
the database empties; `refresh`: a materialised view is made anew; `follow`: a view shows what its tables hold; `set`:
the row is marked, so that the store itself stops; `stop`: no longer used, with nothing to mark; `weigh`: a human weighs
the objection; `continue`: used as before, with a ground; `restrict`: the row is marked, so that the store itself does
not use it; `list`: it may not be used, which the register alone says, for the store has nothing to mark; `lift`: the
mark of a restriction is taken off.
"""
Counts = Mapping[tuple[str, TableName], Mapping[str | None, int]]
"""Rows by store and table, then by record class."""

ASIDE = frozenset({"refresh", "follow", "stop", "weigh", "continue", "list", "annotate", "same", "differs"})
"""Actions for which the transaction on a store does nothing."""

_UNCHANGED = frozenset({"leave out", "withhold", *ASIDE})

_READ = frozenset({"collect", "hand over", "withhold"})


@dataclass(frozen=True)
class Step:
    """What happens to some rows of one record class in one table, and why.

    `ground`: the article on which rows are kept or erased, or on which they rest where that decides whether they are
    handed over; `keep_until`: the last day they are kept, None where no day is known; `columns`: those that are
    overwritten, set or handed over, or the pointer that is emptied; `keys`: the rows' keys as PostgreSQL prints them,
    of a table without a key the digests of its rows.
    """

    store: str
    table: TableName
    record_class: str | None
    rows: int
    action: Action
    reason: Text | None = None
    ground: str = ""
    keep_until: date | None = None
    columns: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether rows are collected, handed over or changed by it; a row that is kept as it is, is not."""
        return self.action not in _UNCHANGED and (self.action != "keep" or bool(self.columns))

    @property
    def writes(self) -> bool:
        """Whether its columns are written to, and not handed over."""
        return self.changes and self.action not in _READ

    def to_json(self) -> dict[str, Any]:
        """A JSON form; with its keys it names rows of a person, and is kept sealed."""
        return {
            "store": self.store,
            "table": str(self.table),
            "class": self.record_class,
            "rows": self.rows,
            "action": self.action,
            "reason": self.reason.model_dump() if self.reason else None,
            "ground": self.ground,
            "keep_until": self.keep_until.isoformat() if self.keep_until else None,
            "columns": list(self.columns),
            "keys": sorted(map(list, self.keys)),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Step:
        """The inverse of `to_json`."""
        return cls(
            store=data["store"],
            table=TableName.parse(data["table"]),
            record_class=data["class"],
            rows=data["rows"],
            action=data["action"],
            reason=Text(**data["reason"]) if data["reason"] else None,
            ground=data["ground"],
            keep_until=date.fromisoformat(data["keep_until"]) if data["keep_until"] else None,
            columns=tuple(data["columns"]),
            keys=tuple(map(tuple, data["keys"])),
        )


@dataclass(frozen=True)
class Basis:
    """What an erasure was decided on besides the rows: the day, and whether a contract with the person runs."""

    made_on: date
    contract_runs: bool


@dataclass(frozen=True)
class Fix:
    """What is corrected: the right value of an attribute, and the wrong ones that stand in the stores; `fill`: none
    stands there, so that it is filled in.
    """

    attribute: str
    new: str
    former: tuple[str, ...]
    fill: bool = False


@dataclass(frozen=True)
class Plan:
    """All steps of one request, what its rows hang on, and how many rows hang only on a shared identifier.

    `suppress`: the channels on which the person is never written to for marketing again. `basis`: of an erasure. The
    day is no part of the digest: a plan that comes out the same the next day is the same plan. `done`: what was carried
    out under earlier plans of this request; its rows are gone, set or corrected. `scope`: what an objection is to.
    `restricts`: the record classes that may not be used for the time being, or `EVERYTHING`. `fixes`: what a
    rectification corrects.
    """

    number: str
    right: str
    steps: tuple[Step, ...]
    footprint: Footprint
    shared_rows: int
    digest: str
    suppress: tuple[str, ...] = ()
    basis: Basis | None = None
    done: tuple[Step, ...] = ()
    scope: str | None = None
    restricts: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()

    @property
    def erases(self) -> bool:
        """Whether its rows are to go, so that nothing should name the person any more."""
        return self.right == "erasure"

    def restricted(self, record_class: str | None) -> bool:
        """Whether it restricts the use of a class of records."""
        return EVERYTHING in self.restricts or record_class in self.restricts

    @property
    def rows(self) -> int:
        """Rows that will be collected or changed."""
        return sum(step.rows for step in self.steps if step.changes)

    def read_of(self, store: str, table: TableName) -> int:
        """Rows of one table that will be collected, whether or not they are handed over."""
        return sum(step.rows for step in self.steps_of(store) if step.table == table and step.action in _READ)

    def steps_of(self, store: str) -> tuple[Step, ...]:
        """The steps in one store."""
        return tuple(step for step in self.steps if step.store == store)

    def to_bytes(self) -> bytes:
        """The whole plan as JSON, to be sealed: it names identifiers and rows."""
        basis = self.basis and {
            "made_on": self.basis.made_on.isoformat(),
            "contract_runs": self.basis.contract_runs,
        }
        return _canonical({**_content(self), "digest": self.digest, "basis": basis})

    @classmethod
    def from_bytes(cls, data: bytes) -> Plan:
        """The inverse of `to_bytes`."""
        content = json.loads(data)
        basis = content["basis"]
        return cls(
            number=content["number"],
            right=content["right"],
            steps=tuple(map(Step.from_json, content["steps"])),
            footprint=Footprint.from_json(content["footprint"]),
            shared_rows=content["shared_rows"],
            digest=content["digest"],
            suppress=tuple(content["suppress"]),
            basis=Basis(date.fromisoformat(basis["made_on"]), basis["contract_runs"]) if basis else None,
            done=tuple(map(Step.from_json, content["done"])),
            scope=content.get("scope"),
            fixes=tuple(Fix(a, new, tuple(former), fill) for a, new, former, fill in content.get("fixes", ())),
            restricts=tuple(content.get("restricts", ())),
        )


Hash = Callable[[bytes], str]
"""The keyed hash of the register."""


def access(
    number: str, catalog: Catalog, counts: Counts, footprint: Footprint, shared_rows: int, keyed_hash: Hash
) -> Plan:
    """The plan of an inzage: every table of every store, with or without rows, is collected or left out with a
    reason.
    """
    steps: list[Step] = []
    for store, name, table in catalog.tables():
        if not table.subject:
            continue
        action: Action = "collect" if table.access else "leave out"
        reason = table.why if not table.access else None
        found = counts.get((store.store, name), {}) or {None: 0}
        steps += [
            Step(store.store, name, record_class, rows, action, reason)
            for record_class, rows in sorted(found.items(), key=lambda item: item[0] or "")
        ]
    return _signed(Plan(number, "access", tuple(steps), footprint, shared_rows, ""), keyed_hash)


def portability(number: str, steps: Iterable[Step], footprint: Footprint, shared_rows: int, keyed_hash: Hash) -> Plan:
    """The plan of a portability: every table of every store, what of it is handed over and what is not, and why."""
    return _signed(Plan(number, "portability", tuple(steps), footprint, shared_rows, ""), keyed_hash)


def erasure(
    number: str,
    steps: Iterable[Step],
    footprint: Footprint,
    shared_rows: int,
    suppress: tuple[str, ...],
    basis: Basis,
    done: tuple[Step, ...],
    keyed_hash: Hash,
) -> Plan:
    """The plan of an erasure: the steps of all stores, in the order of stores and tables."""
    plan = Plan(number, "erasure", tuple(steps), footprint, shared_rows, "", suppress, basis, done)
    return _signed(plan, keyed_hash)


def objection(
    number: str,
    scope: str,
    restricts: tuple[str, ...],
    steps: Iterable[Step],
    footprint: Footprint,
    shared_rows: int,
    suppress: tuple[str, ...],
    basis: Basis,
    done: tuple[Step, ...],
    keyed_hash: Hash,
) -> Plan:
    """The plan of an objection: as that of an erasure, with what the objection is to, and the classes of which the use
    is restricted until a human has weighed it.
    """
    plan = Plan(number, "objection", tuple(steps), footprint, shared_rows, "", suppress, basis, done, scope, restricts)
    return _signed(plan, keyed_hash)


def restriction(
    number: str,
    steps: Iterable[Step],
    footprint: Footprint,
    shared_rows: int,
    suppress: tuple[str, ...],
    basis: Basis,
    done: tuple[Step, ...],
    keyed_hash: Hash,
) -> Plan:
    """The plan of a restriction, which is of all that is the person's."""
    everything = (EVERYTHING,)
    plan = Plan(
        number, "restriction", tuple(steps), footprint, shared_rows, "", suppress, basis, done, restricts=everything
    )
    return _signed(plan, keyed_hash)


def rectification(
    number: str,
    fixes: tuple[Fix, ...],
    steps: Iterable[Step],
    footprint: Footprint,
    shared_rows: int,
    basis: Basis,
    done: tuple[Step, ...],
    keyed_hash: Hash,
) -> Plan:
    """The plan of a rectification: the right values are part of what is approved."""
    steps = tuple(steps)
    made = Plan(number, "rectification", steps, footprint, shared_rows, "", (), basis, done, fixes=fixes)
    return _signed(made, keyed_hash)


def grouped(steps: Iterable[Step]) -> tuple[Step, ...]:
    """Steps of single rows as one step for all rows that share everything but their key, in the order of the first."""
    groups: dict[Step, list[Key]] = defaultdict(list)
    for step in steps:
        groups[replace(step, rows=0, keys=())] += step.keys
    return tuple(replace(step, rows=len(keys), keys=tuple(sorted(keys))) for step, keys in groups.items())


def _signed(plan: Plan, keyed_hash: Hash) -> Plan:
    return replace(plan, digest=keyed_hash(_canonical(_content(plan))))


def _content(plan: Plan) -> dict[str, Any]:
    return {
        "number": plan.number,
        "right": plan.right,
        "steps": [step.to_json() for step in plan.steps],
        "footprint": plan.footprint.to_json(),
        "shared_rows": plan.shared_rows,
        "suppress": list(plan.suppress),
        "done": [step.to_json() for step in plan.done],
        **({"scope": plan.scope} if plan.scope else {}),
        **({"fixes": [[f.attribute, f.new, list(f.former), f.fill] for f in plan.fixes]} if plan.fixes else {}),
        **({"restricts": list(plan.restricts)} if plan.restricts else {}),
    }


def _canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
