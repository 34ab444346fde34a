"""A table's rows as the report shows them: a real table where it fits the page, else a card of labels and values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from avgflow.dossier.attachments import Folder
from avgflow.dossier.content import Answer, Language, StoreContent, TableContent, counted, label_of, short_name
from avgflow.dossier.exact import Kind, kind_of
from avgflow.dossier.file_names import safe
from avgflow.dossier.readable import is_euro, printable, reader, short_date, size, unbroken_date
from avgflow.dossier.words import Words

MOST_ROWS = 200
"""Of one table in the report; the rest is in the export."""

LINE = 96
"""Characters of the report's small print on one line, gutters taken off as `GUTTER` for each column."""
GUTTER = 3
_MOST_COLUMNS = 8
_HYPHENATED = 10
"""Characters of a label's word that stay together; a longer word is hyphenated."""
_MOST_LINES = 3
_SLACK = 0.5
"""Of a line: the widths are an estimate."""
_WIDE = 30
_WIDE_WORD = 23
"""Characters from which a value, or a word of it, gets a line of its own on a card."""
_UNBROKEN = 26
_UNBROKEN_ON_CARD = 60


@dataclass(frozen=True)
class Seen:
    """One table as it was read: rows by class, columns with a value in any row, and what the report shows."""

    store: StoreContent
    content: TableContent
    classes: Counter[str]
    filled: frozenset[str]
    shown: Sequence[tuple[str | None, ...]] = field(repr=False)


def read(answer: Answer, store: StoreContent, content: TableContent, say: Words) -> Seen:
    """Read a table once, whole; only the first `MOST_ROWS` rows stay in memory, as text for a person."""
    shows = [_shower(content, name, sql_type, answer.language) for name, sql_type in content.columns]
    folder = Folder(store, content, answer.language)
    blank = say("blank")
    classes: Counter[str] = Counter()
    filled: set[int] = set()
    shown: list[tuple[str | None, ...]] = []
    for record_class, values in counted(store, content):
        classes[record_class or ""] += 1
        filled.update(position for position, value in enumerate(values) if value is not None)
        if len(shown) < MOST_ROWS:
            files = folder.of(values) if folder.is_needed else {}
            texts = [None if value is None else show(value) or blank for show, value in zip(shows, values, strict=True)]
            for position, file in files.items():
                name = printable(file.name or say("unnamed"))
                texts[position] = say("attached", name=name, size=size(file.size, answer.language))
            shown.append(tuple(texts))
    names = frozenset(name for i, (name, _) in enumerate(content.columns) if i in filled)
    return Seen(store, content, classes, names, shown)


def laid_out(answer: Answer, seen: Seen, say: Words) -> dict[str, Any]:
    """A table for the template: title, notes, and `grid` or `cards`."""
    language, content = answer.language, seen.content
    file = f"csv/{safe(short_name(seen.store, content))}.csv"
    count = content.row_count
    notes = []
    if count > len(seen.shown):
        notes.append(say("capped", shown=len(seen.shown), n=count, file=file))
    columns = _columns(seen, language)
    if not columns:
        notes.append(say("only_technical", file=file))
    rows = [[row[column.position] for column in columns] for row in seen.shown]
    layout: dict[str, Any] = {
        "title": content.table.title.in_(language),
        "count": say("rows_one") if count == 1 else say("rows_many", n=count),
        "about": _about(answer, seen),
        "notes": notes,
    }
    grid = _grid(columns, rows, language)
    if grid is not None:
        layout["grid"] = grid
    elif columns:
        layout["cards"] = [_card(columns, row) for row in rows]
    return layout


def breakable(text: str, longest: int) -> str:
    """The text with places to break (zero width) in words that are longer than a column may be wide."""

    def broken(match: re.Match[str]) -> str:
        pieces = re.findall(r"[^@./\-_?&=:,;]{1,18}[@./\-_?&=:,;]*|[@./\-_?&=:,;]+", match[0])
        return "\u200b".join(pieces)

    return re.sub(rf"\S{{{longest + 1},}}", broken, text)


@dataclass(frozen=True)
class _Shown:
    position: int
    label: str
    is_number: bool
    is_moment: bool


