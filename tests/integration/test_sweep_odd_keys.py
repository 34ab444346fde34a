"""Keys of all kinds: a sweep looks each row up by what PostgreSQL printed of its key, and takes that one alone."""

from __future__ import annotations

from itertools import product
from typing import Any

import psycopg
from erasure_lab import laboratory, table
from psycopg.types.json import Jsonb
from sweep_bench import batches, sweep

ODD = ["", " ", "NULL", "{}", "a,b", 'with "quotes"', "back\\slash", 'both \\" of them', "%s %(k0)s %%", "ünï 🦊", "\n"]


def test_odd_keys_are_found_again(pg: Any) -> None:
    schema = "CREATE TABLE t (one text, other jsonb, d date, PRIMARY KEY (one, other))"
    rows = table(key=("one", "other"), plain=("d",), classes=[{"class": "R2", "term_from": "d"}])
    with laboratory(pg, schema, {"t": rows}) as lab:
        with psycopg.connect(lab.dsn) as connection:
            for text, day in product(ODD, ("2020-01-01", "2026-11-01")):
                connection.execute("INSERT INTO t VALUES (%s, %s, %s)", [text, Jsonb([text, day]), day])
        assert sweep(lab, batches(lab, 4)) == [4, 4, 3]
        assert sorted(lab.column("SELECT one FROM t")) == sorted(ODD)
        assert lab.column("SELECT DISTINCT d::text FROM t") == ["2026-11-01"]
