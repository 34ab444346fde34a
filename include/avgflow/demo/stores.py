"""The four demonstration stores by name: where their rows come from, and by which key a row is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from avgflow.demo import accounts, crm, marketing, orders
from avgflow.demo.rows import Row
from avgflow.demo.world import Block
from avgflow.settings import INCLUDE

_MARKER = "-- After the rows "


@dataclass(frozen=True)
class DemoStore:
    """One store. `keys`: the primary key of every table, empty where a table has none; `derived`: its views."""

    name: str
    rows: Callable[[Block], Iterator[Row]]
    keys: Mapping[str, tuple[str, ...]]
    derived: frozenset[str] = frozenset()
    schemas: tuple[str, ...] = ("public",)

    @property
    def connection(self) -> str:
        """The name of its Airflow connection."""
        return f"store_{self.name}"

    def schema_sql(self) -> tuple[str, str]:
        """The statements to run before the rows are loaded, and those to run after."""
        text = (INCLUDE / "demo" / "schema" / f"{self.name}.sql").read_text(encoding="utf-8")
        before, _, after = text.partition(_MARKER)
        return before, _MARKER + after


STORES: Mapping[str, DemoStore] = {
    store.name: store
    for store in (
        DemoStore("crm", crm.rows, crm.KEYS, schemas=("public", "audit")),
        DemoStore("orders", orders.rows, orders.KEYS),
        DemoStore("accounts", accounts.rows, accounts.KEYS),
        DemoStore("marketing", marketing.rows, marketing.KEYS, marketing.DERIVED),
    )
}
