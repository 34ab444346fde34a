"""What will be done for a request, written down before it is done: pure, immutable, with a digest.

The digest is keyed: a plan names row keys and identifiers, and a plain hash of these could be guessed back from a log.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from avgflow.catalog.models import Catalog
from avgflow.catalog.names import TableName
from avgflow.identity import Footprint

Action = Literal["collect", "leave out"]
Counts = Mapping[tuple[str, TableName], Mapping[str | None, int]]
"""Rows by store and table, then by record class."""


@dataclass(frozen=True)
class Step:
    """What happens to the rows of one record class in one table; `reason` says why rows are left out."""

    store: str
    table: TableName
    record_class: str | None
    rows: int
    action: Action
    reason: str = ""


@dataclass(frozen=True)
class Plan:
    """All steps of one request, what its rows hang on, and how many rows hang only on a shared identifier."""

    number: str
    right: str
    steps: tuple[Step, ...]
    footprint: Footprint
    shared_rows: int
    digest: str

    @property
    def rows(self) -> int:
        """Rows that will be collected or changed."""
        return sum(step.rows for step in self.steps if step.action != "leave out")

    def rows_of(self, store: str, table: TableName) -> int:
        """Rows of one table that will be collected or changed."""
        return sum(
            step.rows
            for step in self.steps
            if (step.store, step.table) == (store, table) and step.action != "leave out"
        )

    def to_bytes(self) -> bytes:
        """The whole plan as JSON, to be sealed: it names identifiers."""
        return _canonical(
            {**_content(self.number, self.right, self.steps, self.footprint, self.shared_rows), "digest": self.digest}
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Plan:
        """The inverse of `to_bytes`."""
        content = json.loads(data)
        steps = tuple(
            Step(s["store"], TableName.parse(s["table"]), s["class"], s["rows"], s["action"], s["reason"])
            for s in content["steps"]
        )
        return cls(
            content["number"],
            content["right"],
            steps,
            Footprint.from_json(content["footprint"]),
            content["shared_rows"],
            content["digest"],
        )


def access(
    number: str,
    catalog: Catalog,
    counts: Counts,
    footprint: Footprint,
    shared_rows: int,
    keyed_hash: Callable[[bytes], str],
) -> Plan:
    """The plan of an inzage: every table of every store, with or without rows, is collected or left out with a
    reason.
    """
    steps: list[Step] = []
    for store, name, table in catalog.tables():
        if not table.subject:
            continue
        action: Action = "collect" if table.access else "leave out"
        reason = table.why.nl if table.why and not table.access else ""
        found = counts.get((store.store, name), {}) or {None: 0}
        steps += [
            Step(store.store, name, record_class, rows, action, reason)
            for record_class, rows in sorted(found.items(), key=lambda item: item[0] or "")
        ]
    content = _content(number, "access", tuple(steps), footprint, shared_rows)
    return Plan(number, "access", tuple(steps), footprint, shared_rows, keyed_hash(_canonical(content)))


def _content(number: str, right: str, steps: tuple[Step, ...], footprint: Footprint, shared: int) -> dict[str, Any]:
    return {
        "number": number,
        "right": right,
        "steps": [
            {
                "store": s.store,
                "table": str(s.table),
                "class": s.record_class,
                "rows": s.rows,
                "action": s.action,
                "reason": s.reason,
            }
            for s in steps
        ],
        "footprint": footprint.to_json(),
        "shared_rows": shared,
    }


def _canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
