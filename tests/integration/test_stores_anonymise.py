"""What stands in a row that had to stay: it fits its column, whatever the column wants, and leads back to nobody.

fides#2391, #2547, #5446: masking crashes on NULL, or is refused by the column's own rule; fides: a kept salt or a plain
hash lets masked values be linked again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import pytest
from erasure_lab import EMAIL, PERSONAL, table
from handling.erasure_oracle import traces

from avgflow.errors import StoreRefused
from avgflow.stores.anonymise import CannotAnonymise

OLD = "Ann.Example-1990@x.nl"


class Column(NamedTuple):
    """A column, what stood in it (SQL), and what must stand there (a pattern of the value as printed, None: NULL)."""

    definition: str
    was: str
    becomes: str | None


TYPES = """
    CREATE TYPE mood AS ENUM ('so so', 'good');
    CREATE DOMAIN postcode AS text CHECK (VALUE ~ '^[0-9]{4} ?[A-Z]{2}$');
    CREATE DOMAIN date_of_birth AS date CHECK (VALUE > '1910-01-01');
"""
FIT = {
    "text": Column("text NOT NULL", f"'{OLD}'", "gewist"),
    "empty text": Column("text NOT NULL", "''", "gewist"),
    "nullable text": Column("text", f"'{OLD}'", None),
    "null": Column("text", "NULL", None),
    "unique text": Column("text NOT NULL UNIQUE", f"'{OLD}' || n", "gewist-[0-9a-f]{32}"),
    "varchar": Column("varchar(3) NOT NULL", "'Ann'", "gew"),
    "long varchar": Column("varchar(40) NOT NULL", f"'{OLD}'", "gewist"),
    "varchar without length": Column("varchar NOT NULL", f"'{OLD}'", "gewist"),
    "unique varchar": Column("varchar(12) NOT NULL UNIQUE", "'A' || n", "[0-9a-f]{12}"),
    "char": Column("char(2) NOT NULL", "'nl'", "ge"),
    "enum": Column("mood", "'good'", None),
    "domain": Column("postcode", "'1234 AB'", None),
    "boolean": Column("boolean NOT NULL", "true", "false"),
    "integer": Column("integer NOT NULL", "1990", "0"),
    "bigint": Column("bigint NOT NULL", "9007199254740993", "0"),
    "smallint": Column("smallint NOT NULL", "7", "0"),
    "unique integer": Column("integer NOT NULL UNIQUE", "1990 + n", r"-\d+"),
    "unique smallint": Column("smallint NOT NULL UNIQUE", "n", r"-\d+"),
    "numeric": Column("numeric(5, 2) NOT NULL", "999.99", r"0\.00"),
    "unique numeric": Column("numeric(12, 2) NOT NULL UNIQUE", "100 + n", r"-\d+\.\d\d"),
    "unique short numeric": Column("numeric(5, 2) NOT NULL UNIQUE", "100 + n", r"-\d+(\.\d\d)?"),
    "not a number": Column("numeric NOT NULL", "'NaN'", "0"),
    "double": Column("double precision NOT NULL", "'Infinity'", "0"),
    "real": Column("real NOT NULL", "1.5", "0"),
    "date": Column("date NOT NULL", "'1990-02-03'", "1900-01-01"),
    "timestamptz": Column("timestamptz(3) NOT NULL", "'1990-02-03 12:00+01'", "1900-01-01 .*"),
    "timestamp": Column("timestamp NOT NULL", "'1990-02-03'", "1900-01-01 00:00:00"),
    "time": Column("time NOT NULL", "'12:34'", "00:00:00"),
    "timetz": Column("time with time zone NOT NULL", "'12:34+01'", "00:00:00.*"),
    "interval": Column("interval NOT NULL", "'36 years'", "00:00:00"),
    "jsonb": Column("jsonb NOT NULL", """'{"name": "Ann"}'""", r"\{\}"),
    "json": Column("json NOT NULL", """'{"name": "Ann"}'""", r"\{\}"),
    "uuid": Column("uuid NOT NULL", "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'", "[0-9a-f-]{36}"),
    "unique uuid": Column("uuid NOT NULL UNIQUE", "gen_random_uuid()", "[0-9a-f-]{36}"),
    "inet": Column("inet NOT NULL", "'203.0.113.7'", r"0\.0\.0\.0(/32)?"),
    "cidr": Column("cidr NOT NULL", "'203.0.113.0/24'", r"0\.0\.0\.0/32"),
    "bytea": Column("bytea NOT NULL", r"'\x00ff'", r"\\x"),
    "point": Column("point NOT NULL", "'(5.1,52.1)'", r"\(0,0\)"),
    "texts": Column("text[] NOT NULL", f"ARRAY['{OLD}']", r"\{\}"),
    "integers": Column("integer[] NOT NULL", "ARRAY[1990]", r"\{\}"),
    "numerics": Column("numeric(5, 2)[] NOT NULL", "ARRAY[19.9]", r"\{\}"),
    "varchars": Column("varchar(40)[] NOT NULL", f"ARRAY['{OLD}']", r"\{\}"),
    "dates": Column("date[] NOT NULL", "ARRAY[date '1990-02-03']", r"\{\}"),
    "enums": Column("mood[] NOT NULL", "ARRAY['good']::mood[]", r"\{\}"),
    "int4range": Column("int4range NOT NULL", "'[18,30)'", "empty"),
    "daterange": Column("daterange NOT NULL", "'[1990-01-01,)'", "empty"),
    "tstzrange": Column("tstzrange NOT NULL", "'[1990-01-01,)'", "empty"),
    "multirange": Column("datemultirange NOT NULL", "'{[1990-01-01,)}'", r"\{\}"),
}


def held(columns: Mapping[str, str], values: str, described: Mapping[str, Any], types: str = TYPES) -> tuple[str, Any]:
    """A store with two rows of Ann's that others point to, and one of Bob's."""
    listed = ", ".join(f'"{name}" {definition}' for name, definition in columns.items())
    schema = f"""
        {types}
        CREATE TABLE person (id int PRIMARY KEY, email text NOT NULL, {listed});
        CREATE TABLE child (id int PRIMARY KEY, person int REFERENCES person);
        INSERT INTO person SELECT n, CASE n WHEN 3 THEN 'bob@x.nl' ELSE 'ann@x.nl' END, {values}
        FROM generate_series(1, 3) n;
        INSERT INTO child SELECT n, n FROM generate_series(1, 3) n;
    """
    persons = table({"email": "identifier"}, columns={"email": EMAIL, **described})
    return schema, {"person": persons, "child": table(plain=("person",))}


def test_every_kind_of_column_gets_a_value_that_fits_and_leads_nowhere(lab) -> None:
    store = lab(
        *held(
            {name: column.definition for name, column in FIT.items()},
            ", ".join(column.was for column in FIT.values()),
            dict.fromkeys(FIT, PERSONAL),
        )
    )
    printed = ", ".join(f'"{name}"::text' for name in FIT)
    (bob,) = store.query(f"SELECT {printed} FROM person WHERE id = 3")
    was = store.query(f"SELECT {printed} FROM person WHERE id < 3")
    store.erase()
    after = store.query(f"SELECT {printed} FROM person WHERE id < 3 ORDER BY id")
    wrong = [
        name
        for row in after
        for (name, column), value in zip(FIT.items(), row, strict=True)
        if (value is None if column.becomes is None else re.fullmatch(column.becomes, value or "\0")) in (None, False)
    ]
    assert wrong == []
    for place, name in enumerate(FIT):
        if "unique" in name or name == "uuid":
            assert len({row[place] for row in after}) == 2, name
    everything = "\n".join(str(value).lower() for row in after for value in row)
    known = {value for row in was for value in row if value and len(value) > 3 and not value.startswith("-")}
    assert [trace for value in known for trace in traces(value) if trace.lower() in everything] == []
    assert store.query(f"SELECT {printed} FROM person WHERE id = 3") == [bob]


ADDRESSES = {
    "text": "text NOT NULL",
    "unique": "text NOT NULL UNIQUE",
    "checked": r"text NOT NULL CHECK (mail ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$')",
    "short": "varchar(30) NOT NULL UNIQUE",
    "lower case": "text NOT NULL CHECK (mail = lower(mail))",
}


@pytest.mark.parametrize("definition", ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_becomes_one_that_no_mail_reaches(lab, definition) -> None:
    store = lab(*held({"mail": definition}, "'ann' || n || '@x.nl'", {"mail": EMAIL}))
    store.erase()
    (one, other, bob) = store.column("SELECT mail FROM person ORDER BY id")
    assert re.fullmatch(r"[0-9a-f]{8,32}@gewist\.invalid", one)
    assert one != other
    assert bob == "ann3@x.nl"


def test_an_address_that_is_unique_by_an_expression_differs(lab) -> None:
    schema, tables = held({"mail": "text NOT NULL"}, "'ann' || n || '@x.nl'", {"mail": PERSONAL})
    store = lab(schema + "CREATE UNIQUE INDEX ON person (lower(mail));", tables)
    store.erase()
    assert len(set(store.column("SELECT mail FROM person"))) == 3


def test_what_the_catalog_sets_it_to_wins(lab) -> None:
    store = lab(
        *held(
            {"feeling": "mood NOT NULL", "born": "date_of_birth NOT NULL", "left": "timestamptz"},
            "'good', '1990-02-03', NULL",
            {
                "feeling": {**PERSONAL, "erase_to": "'so so'"},
                "born": {**PERSONAL, "erase_to": "date_trunc('year', born)::date"},
                "left": {**PERSONAL, "erase_to": "now()"},
            },
        )
    )
    store.erase()
    assert store.query('SELECT feeling, born::text, "left" IS NOT NULL FROM person ORDER BY id') == [
        ("so so", "1990-01-01", True),
        ("so so", "1990-01-01", True),
        ("good", "1990-02-03", False),
    ]


CANNOT = {
    "enum": ("mood NOT NULL", "'good'"),
    "domain": ("postcode NOT NULL", "'1234 AB'"),
    "domain named as a type": ("date_of_birth NOT NULL", "'1990-02-03'"),
    "unique date": ("date NOT NULL UNIQUE", "date '1990-01-01' + n"),
    "unique json": ("jsonb NOT NULL UNIQUE", "to_jsonb(n)"),
    "bits": ("bit(3) NOT NULL", "B'101'"),
    "tsvector": ("tsvector NOT NULL", "'ann'"),
    "unique and short": ("varchar(4) NOT NULL UNIQUE", "'a' || n"),
    "pointer": ("int NOT NULL REFERENCES person", "1"),
    "address too short": ("varchar(12) NOT NULL", "'a' || n || '@x.nl'"),
}


@pytest.mark.parametrize(("definition", "was"), CANNOT.values(), ids=CANNOT)
def test_a_column_for_which_no_value_is_known_is_named_and_nothing_is_touched(lab, definition, was) -> None:
    spec = EMAIL if "@" in was else PERSONAL
    store = lab(*held({"the column": definition}, was, {"the column": spec}))
    before = store.everything()
    with pytest.raises(CannotAnonymise, match=r"public\.person\.the column"):
        store.erase()
    assert store.everything() == before


@pytest.mark.parametrize("definition", ["text NOT NULL CHECK (mail LIKE 'a%')", "text CHECK (mail IS NOT NULL)"])
def test_a_rule_of_the_column_that_refuses_the_value_leaves_everything_as_it_was(lab, definition) -> None:
    store = lab(*held({"mail": definition}, "'ann' || n || '@x.nl'", {"mail": PERSONAL}))
    before = store.everything()
    with pytest.raises(StoreRefused, match="23514") as caught:
        store.erase()
    assert store.everything() == before
    assert "ann" not in str(caught.value)


def test_what_the_database_computes_or_the_key_holds_is_not_written(lab) -> None:
    schema, tables = held(
        {
            "first": "text",
            "full": "text GENERATED ALWAYS AS (coalesce(first, 'nobody')) STORED",
            "number": "int GENERATED ALWAYS AS IDENTITY",
        },
        "'Ann'",
        dict.fromkeys(("first", "full", "number"), PERSONAL),
    )
    store = lab(schema.replace("INSERT INTO person SELECT", "INSERT INTO person (id, email, first) SELECT"), tables)
    store.erase()
    assert store.query('SELECT id, first, "full", number FROM person ORDER BY id') == [
        (1, None, "nobody", 1),
        (2, None, "nobody", 2),
        (3, "Ann", "Ann", 3),
    ]


def test_names_of_staff_in_a_shell_stay(lab) -> None:
    """They are not the person's; everything else of a shell is emptied."""
    store = lab(
        *held(
            {"by": "text", "about": "text"},
            "'S. Taff', 'x'",
            {"by": {**PERSONAL, "third_party": True}, "about": PERSONAL},
        )
    )
    store.erase()
    assert store.query("SELECT by, about FROM person ORDER BY id") == [("S. Taff", None)] * 2 + [("S. Taff", "x")]
