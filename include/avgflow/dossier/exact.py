"""PostgreSQL's text output as JSON and CSV fields, without losing or inventing anything.

Every writer falls back to a JSON string where the text is not what the type promises (a pseudonym in a numeric column):
the text itself is then kept as it is. `RULES` says in words what the writers do; the manifest carries it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from enum import Enum

from avgflow.catalog.models import Text
from avgflow.dossier import arrays


class Kind(Enum):
    """How values of a PostgreSQL type are written."""

    INTEGER = "integer"
    NUMERIC = "numeric"
    FLOAT = "float"
    BOOLEAN = "boolean"
    JSON = "json"
    DATE = "date"
    MOMENT = "timestamp"
    BYTES = "attachment"
    ARRAY = "array"
    TEXT = "text"

    @property
    def is_number(self) -> bool:
        """Whether a spreadsheet may take the value for a number."""
        return self in {Kind.INTEGER, Kind.NUMERIC, Kind.FLOAT}


RULES = {
    "null": Text(
        nl='JSON: null. CSV: een leeg veld zonder aanhalingstekens. Een lege tekst is in CSV "".',
        en='JSON: null. CSV: an empty field without quotes. An empty text is "" in CSV.',
    ),
    "integer": Text(nl="JSON: een geheel getal, hoe groot ook.", en="JSON: an integer, however large."),
    "numeric": Text(
        nl="JSON: een tekst met precies de opgeslagen cijfers ('12.50', 'NaN'). CSV: dezelfde cijfers, met een punt.",
        en="JSON: a string with exactly the stored digits ('12.50', 'NaN'). CSV: the same digits, with a point.",
    ),
    "float": Text(
        nl="JSON: een getal; NaN, Infinity en -Infinity als tekst.",
        en="JSON: a number; NaN, Infinity and -Infinity as strings.",
    ),
    "boolean": Text(nl="JSON en CSV: true of false.", en="JSON and CSV: true or false."),
    "json": Text(
        nl="JSON: letterlijk overgenomen. CSV: dezelfde tekst.", en="JSON: embedded verbatim. CSV: the same text."
    ),
    "date": Text(
        nl="ISO 8601 (2026-03-29). Jaren voor Christus hebben een minteken: -0043 is 44 voor Christus.",
        en="ISO 8601 (2026-03-29). Years BC have a minus sign: -0043 is 44 BC.",
    ),
    "timestamp": Text(
        nl="ISO 8601, met het tijdverschil met UTC waar dat is opgeslagen (2026-03-29T14:05:00+02:00).",
        en="ISO 8601, with the offset from UTC where one is stored (2026-03-29T14:05:00+02:00).",
    ),
    "attachment": Text(
        nl="De inhoud is een bestand in bijlagen.zip. JSON: bestand, eigen naam, bytes en SHA-256. CSV: het bestand.",
        en="The content is a file in attachments.zip. JSON: file, own name, bytes and SHA-256. CSV: the file.",
    ),
    "array": Text(
        nl="JSON: een lijst, de elementen volgens hun type. CSV: de notatie van PostgreSQL ({a,b}).",
        en="JSON: a list, its elements by their type. CSV: PostgreSQL's notation ({a,b}).",
    ),
    "text": Text(nl="Letterlijk overgenomen.", en="Verbatim."),
}

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_MOMENT = re.compile(
    r"([0-9]{4,})(-[0-9]{2}-[0-9]{2})"
    r"(?:[ T]([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?)([+-][0-9]{2})?(:[0-9]{2})?(:[0-9]{2})?)?( BC)?"
)
_INTEGERS = frozenset({"smallint", "integer", "bigint", "oid"})
_FLOATS = frozenset({"real", "double precision"})


def kind_of(sql_type: str) -> Kind:
    """The kind of a type as `format_type` prints it (`numeric(10,2)`, `timestamp(3) with time zone`, `text[]`)."""
    if sql_type.endswith("[]"):
        return Kind.ARRAY
    base = re.sub(r"\([^)]*\)", "", sql_type)
    if base in _INTEGERS:
        return Kind.INTEGER
    if base in _FLOATS:
        return Kind.FLOAT
    if base.startswith("timestamp with"):
        return Kind.MOMENT
    simple = {
        "numeric": Kind.NUMERIC,
        "boolean": Kind.BOOLEAN,
        "json": Kind.JSON,
        "jsonb": Kind.JSON,
        "date": Kind.DATE,
        "bytea": Kind.BYTES,
    }
    return simple.get(base, Kind.TEXT)


def to_json(sql_type: str) -> Callable[[str], str]:
    """A writer of a type's values (not NULL) as JSON text. `bytea` gives its text; files are the export's work."""
    kind = kind_of(sql_type)
    if kind is Kind.ARRAY:
        element = to_json(sql_type.removesuffix("[]"))
        return lambda text: _array(text, element)
    return _WRITERS.get(kind, quoted)


def quoted(text: str) -> str:
    """A JSON string."""
    return json.dumps(text, ensure_ascii=False)


def iso(text: str) -> str:
    """A date or moment of PostgreSQL as ISO 8601; other text (`infinity`) as it is."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return text
    year, day, time, hours, minutes, seconds, era = match.groups()
    if era:
        astronomical = 1 - int(year)
        year = f"{astronomical:05d}" if astronomical else "0000"
    elif len(year) > 4:
        year = "+" + year
    offset = f"{hours}{minutes or ':00'}{seconds or ''}" if hours else ""
    return f"{year}{day}" + (f"T{time}{offset}" if time else "")


def is_number(text: str) -> bool:
    """Whether the text is a number in JSON's sense, digit for digit."""
    return _NUMBER.fullmatch(text) is not None


def _integer(text: str) -> str:
    return text if _INTEGER.fullmatch(text) else quoted(text)


def _float(text: str) -> str:
    return text if _NUMBER.fullmatch(text) else quoted(text)


def _boolean(text: str) -> str:
    return {"true": "true", "t": "true", "false": "false", "f": "false"}.get(text) or quoted(text)


def _verbatim(text: str) -> str:
    try:
        # Checked, not converted: numbers stay text, so neither their digits nor their size matter.
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return quoted(text)
    return text


def _no_constant(name: str) -> str:
    raise ValueError(f"{name} is not JSON")


def _array(text: str, element: Callable[[str], str]) -> str:
    try:
        parsed = arrays.parse(text)
    except ValueError:
        return quoted(text)
    return _elements(parsed, element)


def _elements(parsed: arrays.Elements, element: Callable[[str], str]) -> str:
    parts = [
        "null" if item is None else element(item) if isinstance(item, str) else _elements(item, element)
        for item in parsed
    ]
    return f"[{', '.join(parts)}]"


_WRITERS: dict[Kind, Callable[[str], str]] = {
    Kind.INTEGER: _integer,
    Kind.FLOAT: _float,
    Kind.BOOLEAN: _boolean,
    Kind.JSON: _verbatim,
    Kind.DATE: lambda text: quoted(iso(text)),
    Kind.MOMENT: lambda text: quoted(iso(text)),
}
