"""Rows that one transaction of a sweep may change."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from avgflow.catalog.names import TableName
from avgflow.identity import Key
from avgflow.sweep.rules import Rule


@dataclass(frozen=True)
class Batch:
    """Rows that one transaction may change by one rule.

    `keys`: as PostgreSQL prints them; of a table without a key the oid of the partition, the row's place in it, and a
    digest of what stands in it. `leaf`: that partition (or the table itself). `whole`: it is dropped, with all `rows`,
    and its oid is the only key. `opened`: foreign keys by which rows point to these that go too, later: they are
    emptied first, for they lead round in a circle.
    """

    rule: Rule
    keys: Sequence[Key] = field(repr=False)
    rows: int
    leaf: TableName | None = None
    whole: bool = False
    opened: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Its rows, compressed; they name rows of people and are kept sealed."""
        leaf = str(self.leaf) if self.leaf else None
        body = {"keys": self.keys, "leaf": leaf, "whole": self.whole, "opened": self.opened}
        return zlib.compress(json.dumps(body, separators=(",", ":")).encode(), level=1)

    @classmethod
    def from_bytes(cls, rule: Rule, rows: int, data: bytes) -> Batch:
        """The inverse of `to_bytes`."""
        body = json.loads(zlib.decompress(data))
        leaf = TableName.parse(body["leaf"]) if body["leaf"] else None
        keys = [tuple(key) for key in body["keys"]]
        return cls(rule, keys, rows, leaf, bool(body["whole"]), tuple(body["opened"]))
