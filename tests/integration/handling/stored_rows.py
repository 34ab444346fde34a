"""The rows of the stores as a plain psycopg reads them, and whether a delivered value is the stored one.

Knows neither the catalog nor any code that collects, redacts or writes: a second witness.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from handling_world import json_as_stored
from psycopg import sql
from psycopg.types.json import set_json_loads
from psycopg.types.string import TextLoader

from avgflow.catalog.names import split
from avgflow.demo.stores import STORES
from avgflow.demo.truth import Others, SubjectTruth

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SECRETS = {"accounts.public.portal_account": {"password_hash"}, "accounts.public.session": {"token"}}
"""Columns that never leave a store."""
OF_SOMEBODY_ELSE = {"crm.public.contact": {"household_contact_id"}}
"""Keys of other people's rows, for which there is no name to look for."""
JSON_TYPES = {"json", "jsonb"}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class StoredTable:
    """A table: its rows by key (as texts), the types of its columns."""

    types: Mapping[str, str]
    by_key: Mapping[tuple[str, ...], Row]


def read(dsns: Mapping[str, str]) -> dict[str, StoredTable]:
    """Every table of every store that has a key."""
    found = {}
    for store, dsn in dsns.items():
        with psycopg.connect(dsn) as connection:
            connection.execute("SET IntervalStyle = 'iso_8601'")
            set_json_loads(json_as_stored, connection)
            for name in ("interval", "int4range", "daterange", "point"):
                connection.adapters.register_loader(name, TextLoader)
            for table, key in STORES[store].keys.items():
                if key:
                    found[f"{store}.{table}"] = _table(connection, table, key)
    return found


def _table(connection: psycopg.Connection[Any], table: str, key: tuple[str, ...]) -> StoredTable:
    cursor = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(*split(table))))
    columns = [column.name for column in cursor.description or ()]
    types = {column.name: column.type_display for column in cursor.description or ()}
    rows = [dict(zip(columns, values, strict=True)) for values in cursor]
    return StoredTable(types, {tuple(str(row[part]) for part in key): row for row in rows})


class Replaced:
    """Which values of other people stand in a text, and whether a delivered text is the stored one without them."""

    def __init__(self, others: Others) -> None:
        self._values = sorted({*others.names, *others.emails, *others.phones}, key=len, reverse=True)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, self._values)) or r"(?!)", re.IGNORECASE)

    def fits(self, stored: str, delivered: object) -> bool:
        """Whether all of the stored text is there to the letter, with something else in the place of others."""
        kept = self._pattern.split(stored)
        wanted = "(.+?)".join(map(re.escape, kept))
        match = re.fullmatch(wanted, delivered, re.DOTALL) if isinstance(delivered, str) else None
        return match is not None and not any(self._pattern.search(part) for part in match.groups())


def differences(
    subject: SubjectTruth,
    tables: Mapping[str, list[dict[str, Any]]],
    stored: Mapping[str, StoredTable],
    attachments: Mapping[str, bytes],
) -> Iterator[str]:
    """Every delivered value that is not the stored one, a line each, without the value."""
    replaced = Replaced(subject.others)
    for name, rows in tables.items():
        if name not in stored:
            continue
        store, _, table = name.partition(".")
        for row in rows:
            key = tuple(str(row[part]) for part in STORES[store].keys[table])
            there = stored[name].by_key[key]
            if set(row) - {"_record_class"} != set(there) - SECRETS.get(name, set()):
                yield f"{subject.id} {name} {key}: not the columns of the table"
            for column, value in there.items():
                if column in SECRETS.get(name, ()):
                    continue
                if column in OF_SOMEBODY_ELSE.get(name, ()) and value is not None:
                    same = isinstance(row[column], str) and str(value) not in row[column]
                else:
                    same = equal(value, row[column], stored[name].types[column], replaced, attachments)
                if not same:
                    yield f"{subject.id} {name} {key}: {column}"


def equal(stored: Any, delivered: Any, kind: str, replaced: Replaced, attachments: Mapping[str, bytes]) -> bool:
    """Whether a delivered JSON value is the stored one."""
    if stored is None:
        return delivered is None
    if kind in JSON_TYPES:
        return _same_json(stored, delivered, replaced)
    match stored:
        case bool() | int():
            return type(delivered) is type(stored) and delivered == stored
        case Decimal():
            return isinstance(delivered, str) and delivered == _digits(stored)
        case datetime():
            return _same_moment(stored, delivered)
        case date():
            return bool(delivered == stored.isoformat())
        case bytes():
            content = attachments.get(delivered["file"], b"missing")
            figures = (delivered["bytes"], delivered["sha256"])
            return content == stored and figures == (len(stored), hashlib.sha256(stored).hexdigest())
        case list():
            return bool(delivered == stored)
        case str():
            return replaced.fits(stored, delivered)
        case _:
            return bool(delivered == str(stored))


def _digits(number: Decimal) -> str:
    return format(number, "f") if number.is_finite() else str(number)


def _same_moment(stored: datetime, delivered: str) -> bool:
    """The same moment, told in the time of the Netherlands at that moment."""
    told = datetime.fromisoformat(delivered)
    return told == stored and told.utcoffset() == stored.astimezone(AMSTERDAM).utcoffset()


def _same_json(stored: Any, delivered: Any, replaced: Replaced) -> bool:
    match stored:
        case dict():
            return (
                isinstance(delivered, dict)
                and list(delivered) == list(stored)
                and all(_same_json(stored[key], delivered[key], replaced) for key in stored)
            )
        case list():
            return (
                isinstance(delivered, list)
                and len(delivered) == len(stored)
                and all(_same_json(one, other, replaced) for one, other in zip(stored, delivered, strict=True))
            )
        case str():
            return replaced.fits(stored, delivered)
        case _:
            return type(delivered) is type(stored) and delivered == stored


def names_of_people(dsns: Mapping[str, str]) -> set[str]:
    """Full names that some store has in a column of names, in lower case with single blanks."""
    queries = {
        "crm": "SELECT full_name FROM contact UNION SELECT full_name FROM employee",
        "orders": 'SELECT contact_name FROM quote UNION SELECT contact_name FROM "order"',
        "accounts": "SELECT display_name FROM portal_account",
    }
    names = set()
    for store, query in queries.items():
        with psycopg.connect(dsns[store]) as connection:
            names |= {flat(name) for (name,) in connection.execute(query) if name}
    return names


def flat(text: str) -> str:
    """Lower case, single blanks."""
    return " ".join(text.lower().split())


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts_in(part)


def readable(others: Collection[str], text: str) -> list[str]:
    """Which of these values stand in a text as words of their own, however they are written."""
    plain = flat(text)
    return [value for value in others if re.search(rf"(?<!\w){re.escape(flat(value))}(?!\w)", plain)]
