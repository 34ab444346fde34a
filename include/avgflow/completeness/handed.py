"""Whether a package to take along (AVG art. 20) holds what the plan hands over, all of it, and nothing that may not go.

On top of what is measured of any collected table (`measure`): of the rows and columns as the package gets them. Figures
only, no value of any row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from avgflow.catalog.models import Column, Table
from avgflow.catalog.names import TableName
from avgflow.completeness.measure import Measure
from avgflow.completeness.verdict import CHECKS, Check, Proof, tables_of
from avgflow.plan import Plan, Step


@dataclass(frozen=True)
class Handed(Measure):
    """One table of a portability, measured for one request."""

    to_hand_over: int
    """Rows, by the plan."""
    handed: int
    """Rows that the package gets."""
    portable: int
    """Rows that go along by a count of its own, now."""
    withheld: int
    """Rows that do not go along, by the plan."""
    stray_rows: int
    """Rows that the package gets though the plan lets none of their record class go."""
    columns_short: int
    """Columns that the plan lets go and the package lacks."""
    stray_columns: int
    """Columns that the package gets though the plan does not let them go, or that do not come from the person."""


PORTABILITY = Proof(
    "portability",
    (
        *CHECKS,
        Check(
            "handed_over",
            "in het pakket zit wat gepland was",
            "the package holds what was planned",
            "handed",
            "to_hand_over",
        ),
        Check(
            "all_of_it",
            "in het pakket zit alles wat volgens een nieuwe telling mee mag",
            "the package holds all that a new count lets go",
            "handed",
            "portable",
        ),
        Check("no_stray_row", "er zit geen rij in die niet mee mag", "no row is in it that may not go", "stray_rows"),
        Check("every_column", "elke kolom die mee mag, zit erin", "every column that may go is in it", "columns_short"),
        Check(
            "no_stray_column",
            "er zit geen kolom in die niet mee mag",
            "no column is in it that may not go",
            "stray_columns",
        ),
    ),
    tables_of,
)
"""That a package is all that goes along, exactly, and nothing else."""


@dataclass(frozen=True)
class Observed:
    """What the package gets of a table: rows by record class, and columns."""

    rows: Mapping[str | None, int]
    columns: Sequence[str]


NOTHING = Observed({}, ())


def handed(measure: Measure, table: Table, plan: Plan, observed: Observed, portable: int) -> Handed:
    """The measure of a table, completed; `portable`: rows that go along by a count of its own."""
    name = TableName.parse(measure.table)
    steps = [step for step in plan.steps_of(measure.store) if step.table == name]
    going = [step for step in steps if step.action == "hand over" and step.rows]
    may = {column for step in going for column in step.columns}
    return Handed(
        **measure.row(),
        to_hand_over=_rows(going),
        handed=sum(observed.rows.values()),
        portable=portable,
        withheld=_rows(step for step in steps if step.action == "withhold"),
        stray_rows=_stray(observed.rows, {step.record_class for step in going}),
        columns_short=len(may - set(observed.columns)),
        stray_columns=sum(name not in may or not _given(table.columns.get(name)) for name in observed.columns),
    )


def _rows(steps: Iterable[Step]) -> int:
    return sum(step.rows for step in steps)


def _stray(rows: Mapping[str | None, int], may: Collection[str | None]) -> int:
    return sum(number for record_class, number in rows.items() if record_class not in may)


def _given(column: Column | None) -> bool:
    """Whether a column comes from the person, by the catalog and by no other code than this."""
    if column is None or not column.personal or column.secret or column.third_party:
        return False
    return column.origin == "provided" or column.origin == "observed"
