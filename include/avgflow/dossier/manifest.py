"""The manifest of an export: what is in each file, how it is written, and what was left out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from avgflow.dossier import exact, sheets
from avgflow.dossier.content import Answer, StoreContent, TableContent, label_of

FORMAT = "avgflow-export/1"
FILE = "manifest.json"


@dataclass(frozen=True)
class File:
    """One file of the export; `size` in bytes, `sha256` in hex."""

    path: str
    kind: str
    size: int
    sha256: str
    store: str | None = None
    table: str | None = None
    rows: int | None = None

    def described(self) -> dict[str, Any]:
        """As the manifest says it; what does not apply is not there."""
        entry = {
            "path": self.path,
            "kind": self.kind,
            "store": self.store,
            "table": self.table,
            "rows": self.rows,
            "bytes": self.size,
            "sha256": self.sha256,
        }
        return {key: value for key, value in entry.items() if value is not None}


@dataclass
class Ledger:
    """What has been written so far: files, and rows by record class of each table."""

    files: list[File] = field(default_factory=list)
    classes: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    class_fields: dict[tuple[str, str], str] = field(default_factory=dict)


def text_of(answer: Answer, ledger: Ledger) -> str:
    """The manifest as JSON text; the same for the same content, whenever it is made."""
    language = answer.language
    controller = answer.policy.controller
    manifest = {
        "format": FORMAT,
        "request": answer.number,
        "language": language,
        "received": answer.received.isoformat(),
        "made_on": answer.made_on.isoformat(),
        "controller": {"name": controller.name, "email": controller.email, "phone": controller.phone},
        "policy_version": answer.policy.version,
        "rows": answer.row_count,
        "shared_mailbox": answer.shared_mailbox,
        "written_as": {kind: rule.in_(language) for kind, rule in exact.RULES.items()},
        "csv": {
            "encoding": "UTF-8 (BOM)",
            "separator": sheets.SEPARATOR,
            "line_end": "CRLF",
            "formulas": sheets.RULE.in_(language),
        },
        "files": [file.described() for file in ledger.files],
        "tables": [_table(answer, store, content, ledger) for store, content in _tables(answer)],
        "withheld": answer.kept_back,
        "noted": [
            {
                "title": note.title.in_(language),
                "rows": note.rows,
                "on": note.on.isoformat(),
                "right": {name.in_(language): value for name, value in note.right},
                "statement": note.statement,
            }
            for note in answer.noted
        ],
        "restricted": [
            {
                "kinds": [kind.in_(language) for kind in one.kinds],
                "since": one.since.isoformat(),
                "why": one.why.in_(language),
            }
            for one in answer.limited
        ],
        "left_out": [
            {
                "store": redacted.store,
                "table": redacted.table,
                "column": redacted.column,
                "reason": redacted.reason,
                "count": redacted.count,
            }
            for redacted in answer.redactions
        ],
    }
    return json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"


def _tables(answer: Answer) -> Iterable[tuple[StoreContent, TableContent]]:
    return ((store, content) for store in answer.stores for content in store.tables)


def _table(answer: Answer, store: StoreContent, content: TableContent, ledger: Ledger) -> dict[str, Any]:
    language = answer.language
    key = (store.name, content.name)
    entry: dict[str, Any] = {
        "store": store.name,
        "store_title": store.title.in_(language),
        "table": content.name,
        "title": content.table.title.in_(language),
        "rows": content.row_count,
        "record_class_field": ledger.class_fields[key],
        "record_classes": [
            {
                "class": name,
                "title": answer.policy.classes[name].title.in_(language) if name in answer.policy.classes else None,
                "rows": rows,
            }
            for name, rows in sorted(ledger.classes[key].items())
        ],
        "columns": [_column(answer, content, name, sql_type) for name, sql_type in content.columns],
        "secret_columns": [name for name, spec in content.table.columns.items() if spec.secret],
    }
    if not content.table.access and content.table.why is not None:
        entry["not_included_because"] = content.table.why.in_(language)
    return entry


def _column(answer: Answer, content: TableContent, name: str, sql_type: str) -> dict[str, Any]:
    language = answer.language
    entry: dict[str, Any] = {
        "name": name,
        "label": label_of(content, name, language),
        "type": sql_type,
        "written_as": exact.kind_of(sql_type).value,
    }
    spec = content.table.columns.get(name)
    if spec is not None:
        entry["personal"] = spec.personal
        if spec.personal:
            category = answer.policy.categories.get(spec.category or "")
            entry["category"] = category.in_(language) if category else spec.category
            entry["origin"] = spec.origin
    return entry
