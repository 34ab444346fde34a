"""Files that a table holds as `bytea`: their own, safe names, and their content when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from avgflow.dossier.content import StoreContent, TableContent, short_name
from avgflow.dossier.exact import Kind, kind_of
from avgflow.dossier.file_names import Names, extension_of, safe

ARCHIVE = {"nl": "bijlagen.zip", "en": "attachments.zip"}
FOLDER = {"nl": "bijlagen", "en": "attachments"}
_HEX = "\\x"
_FIRST = 2 + 2 * 16
"""Characters of the text that show the first 16 bytes, by which a kind of file is known."""


@dataclass(frozen=True)
class Attachment:
    """One file: its path in the archive of attachments, the name it had (None: none), PostgreSQL's `\\x…` text."""

    path: str
    name: str | None
    text: str

    @property
    def size(self) -> int:
        """Bytes, without decoding."""
        return (len(self.text) - len(_HEX)) // 2

    def content(self) -> bytes:
        """The bytes."""
        return bytes.fromhex(self.text[len(_HEX) :])


class Folder:
    """The attachments of one table. Asked for the same rows in the same order, it gives the same names every time."""

    def __init__(self, store: StoreContent, content: TableContent, language: str) -> None:
        self._folder = f"{FOLDER[language]}/{safe(short_name(store, content))}"
        self._names = Names()
        positions = {name: position for position, (name, _) in enumerate(content.columns)}
        self._columns: dict[int, tuple[str, int | None]] = {}
        for position, (name, sql_type) in enumerate(content.columns):
            if kind_of(sql_type) is Kind.BYTES:
                spec = content.table.columns.get(name)
                own = positions.get(spec.file_name) if spec and spec.file_name else None
                self._columns[position] = (name, own)

    @property
    def is_needed(self) -> bool:
        """Whether the table has a column of files at all."""
        return bool(self._columns)

    def of(self, values: tuple[str | None, ...]) -> Mapping[int, Attachment]:
        """The attachments of a row, by position of their column."""
        found: dict[int, Attachment] = {}
        for position, (column, own) in self._columns.items():
            text = values[position]
            if text is None or not text.startswith(_HEX):
                continue
            name = values[own] if own is not None else None
            otherwise = column + extension_of(bytes.fromhex(text[len(_HEX) : _FIRST]))
            found[position] = Attachment(f"{self._folder}/{self._names.take(name, otherwise)}", name, text)
        return found
