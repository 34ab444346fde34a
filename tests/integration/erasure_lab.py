"""A small store of a test's own: its schema, its catalog, and an erasure planned and carried out in it."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection

from avgflow.catalog import check, live
from avgflow.catalog.models import Catalog, Store
from avgflow.errors import AvgflowError
from avgflow.handling import deciding
from avgflow.identity import Doubt, Footprint
from avgflow.plan import Step
from avgflow.policy.decide import Situation
from avgflow.policy.models import load
from avgflow.settings import INCLUDE
from avgflow.stores import erase, survey
from avgflow.stores.erase import Done, Work
from avgflow.stores.resolve import Start, resolve, targets
from avgflow.stores.session import connected, reading, writing
from avgflow.stores.survey import Found, Ground

POLICY = load(INCLUDE / "policy" / "milgro.yaml")
ANN, BOB = "AVG-2026-00001", "AVG-2026-00002"
PEOPLE = {ANN: {"email": "ann@x.nl"}, BOB: {"email": "bob@x.nl"}}
EMAIL = {"category": "contact", "identifier": "email"}
PERSONAL = {"category": "contact"}
TEXT = {"nl": "t", "en": "t"}
TODAY = date(2026, 11, 25)


def table(
    subject: Any = "none",
    *,
    key: Sequence[str] = ("id",),
    record_class: Any = "R2",
    personal: Sequence[str] = (),
    plain: Sequence[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """A table of a catalog: `personal` and `plain` columns; `columns` for those with more to say (email is known)."""
    columns = dict.fromkeys((*key, *plain), "none") | dict.fromkeys(personal, PERSONAL)
    if subject == {"email": "identifier"}:
        columns["email"] = EMAIL
    given = more.pop("columns", {})
    classes = record_class if isinstance(record_class, list) else [{"class": record_class}]
    described = {} if subject == "none" else {"classes": classes}
    return {
        "title": TEXT,
        "key": list(key),
        "subject": subject,
        "columns": {**columns, **given},
        **described,
        **more,
    }


MINE = {"email": "identifier"}
"""The rows whose e-mail address is the person's."""


@dataclass(frozen=True)
class Seen:
    """What one transaction sees: the tables, who is who, their rows, and the steps that follow."""

    ground: Ground
    people: Mapping[str, Footprint]
    found: Mapping[str, Sequence[Found]]
    steps: Mapping[str, tuple[Step, ...]]


