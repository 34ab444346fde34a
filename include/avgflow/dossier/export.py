"""The machine-readable copy: JSON and CSV of every table, attachments, manifest, in one AES-256 zip.

Everything is streamed straight into the encrypted archive, so that nothing of the person lies on a disk unencrypted,
not even when the process is killed. A zip shows the names of its entries to anybody: tables are the same for everyone,
and attachments, whose names may say much, are in a zip of their own inside it.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import IO, Any, BinaryIO

import pyzipper

from avgflow.dossier import manifest, sheets
from avgflow.dossier.attachments import ARCHIVE, Attachment, Folder
from avgflow.dossier.content import Answer, Language, Row, StoreContent, TableContent, counted, label_of, short_name
from avgflow.dossier.exact import quoted, to_json
from avgflow.dossier.file_names import Names
from avgflow.dossier.manifest import File, Ledger
from avgflow.templating import Templates

CLASS_FIELD = "_record_class"
README = {"nl": "LEESMIJ.txt", "en": "README.txt"}
_CHUNK = 1 << 16
_AE_2 = 2
"""WinZip's second form of AES entries: no checksum of the plain content, which would give short content away."""


class Digested:
    """A binary stream that knows how much went through it, and its SHA-256."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._pending: list[str] = []
        self._waiting = 0
        self._sha = hashlib.sha256()
        self.size = 0

    def text(self, text: str) -> None:
        """Write text; small pieces wait for each other."""
        self._pending.append(text)
        self._waiting += len(text)
        if self._waiting >= _CHUNK:
            self.flush()

    def flush(self) -> None:
        """Let waiting text through."""
        if self._pending:
            data = "".join(self._pending).encode()
            self._pending, self._waiting = [], 0
            self.write(data)

    def write(self, data: bytes) -> int:
        """Write bytes."""
        self._sha.update(data)
        self.size += len(data)
        return self._stream.write(data)

    @property
    def sha256(self) -> str:
        """In hex, of what went through so far."""
        return self._sha.hexdigest()


class Archive:
    """An AES-256 zip being written, entry by entry. The dates of the entries are the day of the answer."""

    def __init__(self, file: BinaryIO, passphrase: str, made_on: date) -> None:
        self._zip = pyzipper.AESZipFile(file, "w", compression=pyzipper.ZIP_DEFLATED)
        self._zip.setpassword(passphrase.encode())
        self._zip.setencryption(pyzipper.WZ_AES, nbits=256, force_wz_aes_version=_AE_2)
        self._made_on = made_on

    @contextmanager
    def entry(self, path: str) -> Iterator[Digested]:
        """A new entry to write to."""
        info = self._zip.zipinfo_cls(path, date_time=stamp(self._made_on))
        info.compress_type = pyzipper.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        with self._zip.open(info, "w", force_zip64=True) as stream:
            digested = Digested(stream)
            yield digested
            digested.flush()

    def close(self) -> None:
        """Write the list of entries."""
        self._zip.close()


def stamp(made_on: date) -> tuple[int, int, int, int, int, int]:
    """A zip's time of an entry, at noon of a day."""
    return (made_on.year, made_on.month, made_on.day, 12, 0, 0)


@dataclass(frozen=True)
class Document:
    """A text that explains the tables of an export to a program; `kind` as the manifest calls it."""

    path: str
    kind: str
    text: str


@dataclass(frozen=True)
class Edition:
    """What differs between exports: the text that explains one to people, and what explains it to programs.

    `documents` is asked once all tables are written.
    """

    readme: str
    documents: Callable[[Answer, Ledger], Iterable[Document]]


ACCESS_COPY = Edition("export", lambda answer, ledger: ())
"""The export of an inzage."""


def write(answer: Answer, passphrase: str, file: BinaryIO, templates: Templates, edition: Edition = ACCESS_COPY) -> str:
    """Write the whole archive; the SHA-256 of its manifest. `RowsChanged` where a stream is not as announced."""
    with closing(Archive(file, passphrase, answer.made_on)) as archive:
        return _written(archive, answer, templates, edition)


def _written(archive: Archive, answer: Answer, templates: Templates, edition: Edition) -> str:
    ledger = Ledger()
    with archive.entry(README[answer.language]) as entry:
        attachments = ARCHIVE[answer.language]
        readme = templates.text(f"{edition.readme}.{answer.language}.txt", answer=answer, attachments=attachments)
        entry.text(sheets.BOM + readme.replace("\n", sheets.END))
    ledger.files.append(File(README[answer.language], "text", entry.size, entry.sha256))
    file_names = Names()
    for store in answer.stores:
        for content in store.tables:
            name = file_names.take(short_name(store, content), "table")
            _json(archive, answer, store, content, name, ledger)
            _csv(archive, answer, store, content, name, ledger)
    _attachments(archive, answer, ledger)
    for document in edition.documents(answer, ledger):
        with archive.entry(document.path) as entry:
            entry.text(document.text)
        ledger.files.append(File(document.path, document.kind, entry.size, entry.sha256))
    with archive.entry(manifest.FILE) as entry:
        entry.text(manifest.text_of(answer, ledger))
    return entry.sha256


