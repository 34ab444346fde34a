"""The numbers of requests: each is given out once, whatever becomes of the request."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, func
from sqlalchemy.dialects import postgresql

from avgflow.register.schema import request_counter


def give_out(conn: Connection, year: int) -> str:
    """The next number of a year: `AVG-2026-00042`."""
    first = postgresql.insert(request_counter).values(year=year, last=1)
    given = conn.execute(
        first.on_conflict_do_update(
            index_elements=[request_counter.c.year], set_={"last": request_counter.c.last + 1}
        ).returning(request_counter.c.last)
    ).scalar_one()
    return f"AVG-{year}-{given:05d}"


def never_again(conn: Connection, last: Mapping[int, int]) -> None:
    """Let no number up to these be given out, by year; a counter that is further on stays."""
    for year, number in sorted(last.items()):
        first = postgresql.insert(request_counter).values(year=year, last=number)
        further = func.greatest(request_counter.c.last, first.excluded.last)
        conn.execute(first.on_conflict_do_update(index_elements=[request_counter.c.year], set_={"last": further}))
