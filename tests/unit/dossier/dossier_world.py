"""A small world for the tests of what a person receives: one policy, stores made of columns and rows on the spot."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pyzipper
from pypdf import PdfReader

from avgflow.catalog.models import Column, Table, Text
from avgflow.catalog.termed import RowClass
from avgflow.dossier.content import Answer, Language, Redacted, Row, StoreContent, TableContent
from avgflow.policy import models as policy_models
from avgflow.settings import INCLUDE

NUMBER = "AVG-2026-00042"
PASSPHRASE = "bako-timu-rela-9"


@cache
def policy() -> policy_models.Policy:
    return policy_models.load(INCLUDE / "policy" / "milgro.yaml")


def text(word: str) -> Text:
    return Text(nl=word, en=f"{word} (en)")


def column(label: str = "", **spec: Any) -> Column:
    return Column.model_validate({"category": "content", "label": text(label) if label else None, **spec})


def table(
    *columns: tuple[str, str, Column],
    rows: Sequence[Row] = (),
    name: str = "public.note",
    title: str = "Notities",
    stream: Callable[[], Iterator[Row]] | None = None,
    count: int | None = None,
) -> TableContent:
    spec = Table(
        title=text(title),
        subject=(),
        classes=(RowClass.model_validate({"class": "R2"}),),
        columns={column_name: column_spec for column_name, _, column_spec in columns},
    )
    return TableContent(
        name=name,
        table=spec,
        columns=tuple((column_name, kind) for column_name, kind, spec in columns if not spec.secret),
        row_count=len(rows) if count is None else count,
        rows=stream or (lambda: iter(rows)),
    )


def one_value(kind: str, *values: str | None) -> TableContent:
    """A table `public.thing` with one column `it` of a type, and a row a value."""
    return table(("it", kind, column("Waarde")), rows=[("R2", (value,)) for value in values], name="public.thing")


def answer(
    *tables: TableContent,
    language: Language = "nl",
    name: str | None = "Johanna de Vries",
    shared_mailbox: bool = False,
    redactions: tuple[Redacted, ...] = (),
) -> Answer:
    return Answer(
        number=NUMBER,
        language=language,
        name=name,
        received=date(2026, 11, 3),
        made_on=date(2026, 11, 25),
        policy=policy(),
        stores=(StoreContent("crm", Text(nl="Klantrelatiesysteem", en="Customer relations"), tables),),
        shared_mailbox=shared_mailbox,
        redactions=redactions,
    )


class Opened:
    """An archive as its receiver sees it."""

    def __init__(self, path: Path, passphrase: str = PASSPHRASE) -> None:
        with pyzipper.AESZipFile(path) as archive:
            archive.setpassword(passphrase.encode())
            self.files: dict[str, bytes] = {info.filename: archive.read(info) for info in archive.infolist()}

    def json(self, path: str) -> Any:
        return json.loads(self.files[path])

    def text(self, path: str) -> str:
        return self.files[path].decode("utf-8-sig")

    @property
    def manifest(self) -> Any:
        return self.json("manifest.json")

    @property
    def attachments(self) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(self.files["bijlagen.zip"])) as packed:
            return {name: packed.read(name) for name in packed.namelist()}


def pdf_text(pdf: bytes | Path, passphrase: str | None = None) -> str:
    """The text of all pages, blanks as one; places to break a word taken out."""
    reader = PdfReader(io.BytesIO(pdf) if isinstance(pdf, bytes) else pdf, password=passphrase)
    words = " ".join(page.extract_text() for page in reader.pages).replace("\u200b", "")
    return " ".join(words.split())
