"""Looking for values in whatever form they may have got out: in every case and encoding, in files and databases."""

from __future__ import annotations

import base64
import html
import json
import quopri
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import numpy as np
import psycopg
from psycopg import sql

SHORTEST = 8
"""Bytes of a form that is looked for; a shorter one would be found by chance."""


def _utf8(encode: Callable[[str], str]) -> Callable[[str], bytes]:
    return lambda text: encode(text).encode()


def _json(text: str) -> str:
    return json.dumps(text)[1:-1]


FOLDED: Mapping[str, Callable[[str], bytes]] = {
    "plain": _utf8(str),
    "latin-1": lambda text: text.encode("latin-1", "replace"),
    "utf-16 le": lambda text: text.encode("utf-16-le"),
    "utf-16 be": lambda text: text.encode("utf-16-be"),
    "url": _utf8(lambda text: quote(text, safe="")),
    "url, lax": _utf8(lambda text: quote(text, safe="@+/:")),
    "url, plus": _utf8(quote_plus),
    "json": _utf8(_json),
    "json in json": _utf8(lambda text: _json(_json(text))),
    "python bytes": _utf8(lambda text: str(text.encode())[2:-1]),
    "html": _utf8(html.escape),
    "html, numbers": lambda text: html.escape(text).encode("ascii", "xmlcharrefreplace"),
    "quoted-printable": lambda text: quopri.encodestring(text.encode()).replace(b"=\n", b""),
    "quoted-printable header": lambda text: quopri.encodestring(text.encode(), header=True).replace(b"=\n", b""),
    "hex": _utf8(lambda text: text.encode().hex()),
}
"""Encodings in which upper and lower case stay letters: looked for in lower case."""

CASES: Mapping[str, Callable[[str], str]] = {"as is": str, "lower": str.lower, "upper": str.upper, "title": str.title}


def _base64_at(offset: int, encode: Callable[[bytes], bytes]) -> Callable[[str], bytes]:
    """The part of base64 that depends on the text alone, where it begins at this byte of a group of three."""

    def form(text: str) -> bytes:
        data = text.encode()
        first, last = -(-offset * 8 // 6), (offset + len(data)) * 8 // 6
        return encode(bytes(offset) + data)[first:last]

    return form


EXACT: Mapping[str, Callable[[str], bytes]] = {
    f"{name}, {offset}": _base64_at(offset, encode)
    for name, encode in (("base64", base64.b64encode), ("base64 for urls", base64.urlsafe_b64encode))
    for offset in range(3)
}
"""Encodings in which case matters: each case of a value is looked for by itself."""


class Index:
    """Byte strings to be found, all at once, by their first eight bytes."""

    def __init__(self, needles: Mapping[bytes, str]) -> None:
        self._by_start: dict[bytes, list[tuple[bytes, str]]] = defaultdict(list)
        for needle, what in needles.items():
            self._by_start[needle[:SHORTEST]].append((needle, what))
        self._starts = np.sort(np.frombuffer(b"".join(self._by_start), dtype="<u8"))

    def find(self, content: bytes) -> Iterator[str]:
        for offset in range(min(8, max(0, len(content) - 7))):
            windows = np.frombuffer(content, dtype="<u8", offset=offset, count=(len(content) - offset) // 8)
            place = np.minimum(np.searchsorted(self._starts, windows), len(self._starts) - 1)
            for hit in np.flatnonzero(self._starts[place] == windows):
                at = int(hit) * 8 + offset
                for needle, what in self._by_start[content[at : at + SHORTEST]]:
                    if content.startswith(needle, at):
                        yield what


class Scanner:
    """Looks for values, given by what they are: `{"e-mail of …": "…"}`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        folded: dict[bytes, str] = {}
        exact: dict[bytes, str] = {}
        for what, value in values.items():
            for case in CASES.values():
                for name, encode in FOLDED.items():
                    folded[encode(case(value)).lower()] = f"{what} ({name})"
                for name, encode in EXACT.items():
                    exact[encode(case(value))] = f"{what} ({name})"
        short = [what for needle, what in (*folded.items(), *exact.items()) if len(needle) < SHORTEST]
        assert not short, f"too short to be looked for: {short}"
        self._folded, self._exact = Index(folded), Index(exact)

    def find(self, content: bytes) -> set[str]:
        """What is in a text, also where line ends or compression divide it."""
        found: set[str] = set()
        joined = content.replace(b"=\r\n", b"").replace(b"=\n", b"").replace(b"\r", b"").replace(b"\n", b"")
        for text in {content, joined, *_unpacked(content)}:
            found |= {*self._folded.find(text.lower()), *self._exact.find(text)}
        return found


def _unpacked(content: bytes) -> Iterator[bytes]:
    """What zlib or gzip packed."""
    for wbits in (zlib.MAX_WBITS, 16 + zlib.MAX_WBITS):
        with suppress(zlib.error):
            yield zlib.decompress(content, wbits)


@dataclass(frozen=True)
class Hit:
    """A value where it must not be."""

    place: str
    what: frozenset[str]


def in_files(scanner: Scanner, root: Path, *allowed: Path) -> Iterator[Hit]:
    """Every file below a folder but those in the allowed ones: its name and its content."""
    for file in sorted(root.rglob("*")):
        if not file.is_file() or file.is_symlink() or any(file.is_relative_to(folder) for folder in allowed):
            continue
        if what := scanner.find(str(file.relative_to(root)).encode()) | scanner.find(file.read_bytes()):
            yield Hit(str(file.relative_to(root)), frozenset(what))


def in_database(scanner: Scanner, conn: psycopg.Connection[Any]) -> Iterator[Hit]:
    """Every column of every table of a database, whatever its type; bytea also as the bytes that it is."""
    tables = conn.execute(
        "SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
        "AND n.nspname !~ '^pg_toast' ORDER BY 2, 3"
    ).fetchall()
    for oid, schema, table in tables:
        columns = conn.execute(
            "SELECT attname, atttypid::regtype::text FROM pg_attribute "
            "WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            [oid],
        ).fetchall()
        for column, kind in columns:
            shown = sql.SQL("{}") if kind == "bytea" else sql.SQL("{}::text")
            query = sql.SQL("SELECT {} FROM {}").format(
                shown.format(sql.Identifier(column)), sql.Identifier(schema, table)
            )
            values = [value for (value,) in conn.execute(query) if value is not None]
            if kind == "bytea":
                what = set().union(*map(scanner.find, values))
            else:
                what = scanner.find("\n\0\n".join(values).encode())
            if what:
                yield Hit(f"{schema}.{table}.{column}", frozenset(what))


def tables_of(conn: psycopg.Connection[Any]) -> set[str]:
    """The tables that `in_database` looks into and that hold anything."""
    names = conn.execute(
        "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'm', 'p') AND n.nspname = 'public'"
    )
    return {name for (name,) in names}
