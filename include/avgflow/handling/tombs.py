"""What is kept of an erased row, so that it is found again where a restored backup brings it back.

Its key, and three ways to tell it from another row that later got the same key: a keyed hash of the whole row, of the
person's identifiers, and the values by which it hung on other rows. Nothing of its content.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from avgflow.crypto import Keyring
from avgflow.identity import Footprint, Key
from avgflow.plan import Step
from avgflow.register.subjects import hashes
from avgflow.stores.survey import Found, Ground

_PURPOSE = "erased row"


def body(
    keyring: Keyring, ground: Ground, steps: Sequence[Step], rows: Sequence[Found], person: Footprint
) -> dict[str, Any]:
    """The tombstones of one person in one store:

    {"identifiers": [hash],
     "tables": [{"table", "columns": [overwritten] or [], "rows": [[key, hash, {column: value}]]}]}
    """
    by_key: dict[tuple[str, Key], list[Found]] = defaultdict(list)
    for row in rows:
        by_key[str(row.table), row.key].append(row)
    tables = []
    for step in steps:
        if step.action == "delete" or (step.action in ("anonymise", "keep") and step.columns):
            found = [by_key[str(step.table), key].pop() for key in step.keys]
            tables.append(
                {
                    "table": str(step.table),
                    "columns": list(step.columns),
                    "rows": [[list(row.key), mark(keyring, row.digest), leads(ground, row)] for row in found],
                }
            )
    return {"identifiers": sorted(hashes(keyring, person.identifiers)), "tables": tables}


def mark(keyring: Keyring, digest: str) -> str:
    """The keyed hash of a row, from its digest."""
    return keyring.sign(_PURPOSE, digest.encode())


def leads(ground: Ground, row: Found) -> dict[str, str]:
    """The values by which a row hangs on other rows, by column."""
    links = ground.targets[row.table].table.subject
    columns = (name for link in links if not link.is_identifier for name in link.columns)
    return {name: value for name in columns if (value := row.values[name]) is not None}
