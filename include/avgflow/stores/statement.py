"""Statements that SQLAlchemy composes once and PostgreSQL gets again and again with other values.

Composing a statement takes longer than running it, and depends on the catalog alone. Whose rows are meant comes in as
bound values; the types of the columns in the live database come in last, as `TypeName` parameters. So what is composed
in the process from which tasks are forked serves every task.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, ColumnElement, Connection, Integer, bindparam
from sqlalchemy.types import UserDefinedType

from avgflow.dialect import COMPOSING

AT_MOST = "at_most"
"""The parameter of a statement that bounds its rows; without a value there is no bound."""


@dataclass(frozen=True)
class Statement:
    """SQL for psycopg with the values for its parameters."""

    text: str
    values: Mapping[str, Any]

    def on(self, view: Connection) -> Iterable[Sequence[Any]]:
        """Run it; all rows are fetched."""
        return view.exec_driver_sql(self.text, dict(self.values))

    def change(self, store: Connection) -> int:
        """Run it; how many rows it changed."""
        return store.exec_driver_sql(self.text, dict(self.values)).rowcount

    def read(self, view: Connection, rows: int) -> Iterable[Sequence[Any]]:
        """Run it with not more than so many rows in memory at a time; the statement is one with `at_most`.

        A cursor in the database costs twice the time of the statement itself, and nearly every result is small: so
        the first rows are asked for without, and only where there are more of them the cursor is opened.
        """
        few = view.exec_driver_sql(self.text, {**self.values, AT_MOST: rows + 1}).all()
        if len(few) <= rows:
            return few
        del few
        return view.exec_driver_sql(self.text, dict(self.values), execution_options={"yield_per": rows})


class Composed:
    """A statement without values."""

    def __init__(self, statement: ClauseElement) -> None:
        self._compiled: Any = statement.compile(dialect=COMPOSING)

    def filled(self, values: Mapping[str, Any]) -> Statement:
        """With the values of its parameters, type names among them."""
        # SQLAlchemy's public way to a driver's text with the late parameters put in.
        state = self._compiled.construct_expanded_state(values)
        return Statement(state.statement, state.parameters)


class TypeName(UserDefinedType[str]):
    """A parameter that is the name of a type, as PostgreSQL's `format_type` prints it; put into the text late."""

    cache_ok = True

    def literal_processor(self, dialect: Any) -> Any:
        """The name as it is: PostgreSQL has quoted it already, and it comes from nowhere else."""
        return lambda name: name


def at_most() -> ColumnElement[Any]:
    """The bound of `Statement.read`, for a statement's LIMIT."""
    bound: BindParameter[int | None] = bindparam(AT_MOST, None, type_=Integer)
    return bound


def typed(value: ColumnElement[Any], type_parameter: str) -> ColumnElement[Any]:
    """A value cast to the type whose name this parameter gives."""
    name: BindParameter[str] = bindparam(type_parameter, type_=TypeName(), literal_execute=True)
    return value.op("::", precedence=99)(name)
