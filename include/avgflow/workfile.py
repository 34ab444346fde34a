"""What was collected of one person from one store, sealed on disk between the tasks of a request.

A file is a line per sealed token: for each table a header, then chunks of rows, at the end an index. Only `CHUNK`
rows are in memory at a time, however much a person has. The file appears under its name only when it is whole.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

from avgflow.catalog.names import TableName
from avgflow.errors import AvgflowError

CHUNK = 500
_LOCK = ".changing"
UNFINISHED = ".part"
"""How a file is called that is not whole yet; one that stays was left by a process that was killed."""


class Sealer(Protocol):
    """What encrypts and decrypts (`avgflow.crypto.Keyring`)."""

    def seal(self, data: bytes) -> bytes: ...
    def open(self, token: bytes) -> bytes: ...


class WorkLost(AvgflowError):
    """A work file is not there or not whole."""

    def __init__(self, number: str, store: str) -> None:
        super().__init__(
            f"What was collected from '{store}' for {number} is not there (any more). Run task '{store}' again."
        )


class Row(NamedTuple):
    """One row: its record class and its values as PostgreSQL prints them (None is NULL).

    `on_consent`: whether it rests on the person's consent, where that was asked for.
    """

    record_class: str | None
    values: tuple[str | None, ...]
    on_consent: bool = False


@dataclass(frozen=True)
class Header:
    """A table in a work file: (column, format_type) in the order of the values."""

    table: TableName
    columns: tuple[tuple[str, str], ...]


def path_of(work: Path, number: str, store: str) -> Path:
    """Where the work file of a request and store lies."""
    return work / number / f"{store}.sealed"


class Writer:
    """Writes one work file; use through `writing`."""

    def __init__(self, file: BinaryIO, sealer: Sealer) -> None:
        self._file, self._sealer = file, sealer
        self._digest = hashlib.sha256()
        self._index: dict[str, tuple[int, int]] = {}
        self._table, self._rows = "", 0
        self._pending: list[Row] = []

    def table(self, header: Header) -> None:
        """Begin a table; its rows follow."""
        self._flush()
        self._table = str(header.table)
        self._index[self._table] = (self._file.tell(), 0)
        self._line({"columns": header.columns})

    def row(self, row: Row) -> None:
        """Add a row to the table begun last."""
        self._pending.append(row)
        if len(self._pending) >= CHUNK:
            self._flush()

    def finish(self) -> str:
        """Write the index; the SHA-256 over the rows as they went in (not over the sealed bytes, which differ each
        time).
        """
        self._flush()
        self._line({"index": self._index, "digest": self._digest.hexdigest()})
        return self._digest.hexdigest()

    def _flush(self) -> None:
        if self._pending:
            offset, rows = self._index[self._table]
            self._index[self._table] = (offset, rows + len(self._pending))
            self._line({"rows": self._pending})
            self._pending = []

    def _line(self, content: Mapping[str, Any]) -> None:
        plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        if "index" not in content:
            self._digest.update(plain)
        self._file.write(self._sealer.seal(zlib.compress(plain, 1)) + b"\n")


@contextmanager
def writing(path: Path, sealer: Sealer) -> Iterator[Writer]:
    """A writer of a new work file, which takes its name only if everything went well; two at once do no harm."""
    with whole(path) as file:
        yield Writer(file, sealer)


@contextmanager
def whole(path: Path) -> Iterator[BinaryIO]:
    """A new file (0600) that takes its name only if everything went well; two at once do no harm."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A name of its own: workers on two machines may share the folder and have the same process id.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        with changing(path):
            unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Be the only one who puts a work file in place or takes it away; held for that moment alone.

    So whoever seals a file anew never puts back what was replaced or deleted meanwhile.
    """
    with (path.parent.parent / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def discard(path: Path) -> None:
    """Delete a work file, if it is there."""
    with changing(path):
        path.unlink(missing_ok=True)


class Reader:
    """Reads one work file, as often as needed. `WorkLost` where it is missing, cut off or changed."""

    def __init__(self, path: Path, sealer: Sealer, number: str, store: str) -> None:
        self._path, self._sealer = path, sealer
        self._lost = WorkLost(number, store)
        last = self._last()
        if not last or "index" not in last:
            raise self._lost
        self.digest: str = last["digest"]
        self._index: dict[TableName, tuple[int, int]] = {
            TableName.parse(name): (offset, rows) for name, (offset, rows) in last["index"].items()
        }

    def verify(self) -> None:
        """Read everything once; `WorkLost` unless the rows are those that were written."""
        digest = hashlib.sha256()
        for plain in self._plain(0):
            if not plain.startswith(b'{"index"'):
                digest.update(plain)
        if digest.hexdigest() != self.digest:
            raise self._lost

    @property
    def counts(self) -> dict[TableName, int]:
        """Rows by table; a table without rows is there with 0."""
        return {name: rows for name, (_, rows) in self._index.items()}

    def header(self, table: TableName) -> Header:
        """The columns of a table."""
        first = next(self._lines(self._index[table][0]))
        return Header(table, tuple((name, kind) for name, kind in first["columns"]))

    def rows(self, table: TableName) -> Iterator[Row]:
        """The rows of a table, in the order they were read."""
        lines = self._lines(self._index[table][0])
        next(lines)
        for content in lines:
            if "rows" not in content:
                return
            for record_class, values, on_consent in content["rows"]:
                yield Row(record_class, tuple(values), on_consent)

    def _lines(self, offset: int) -> Iterator[dict[str, Any]]:
        return map(json.loads, self._plain(offset))

    def _plain(self, offset: int) -> Iterator[bytes]:
        try:
            with self._path.open("rb") as file:
                file.seek(offset)
                for token in file:
                    yield self._opened(token)
        except OSError:
            raise self._lost from None

    def _opened(self, token: bytes) -> bytes:
        try:
            return zlib.decompress(self._sealer.open(token.rstrip(b"\n")))
        except (AvgflowError, zlib.error):
            raise self._lost from None

    def _last(self) -> dict[str, Any] | None:
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                step = min(size, 1 << 16)
                while True:
                    file.seek(size - step)
                    lines = file.read(step).splitlines()
                    if len(lines) > 1 or step == size:
                        return json.loads(self._opened(lines[-1])) if lines else None
                    step = min(size, step * 4)
        except OSError:
            return None