@dataclass(frozen=True)
class Lab:
    """A store."""

    dsn: str
    store: Store

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows, read or changed behind the back of avgflow; committed."""
        with psycopg.connect(self.dsn) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def column(self, statement: str) -> list[Any]:
        """The first column of a query."""
        return [row[0] for row in self.query(statement)]

    def everything(self) -> dict[str, Counter[str]]:
        """Every row of every table as PostgreSQL prints it."""
        names = self.column(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT LIKE 'pg\\_%' "
            "AND n.nspname <> 'information_schema'"
        )
        return {name: Counter(self.column(f"SELECT t::text FROM {name} t")) for name in names}

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        engine = connected(self.dsn, "lab")
        try:
            with writing(engine, "lab") as connection:
                yield connection
        finally:
            engine.dispose()

    def see(self, connection: Connection, *numbers: str) -> Seen:
        """The rows of these people and the steps on them, as a transaction sees them."""
        checked = check.check(connection, self.store)
        assert [str(drift) for drift in checked.drifts if drift.severity == "unsafe"] == []
        places = targets(Catalog(stores={"lab": self.store}), {"lab": checked.live.types})
        people: dict[str, Footprint] = {}
        starts = {number: Start.given(PEOPLE[number]) for number in numbers}
        for number, who in resolve({"lab": connection}, places, starts).items():
            assert not isinstance(who, Doubt)
            people[number] = who
        ground = Ground.of(places.values(), live.keyed(connection, checked.live))
        found = survey.find(connection, ground, people)
        situations = {number: Situation(TODAY) for number in numbers}
        return Seen(ground, people, found, deciding.steps(POLICY, "lab", connection, ground, found, situations))

    def planned(self, *numbers: str) -> Seen:
        """What would be done for these people."""
        engine = connected(self.dsn, "lab")
        try:
            with reading(engine, "lab") as view:
                return self.see(view, *(numbers or (ANN,)))
        finally:
            engine.dispose()

    def steps(self, number: str = ANN) -> set[tuple[str, str, int]]:
        """(action, table, rows) for one person."""
        return {(step.action, step.table.table, step.rows) for step in self.planned(number).steps[number]}

    def erase(self, *numbers: str) -> Done:
        """Plan and carry out in one transaction for these people, as one batch."""
        with self.writing() as connection:
            seen = self.see(connection, *(numbers or (ANN,)))
            return self.carry_out(connection, seen)

    def carry_out(self, connection: Connection, seen: Seen) -> Done:
        works = {number: Work(seen.steps[number], seen.people[number], seen.found[number]) for number in seen.steps}
        return erase.erase(connection, "lab", seen.ground, works)


@contextmanager
def laboratory(pg: Any, schema: str, tables: Mapping[str, Any]) -> Iterator[Lab]:
    """A store with this schema and catalog, dropped afterwards."""
    name = f"lab_{secrets.token_hex(4)}"
    dsn = pg.create_database(name, owner="crm")
    try:
        with psycopg.connect(dsn) as connection:
            connection.execute(schema.encode())
        store = Store.model_validate(
            {
                "store": "lab",
                "title": TEXT,
                "connection": "store_lab",
                "tables": {key if "." in key else f"public.{key}": value for key, value in tables.items()},
            }
        )
        yield Lab(dsn, store)
    finally:
        pg.drop_database(name)


Make = Callable[[str, Mapping[str, Any]], Lab]
"""A store with this schema and catalog, as the fixture `lab` makes it."""


def refused(store: Lab, kind: type[AvgflowError], *numbers: str) -> AvgflowError:
    """The erasure is refused, and every row of every table is as it was."""
    before = store.everything()
    with pytest.raises(kind) as caught:
        store.erase(*numbers)
    assert store.everything() == before
    assert "@x.nl" not in str(caught.value)
    return caught.value


PERSON = "CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE, name text);"
TWO = "INSERT INTO person VALUES (1, 'Ann@X.nl', 'Ann'), (2, 'bob@x.nl', 'Bob');"
PERSONS = table(MINE, personal=("name",), person=True)


def of_person(**more: Any) -> dict[str, Any]:
    """A table whose rows are of the person that their column `person` names."""
    plain = ("person", *more.pop("plain", ()))
    return table({"person": "lab.public.person.id"}, plain=plain, **more)


CHILD = PERSON + TWO + "CREATE TABLE child (id int PRIMARY KEY, email text, parent int REFERENCES person {});"
KEYLESS = """
    CREATE TABLE event (email text, kind text, at timestamptz) PARTITION BY RANGE (at);
    CREATE TABLE event_2025 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    CREATE TABLE event_other PARTITION OF event DEFAULT;
    INSERT INTO event SELECT email, 'click', at
    FROM unnest(ARRAY['ann@x.nl', 'bob@x.nl', NULL]) email, unnest(ARRAY[timestamptz '2025-05-05', '2026-05-05']) at,
         generate_series(1, {rows});
"""
EVENTS = table(MINE, key=(), personal=("kind", "at"))


def trigger(on: str, body: str, when: str = "AFTER DELETE OR UPDATE", returns: str = "NULL") -> str:
    name = f"t_{on}_{abs(hash(body)) % 10**6}"
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN {body} RETURN {returns}; END $f$;"
        f"CREATE TRIGGER {name} {when} ON {on} FOR EACH ROW EXECUTE FUNCTION {name}();"
    )


LOG = "CREATE TABLE log (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, person int, was text);"
KEEPS = "INSERT INTO log (person, was) VALUES (OLD.id, OLD::text);"
HISTORY = table({"person": "lab.public.person.id"}, plain=("person",), personal=("was",), history=True)
