"""Which rows and columns of a table are under which term: what the catalog says under `classes` and `lapses`."""

from __future__ import annotations

from pydantic import Field, model_validator

from avgflow.configuration import Strict


class Termed(Strict):
    """Rows of a record class, and the term that they are under.

    `when`: SQL over the row's columns. `term_from`: the column with the date from which the retention term runs;
    `term`: which of the class's other terms. `sweep`: SQL for the value that columns get at the end of the term, where
    the row then stays without the person.
    """

    record_class: str = Field(alias="class")
    when: str | None = None
    term_from: str | None = None
    term: str | None = None
    sweep: dict[str, str] = Field(default_factory=dict)


class RowClass(Termed):
    """A record class and the rows that are of it (the first whose condition holds).

    At the end of its term a row is deleted, unless `sweep` says what is taken out of it. `follows`: a row has no date
    of its own and goes with the row that it belongs to by `subject`.
    """

    follows: bool = False

    @model_validator(mode="after")
    def _one_date(self) -> RowClass:
        if self.follows and self.term_from:
            raise ValueError("term_from gives a date of its own, follows that of another row; give one of the two")
        if self.follows and self.sweep:
            raise ValueError("a row that follows another is deleted before it; take sweep or follows out")
        return self


class Lapse(Termed):
    """Columns of a row that are kept for a shorter term than the row: the sound of a call, and not that there was one.

    `sweep` says what stands in them after that.
    """

    @model_validator(mode="after")
    def _whole(self) -> Lapse:
        if not self.sweep or self.term_from is None:
            raise ValueError("lapses says from when a term counts and what goes: term_from: …, sweep: {column: 'NULL'}")
        return self