def _shower(content: TableContent, name: str, sql_type: str, language: Language) -> Callable[[str], str]:
    spec = content.table.columns.get(name)
    if spec is not None and not spec.personal:
        return str  # not shown, so not worth the work
    return reader(content, name, sql_type, language)


def _columns(seen: Seen, language: Language) -> list[_Shown]:
    """Personal columns with a value in one of the shown rows."""
    columns = []
    for position, (name, sql_type) in enumerate(seen.content.columns):
        spec = seen.content.table.columns.get(name)
        if (spec is None or spec.personal) and any(row[position] is not None for row in seen.shown):
            is_number = kind_of(sql_type) in {Kind.NUMERIC, Kind.FLOAT} or is_euro(seen.content, name, sql_type)
            is_moment = kind_of(sql_type) in {Kind.DATE, Kind.MOMENT}
            columns.append(_Shown(position, label_of(seen.content, name, language), is_number, is_moment))
    return columns


def _about(answer: Answer, seen: Seen) -> str:
    """Of which classes the rows are: why and how long stand in the summary under the same titles."""
    classes = answer.policy.classes
    return ", ".join(classes[name].title.in_(answer.language) for name in sorted(seen.classes) if name in classes)


def _grid(columns: Sequence[_Shown], rows: Sequence[Sequence[str | None]], language: Language) -> dict[str, Any] | None:
    """The rows as a real table, with short names of months if that makes it fit; None where it does not."""
    for write in (unbroken_date, short_date):
        dated = [
            [
                write(value, language) if value and column.is_moment else value
                for column, value in zip(columns, row, strict=True)
            ]
            for row in rows
        ]
        widths = _widths(columns, dated)
        if widths is not None:
            return {
                "head": [column.label for column in columns],
                "widths": widths,
                "numbers": [column.is_number for column in columns],
                "rows": [[breakable(value or "", _UNBROKEN) for value in row] for row in dated],
            }
    return None


def _widths(columns: Sequence[_Shown], rows: Sequence[Sequence[str | None]]) -> list[float] | None:
    """The columns' shares of the line (empty: as wide as they need), or None where a table does not fit."""
    if len(rows) < 2 or len(columns) > _MOST_COLUMNS or not columns:
        return None
    room = LINE - GUTTER * (len(columns) - 1)
    natural, least = [], []
    for position, column in enumerate(columns):
        values = [row[position] or "" for row in rows]
        lines = [line for value in values for line in value.split("\n")]
        if max(value.count("\n") for value in values) >= _MOST_LINES:
            return None
        words = [word for value in values for word in re.split(r"[ \n]", value)]
        natural.append(max(max(map(len, lines)), min(len(column.label), 18)))
        longest = min(max(map(len, words)), _UNBROKEN)
        label_word = min(max(map(len, column.label.split()), default=1), _HYPHENATED)
        least.append(max(longest, label_word))
    if sum(natural) <= room:
        return []
    if sum(least) > room:
        return None
    spare = room - sum(least)
    wish = [max(0, want - need) for want, need in zip(natural, least, strict=True)]
    widths = [need + spare * want / (sum(wish) or 1) for need, want in zip(least, wish, strict=True)]
    tallest = max(want / width for want, width in zip(natural, widths, strict=True))
    return [round(width, 1) for width in widths] if tallest <= _MOST_LINES + _SLACK else None


def _card(columns: Sequence[_Shown], row: Sequence[str | None]) -> dict[str, Any]:
    """Lines of one wide or one or two short pairs of label and value, in the order of the columns."""
    lines: list[list[list[str]]] = []
    open_line: list[list[str]] | None = None
    height = 0
    for column, value in zip(columns, row, strict=True):
        if value is None:
            continue
        pair = [column.label, breakable(value, _UNBROKEN_ON_CARD)]
        if _is_wide(pair):
            lines.append([pair])
            open_line = None
            height += 1 + value.count("\n") + len(value) // 70
        elif open_line is not None:
            open_line.append(pair)
            open_line = None
        else:
            open_line = [pair]
            lines.append(open_line)
            height += 1
    return {
        "lines": [{"wide": len(line) == 1 and _is_wide(line[0]), "pairs": line} for line in lines],
        "height": height,
    }


def _is_wide(pair: list[str]) -> bool:
    value = pair[1]
    return len(value) > _WIDE or "\n" in value or any(len(word) > _WIDE_WORD for word in value.split())
