"""CSV that a Dutch spreadsheet opens and a program reads back exactly.

`;` between fields (what Excel expects where the comma is the decimal sign), UTF-8 with byte order mark, CRLF. NULL is
an empty field; an empty text is `""`, as PostgreSQL's own COPY writes them. A value that a spreadsheet would run as a
formula gets an apostrophe in front, and so does a value that begins with one: reading back, take one apostrophe away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from avgflow.catalog.models import Text
from avgflow.dossier.exact import Kind, is_number, iso, kind_of

BOM = "\ufeff"
SEPARATOR = ";"
END = "\r\n"

RULE = Text(
    nl="Een waarde die begint met = + - @ (ook na spaties), een tab of een regeleinde, en die geen getal in een "
    "getalkolom is, krijgt een apostrof (') ervoor. Anders kan een rekenprogramma haar als formule uitvoeren. Een "
    "waarde die zelf met een apostrof begint, krijgt er nog een voor. Haal bij het inlezen één apostrof weg. In de "
    "JSON staat de waarde zonder toevoeging.",
    en="A value that begins with = + - @ (also after blanks), a tab or a line end, and is not a number in a column of "
    "numbers, gets an apostrophe (') in front. Otherwise a spreadsheet might run it as a formula. A value that begins "
    "with an apostrophe itself gets one more. When reading, take one apostrophe away. The JSON has the value without "
    "any addition.",
)

_RUNS = re.compile(r"['\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_NEEDS_QUOTES = re.compile(r'[";\r\n,\t]|^\s|\s$')


def field(value: str | None) -> str:
    """One field: NULL as nothing, the empty text as two quotes."""
    if value is None:
        return ""
    if value == "" or _NEEDS_QUOTES.search(value):
        return '"' + value.replace('"', '""') + '"'
    return value


def line(values: Iterable[str | None]) -> str:
    """One line with its end."""
    return SEPARATOR.join(field(value) for value in values) + END


def harmless(value: str) -> str:
    """The value as no spreadsheet runs it (see `RULE`)."""
    return "'" + value if _RUNS.match(value) else value


def to_csv(sql_type: str) -> Callable[[str], str]:
    """A writer of a type's values (not NULL) as the content of a field."""
    kind = kind_of(sql_type)
    if kind.is_number:
        return lambda text: text if is_number(text) else harmless(text)
    if kind in {Kind.DATE, Kind.MOMENT}:
        return lambda text: harmless(iso(text))
    if kind is Kind.BOOLEAN:
        return lambda text: harmless({"t": "true", "f": "false"}.get(text, text))
    return harmless
