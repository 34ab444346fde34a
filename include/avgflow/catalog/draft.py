"""A first catalog file from a live database: names, kinds and keys filled in, every human decision left open.

What only a human can know says `decide`, and such a file does not load; a comment beside it says what the database
shows. Nothing is guessed into the catalog: a wrong guess would be a person's data left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from avgflow.catalog.drift import key_of, plain_kind
from avgflow.catalog.keys import unindexed
from avgflow.catalog.live import ForeignKey, LiveColumn, LiveSchema, LiveTable
from avgflow.catalog.models import DECIDE
from avgflow.catalog.names import ColumnName, quoted

# Names that suggest a kind of identifier; a suggestion stands in a comment only.
_HINTS = (
    (
        re.compile(r"e_?mail", re.IGNORECASE),
        "{category: contact, attribute: email, identifier: email, label: {nl: …, en: …}}",
    ),
    (
        re.compile(r"phone|mobile|telefoon", re.IGNORECASE),
        "{category: contact, attribute: phone, label: {nl: …, en: …}}",
    ),
    (
        re.compile(r"password|token|secret|hash", re.IGNORECASE),
        "{category: account, secret: true, label: {nl: …, en: …}}",
    ),
    (
        re.compile(r"note|body|remark|comment|text", re.IGNORECASE),
        "{category: content, free_text: true, label: {nl: …, en: …}}",
    ),
    (
        re.compile(r"_by$|^user$|author|agent", re.IGNORECASE),
        "{category: staff, third_party: true, label: {nl: …, en: …}}",
    ),
)


def draft(store: str, connection: str, schema: LiveSchema) -> str:
    """The text of a catalog file for a store; it loads once every `decide` is replaced."""
    lines = [
        f"# Drafted from the database. Replace every '{DECIDE}': the file does not load before. For a column write",
        "# 'none' where it holds no personal data, else {category: …, label: {nl: …, en: …}} and what else applies.",
        "",
        f"store: {store}",
        f"title: {DECIDE}",
        f"connection: {connection}",
        "",
        "tables:" if schema.tables else "tables: {}",
    ]
    for table in schema.tables.values():
        lines += [*_table(store, table), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(store: str, table: LiveTable) -> Iterator[str]:
    yield f"  {_key(str(table.name))}:"
    yield f"    title: {DECIDE}"
    if plain_kind(table) != "table":
        yield f"    kind: {plain_kind(table)}"
    key = key_of(table)
    if key:
        yield f"    key: [{', '.join(map(_key, key))}]"
    yield f"    subject: {DECIDE}  # {_ways(store, table)}"
    yield f"    classes: {DECIDE}  # [{{class: R1, term_from: a date}}]; take it out where subject is none"
    for foreign, statement in unindexed(table):
        yield f"    # No index serves the foreign key {quoted(foreign.name)}, so erasing is slow: {statement}"
    yield "    columns:" if table.columns else "    columns: {}"
    keys = {*key, *(column for foreign in table.foreign_keys for column in foreign.columns)}
    for column in table.columns.values():
        yield f"      {_key(column.name)}: {DECIDE}  # {_shown(column, is_key=column.name in keys)}"


def _ways(store: str, table: LiveTable) -> str:
    links = [_link(store, foreign) for foreign in table.foreign_keys]
    return " or ".join(["none (nobody's rows)", *links, "{a column: identifier}"])


def _link(store: str, foreign: ForeignKey) -> str:
    pairs = (
        f"{_key(column)}: {_key(str(ColumnName(store, foreign.target, target)))}"
        for column, target in zip(foreign.columns, foreign.target_columns, strict=True)
    )
    return "{" + ", ".join(pairs) + "}"


def _shown(column: LiveColumn, *, is_key: bool) -> str:
    hint = next((text for pattern, text in _HINTS if pattern.search(column.name)), "none" if is_key else None)
    words = [column.type, *(["computed"] if column.generated else []), *(["key"] if is_key else [])]
    return ", ".join(words) + (f"; perhaps {hint}" if hint else "")


def _key(name: str) -> str:
    """A name as YAML writes it: plain where it can be, quoted where it must be."""
    text: str = yaml.safe_dump([name], default_flow_style=True, allow_unicode=True, width=float("inf"))
    return text.strip()[1:-1]