def _class_field(content: TableContent) -> str:
    """The field for the record class: `_record_class`, or longer where the table has a column of that name."""
    name = CLASS_FIELD
    while name in {column for column, _ in content.columns}:
        name = "_" + name
    return name


def _json(
    archive: Archive, answer: Answer, store: StoreContent, content: TableContent, name: str, ledger: Ledger
) -> None:
    key = (store.name, content.name)
    ledger.class_fields[key] = _class_field(content)
    classes = ledger.classes[key] = Counter()
    folder = Folder(store, content, answer.language)
    columns = [(f"{quoted(column)}: ", to_json(sql_type)) for column, sql_type in content.columns]
    class_key = f"{quoted(ledger.class_fields[key])}: "
    path = f"json/{name}.json"
    with archive.entry(path) as entry:
        entry.text(_json_head(answer, store, content))
        separator = "\n"
        for record_class, values in counted(store, content):
            classes[record_class or ""] += 1
            files = folder.of(values) if folder.is_needed else {}
            fields = [class_key + ("null" if record_class is None else quoted(record_class))]
            for position, ((column, writer), value) in enumerate(zip(columns, values, strict=True)):
                if position in files:
                    fields.append(column + _attached(files[position], store, content, ledger))
                else:
                    fields.append(column + ("null" if value is None else writer(value)))
            entry.text(f"{separator}{{{', '.join(fields)}}}")
            separator = ",\n"
        entry.text("\n]}\n")
    ledger.files.append(File(path, "json", entry.size, entry.sha256, store.name, content.name, content.row_count))


def _json_head(answer: Answer, store: StoreContent, content: TableContent) -> str:
    columns = ", ".join(
        f'{{"name": {quoted(name)}, "type": {quoted(sql_type)}, '
        f'"label": {quoted(label_of(content, name, answer.language))}}}'
        for name, sql_type in content.columns
    )
    return (
        f'{{"request": {quoted(answer.number)},\n"store": {quoted(store.name)},\n"table": {quoted(content.name)},\n'
        f'"title": {quoted(content.table.title.in_(answer.language))},\n"row_count": {content.row_count},\n'
        f'"columns": [{columns}],\n"rows": ['
    )


def _attached(attachment: Attachment, store: StoreContent, content: TableContent, ledger: Ledger) -> str:
    sha256 = hashlib.sha256(attachment.content()).hexdigest()
    ledger.files.append(File(attachment.path, "attachment", attachment.size, sha256, store.name, content.name))
    name = "null" if attachment.name is None else quoted(attachment.name)
    return (
        f'{{"file": {quoted(attachment.path)}, "name": {name}, "bytes": {attachment.size}, "sha256": {quoted(sha256)}}}'
    )


def _csv(
    archive: Archive, answer: Answer, store: StoreContent, content: TableContent, name: str, ledger: Ledger
) -> None:
    folder = Folder(store, content, answer.language)
    writers = [sheets.to_csv(sql_type) for _, sql_type in content.columns]
    path = f"csv/{name}.csv"
    with archive.entry(path) as entry:
        header = [_class_field(content), *(column for column, _ in content.columns)]
        entry.text(sheets.BOM + sheets.line(map(sheets.harmless, header)))
        for record_class, values in counted(store, content):
            files = folder.of(values) if folder.is_needed else {}
            fields = [
                files[position].path if position in files else None if value is None else writer(value)
                for position, (writer, value) in enumerate(zip(writers, values, strict=True))
            ]
            entry.text(sheets.line([record_class, *fields]))
    ledger.files.append(File(path, "csv", entry.size, entry.sha256, store.name, content.name, content.row_count))


def _attachments(archive: Archive, answer: Answer, ledger: Ledger) -> None:
    if not any(file.kind == "attachment" for file in ledger.files):
        return
    path = ARCHIVE[answer.language]
    with archive.entry(path) as entry:
        _pack(entry, answer)
    ledger.files.append(File(path, "zip", entry.size, entry.sha256))


def _pack(stream: Any, answer: Answer) -> None:
    """The attachments as a zip without password (the archive around it is encrypted)."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as packed:
        for store in answer.stores:
            for content in store.tables:
                for attachment in _attached_files(store, content, answer.language):
                    info = zipfile.ZipInfo(attachment.path, date_time=stamp(answer.made_on))
                    info.external_attr = 0o600 << 16
                    packed.writestr(info, attachment.content())


def _attached_files(store: StoreContent, content: TableContent, language: Language) -> Iterator[Attachment]:
    folder = Folder(store, content, language)
    if folder.is_needed:
        rows: Iterator[Row] = counted(store, content)
        for _, values in rows:
            yield from folder.of(values).values()
