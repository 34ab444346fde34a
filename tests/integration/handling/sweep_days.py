"""How the days of a simulated company are written into the demonstration stores: with plain SQL, chosen from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
STAFF = "Medewerker"


class Days:
    """One run of a company's days, in four stores. What was swept is not chosen any more."""

    def __init__(self, stores: Mapping[str, psycopg.Connection[Any]], seed: int) -> None:
        self._stores = stores
        self._chance = Random(f"business/{seed}")
        self._nth = 0
        self._today = date.min

    def _number(self) -> int:
        self._nth += 1
        return self._nth

    def _moment(self) -> datetime:
        """Some moment of the day; often close to midnight, where the day in UTC is another."""
        at = self._chance.choice((time(0), time(0, 0, 1), time(0, 30), time(1, 30), time(12), time(23, 30)))
        return datetime.combine(self._today, at, AMSTERDAM)

    def _contact(self) -> int | None:
        found = self._pick("crm", "SELECT contact_id FROM contact")
        return found[0] if found else None

    def _change_one(self, store: str, table: str, key: str, where: str, change: str, moment: bool = False) -> None:
        found = self._pick(store, f"SELECT {key} FROM {table} WHERE {where}")
        if found is not None:
            values = [self._moment() if moment else self._today] if "%s" in change else []
            self._do(store, f"UPDATE {table} SET {change} WHERE {key} = %s", *values, found[0])

    def _pick(self, store: str, query: str, *values: Any) -> tuple[Any, ...] | None:
        """One of the rows of a query, each as likely as the others."""
        rows = self._stores[store].execute(f"SELECT * FROM ({query}) q ORDER BY 1".encode(), values or None).fetchall()
        return rows[int(self._chance.random() * len(rows))] if rows else None

    def _one(self, store: str, statement: str, *values: Any) -> Any:
        row = self._stores[store].execute(statement.encode(), values).fetchone()
        assert row is not None
        return row[0]

    def _do(self, store: str, statement: str, *values: Any) -> None:
        self._stores[store].execute(statement.encode(), values or None)
