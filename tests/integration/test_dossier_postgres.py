"""What the export writes, held against what PostgreSQL itself says of the same values."""

from __future__ import annotations

import json
import re
from typing import Any

import psycopg
import pytest

from avgflow.dossier.exact import iso, to_json

ARRAYS = [
    "ARRAY['a,b', '{x}', 'NULL', NULL, '', '  ', 'q\"q', E'b\\\\s', E'line\\nend', 'é😀', E'\\t']",
    "ARRAY[['a', NULL], ['b', '']]",
    "ARRAY[]::text[]",
    "'[2:3]={x,y}'::text[]",
    "ARRAY[1, NULL, 9223372036854775807]::bigint[]",
    "ARRAY[true, false, NULL]",
    'ARRAY[\'{"a": 1.10, "b": [null, "x"]}\', \'[]\', \'""\']::jsonb[]',
    "ARRAY[1.5, 'NaN', 1e300]::double precision[]",
]


@pytest.mark.parametrize("expression", ARRAYS)
def test_arrays_are_what_postgresql_itself_makes_of_them(pg: Any, expression: str) -> None:
    with psycopg.connect(pg.superuser_dsn) as conn:
        query = (
            f"SELECT format_type(pg_typeof(it), NULL), it::text, to_json(it)::text FROM (SELECT {expression}) AS t (it)"
        )
        row = conn.execute(query.encode()).fetchone()
    assert row is not None
    sql_type, text, theirs = row
    ours = json.loads(to_json(sql_type)(text), parse_float=str, parse_int=str)
    assert ours == json.loads(theirs, parse_float=str, parse_int=str)


@pytest.mark.parametrize(
    "moment",
    ["2026-03-29 03:30", "2026-10-25 02:30", "1890-05-01 00:00", "1937-07-01 00:00", "12026-01-01", "0044-03-15 BC"],
)
def test_moments_have_a_full_offset_that_postgresql_reads_back(pg: Any, moment: str) -> None:
    with psycopg.connect(pg.superuser_dsn) as conn:
        conn.execute("SET TimeZone = 'Europe/Amsterdam'")
        row = conn.execute("SELECT %s::timestamptz::text", (moment,)).fetchone()
        assert row is not None
        written = iso(row[0])
        if not written.startswith(("-", "+")):  # years of four digits: PostgreSQL reads those in ISO 8601
            again = conn.execute("SELECT %s::timestamptz = %s::timestamptz", (written, moment)).fetchone()
            assert again == (True,)
    # Before the zones of today, Amsterdam was 19 minutes and 32 seconds ahead.
    assert re.search(r"T\d\d:\d\d:\d\d[+-]\d\d:\d\d(:\d\d)?$", written)


def test_everything_that_can_be_stored_is_valid_json(pg: Any) -> None:
    expressions = [
        "'infinity'::timestamptz", "'-infinity'::date", "'NaN'::numeric", "'-Infinity'::float8", "1e-7::float8",
        "'[1,5)'::int4range", "'{[1,5),[7,)}'::int4multirange", "'1 day 2 hours'::interval", "'10.0.0.1'::inet",
        "'(1,2)'::point", "B'101'::bit(3)", "'a b'::tsvector", "'{\"a\":\n1.10}'::json",
        "'\"x\"'::jsonb", "'null'::jsonb", "'12:30'::time", "gen_random_uuid()", "'-$5.00'::money", "ROW(1, 'x,')",
        "2147483647::oid", "'{1,2}'::int4[]::text",
    ]  # fmt: skip
    with psycopg.connect(pg.superuser_dsn) as conn:
        for expression in expressions:
            query = f"SELECT format_type(pg_typeof(it), NULL), it::text FROM (SELECT {expression}) AS t (it)"
            row = conn.execute(query.encode()).fetchone()
            assert row is not None
            read = json.loads(to_json(row[0])(row[1]), parse_float=str, parse_int=str)
            assert read == row[1] or to_json(row[0])(row[1]) == row[1] or read == iso(row[1])
