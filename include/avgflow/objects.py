"""Where a package lies that is too large for a mail, and the link by which its person gets it.

The library sees no more of an object storage than this; `avgflow_airflow.object_storage` is one, on Airflow's paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from avgflow.errors import AvgflowError


class StorageUnreachable(AvgflowError):
    """The object storage did not take, give or delete something; worth another try later. Nothing of its own text."""

    def __init__(self, what: str, kind: str) -> None:
        super().__init__(
            f"The object storage of AVGFLOW_PACKAGE_STORAGE could not {what} ({kind}). It is tried again; check the "
            f"storage, the bucket and what its connection may do there."
        )


@dataclass(frozen=True)
class Link:
    """A file that can be fetched. `last_day`: the last day on which the link works all day."""

    name: str
    url: str
    last_day: date


class ObjectStore(Protocol):
    """Objects by name; all faults are `StorageUnreachable`."""

    def put(self, name: str, file: Path) -> None:
        """Keep a file under a name, in the place of an earlier one: whole or not at all."""
        ...

    def link(self, name: str, days: int, shown_as: str) -> str:
        """An address at which whoever has it can fetch the object for so many days, under a file name."""
        ...

    def delete(self, name: str) -> bool:
        """Delete an object; whether there was one."""
        ...
