"""The export that a person takes along (AVG art. 20): what explains its fields to people, and its form to programs.

`fields.csv` has a line for each field of each table; `schema.json` is a JSON Schema (draft 2020-12) that every file in
`json/` fulfils. Both are in Dutch and English, whatever the language of the letter: the receiver may be anybody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from avgflow.catalog.models import Text
from avgflow.catalog.names import TableName
from avgflow.dossier import exact, sheets
from avgflow.dossier.content import Answer, StoreContent, TableContent, label_of
from avgflow.dossier.exact import Kind, kind_of
from avgflow.dossier.export import Document, Edition
from avgflow.dossier.manifest import Ledger
from avgflow.dossier.portability import PortableAnswer, reference_fields

FIELDS = "fields.csv"
SCHEMA = "schema.json"
DRAFT = "https://json-schema.org/draft/2020-12/schema"

_CLASS = Text(nl="Soort gegevens", en="Kind of data")
_ROW = Text(nl="Kenmerk van deze rij in dit pakket", en="Reference of this row in this package")
_BELONGS_TO = Text(nl="Hoort bij de rijen met deze kenmerken", en="Belongs to the rows with these references")
_TECHNICAL = Text(nl="Hoort bij dit bestand", en="Belongs to this file")
_DIGITS = r"^(-?[0-9]+(\.[0-9]+)?|NaN|-?Infinity)$"
_SHAPES: Mapping[Kind, Mapping[str, Any]] = {
    Kind.INTEGER: {"type": ["integer", "null"]},
    Kind.NUMERIC: {"type": ["string", "null"], "pattern": _DIGITS},
    Kind.FLOAT: {"type": ["number", "string", "null"]},  # NaN and the infinities are strings
    Kind.BOOLEAN: {"type": ["boolean", "null"]},
    Kind.JSON: {},
    Kind.DATE: {"type": ["string", "null"]},
    Kind.MOMENT: {"type": ["string", "null"]},
    Kind.BYTES: {
        "type": ["object", "null"],
        "properties": {
            "file": {"type": "string"},
            "name": {"type": ["string", "null"]},
            "bytes": {"type": "integer", "minimum": 0},
            "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        },
        "required": ["file", "name", "bytes", "sha256"],
        "additionalProperties": False,
    },
    Kind.ARRAY: {"type": ["array", "null"]},
    Kind.TEXT: {"type": ["string", "null"]},
}
"""How values of a kind stand in the JSON (`exact.RULES` says it in words)."""


@dataclass(frozen=True)
class Field:
    """One field of a table, as it is explained. `basis`: the letters of art. 6(1), by record class."""

    name: str
    label: Text
    category: Text
    origin: str
    sql_type: str
    kind: Kind


@dataclass(frozen=True)
class Explained:
    """A table of the export: its files, its fields, and the record classes of its rows with the basis of each."""

    file: str
    store: StoreContent
    content: TableContent
    fields: tuple[Field, ...]
    basis: Mapping[str, str]


def fields(answer: PortableAnswer, ledger: Ledger) -> str:
    """A line for each field of each table: what it holds, where it comes from, why and on what basis it is kept, and
    how it is written.
    """
    lines = [sheets.line(_COLUMNS)]
    for table in _explained(answer, ledger):
        for field in table.fields:
            said = _said(answer, table, field)
            lines.append(sheets.line(sheets.harmless(said[column]) for column in _COLUMNS))
    return sheets.BOM + "".join(lines)


def schema(answer: PortableAnswer, ledger: Ledger) -> dict[str, Any]:
    """The JSON Schema of the files in `json/`, each of which fulfils exactly one of its definitions."""
    tables = list(_explained(answer, ledger))
    return {
        "$schema": DRAFT,
        "$id": f"urn:avgflow:portability:1:{answer.number}",
        "title": f"{answer.policy.controller.name}: {answer.number}",
        "oneOf": [{"$ref": f"#/$defs/{_name(table)}"} for table in tables],
        "$defs": {_name(table): _table(answer, table) for table in tables},
    }


def _documents(answer: Answer, ledger: Ledger) -> Iterable[Document]:
    assert isinstance(answer, PortableAnswer)
    yield Document(FIELDS, "fields", fields(answer, ledger))
    yield Document(SCHEMA, "schema", json.dumps(schema(answer, ledger), ensure_ascii=False, indent=1) + "\n")


TO_TAKE_ALONG = Edition("portable", _documents)
"""The export of a portability."""


def _explained(answer: PortableAnswer, ledger: Ledger) -> Iterator[Explained]:
    paths = {(file.store, file.table): file.path for file in ledger.files if file.kind == "json"}
    for store in answer.stores:
        for content in store.tables:
            steps = [s for s in answer.plan.steps_of(store.name) if s.table == TableName.parse(content.name)]
            basis = {str(s.record_class): s.ground for s in steps if s.action == "hand over" and s.rows}
            yield Explained(
                paths[store.name, content.name],
                store,
                content,
                (
                    _own(ledger.class_fields[store.name, content.name], "text", _CLASS),
                    *(_field(answer, content, name, sql_type) for name, sql_type in content.columns),
                ),
                basis,
            )


def _own(name: str, sql_type: str, label: Text) -> Field:
    """A field that the package itself adds."""
    return Field(name, label, _TECHNICAL, "", sql_type, kind_of(sql_type))


def _field(answer: PortableAnswer, content: TableContent, name: str, sql_type: str) -> Field:
    (row, _), _ = reference_fields(content.table)
    column = content.table.columns.get(name)
    if column is None:
        return _own(name, sql_type, _ROW if name == row else _BELONGS_TO)
    label = Text(nl=label_of(content, name, "nl"), en=label_of(content, name, "en"))
    category = answer.policy.categories[column.category or ""]
    return Field(name, label, category, column.origin, sql_type, kind_of(sql_type))


_COLUMNS = (
    *("file", "store", "table", "field", "label_nl", "label_en", "category_nl", "category_en", "origin"),
    *("kinds", "kinds_nl", "kinds_en", "purposes_nl", "purposes_en", "basis", "type", "format_nl", "format_en"),
)


def _said(answer: PortableAnswer, table: Explained, field: Field) -> dict[str, str]:
    """One line of `fields.csv`; `kinds`: the record classes of the rows, `basis`: the part of art. 6 of each."""
    policy = answer.policy
    classes = [policy.classes[name] for name in table.basis]
    purposes = [policy.purposes[p].title for p in dict.fromkeys(p for c in classes for p in c.purposes)]
    written = exact.RULES[field.kind.value]
    return {
        "file": table.file,
        "store": table.store.name,
        "table": table.content.name,
        "field": field.name,
        "label_nl": field.label.nl,
        "label_en": field.label.en,
        "category_nl": field.category.nl,
        "category_en": field.category.en,
        "origin": field.origin,
        "kinds": " | ".join(table.basis),
        "kinds_nl": " | ".join(c.title.nl for c in classes),
        "kinds_en": " | ".join(c.title.en for c in classes),
        "purposes_nl": " | ".join(title.nl for title in purposes),
        "purposes_en": " | ".join(title.en for title in purposes),
        "basis": " | ".join(table.basis.values()),
        "type": field.sql_type,
        "format_nl": written.nl,
        "format_en": written.en,
    }


def _name(table: Explained) -> str:
    return table.file.removeprefix("json/").removesuffix(".json")


def _table(answer: PortableAnswer, table: Explained) -> dict[str, Any]:
    content, rows = table.content, table.content.row_count
    head = {"request": answer.number, "store": table.store.name, "table": content.name}
    properties: dict[str, Any] = {name: {"const": value} for name, value in head.items()}
    properties |= {
        "title": {"type": "string"},
        "row_count": {"const": rows},
        "columns": {"type": "array", "minItems": len(content.columns), "maxItems": len(content.columns)},
        "rows": {"type": "array", "minItems": rows, "maxItems": rows, "items": _row(answer, table)},
    }
    return {"title": content.table.title.in_(answer.language), **_closed(properties)}


def _row(answer: PortableAnswer, table: Explained) -> dict[str, Any]:
    of_class, *fields = table.fields
    properties = {of_class.name: {"enum": list(table.basis), **_annotated(answer, of_class)}}
    properties |= {field.name: {**_SHAPES[field.kind], **_annotated(answer, field)} for field in fields}
    _, (belongs_to, _) = reference_fields(table.content.table)
    properties[belongs_to] |= {"type": "array", "items": {"type": "string"}}
    return _closed(properties)


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    """An object with these properties, all of them, and no other."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _annotated(answer: PortableAnswer, field: Field) -> dict[str, Any]:
    """What a field is called and how it is written; `x-…` are words of this schema's own."""
    return {
        "title": field.label.in_(answer.language),
        "description": exact.RULES[field.kind.value].in_(answer.language),
        "x-label": {"nl": field.label.nl, "en": field.label.en},
        **({"x-origin": field.origin} if field.origin else {}),
        "x-type": field.sql_type,
    }
