"""Values as a person reads them: `3 maart 2026, 14:05`, `ja`, `12,50`, lists instead of braces.

The report is for reading and leaves exactness (seconds, trailing digits) to the JSON and CSV beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from avgflow.dossier import arrays
from avgflow.dossier.content import Language, TableContent
from avgflow.dossier.exact import Kind, is_number, kind_of
from avgflow.templating import MONTHS, long_date

MOST_CHARACTERS = 4000
"""Of one value; the rest is in the export."""

_MOMENT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[ T]([0-9]{2}:[0-9]{2}):[0-9.]+)?(?:[+-][0-9:]+)?")
_TIME = re.compile(r"([0-9]{2}:[0-9]{2}):[0-9.]+(?:[+-][0-9:]+)?")
_WHOLE_ADDRESS = re.compile(r"/(?:32|128)$")
_EURO = re.compile(r"\b(?:eur|euro)\b|€|bedrag|prijs|kosten|\b(?:amount|price|costs?)\b", re.IGNORECASE)
_CURRENCY = re.compile(r"currency|valuta", re.IGNORECASE)
_RANGES = frozenset({"daterange", "tsrange", "tstzrange", "int4range", "int8range", "numrange"})
_DURATION = re.compile(
    r"P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+(?:\.\d+)?)S)?)?"
)
_UNITS = {
    "nl": (
        ("jaar", "jaar"),
        ("maand", "maanden"),
        ("dag", "dagen"),
        ("uur", "uur"),
        ("minuut", "minuten"),
        ("seconde", "seconden"),
    ),
    "en": (
        ("year", "years"),
        ("month", "months"),
        ("day", "days"),
        ("hour", "hours"),
        ("minute", "minutes"),
        ("second", "seconds"),
    ),
}
_DEEPEST = 12
_MORE = {"nl": " … (de rest staat in de CSV en JSON)", "en": " … (the rest is in the CSV and JSON)"}
_BOOLEAN = {"nl": {"true": "ja", "false": "nee"}, "en": {"true": "yes", "false": "no"}}
_SIZES = (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10))


def reader(content: TableContent, column: str, sql_type: str, language: Language) -> Callable[[str], str]:
    """How values (not NULL) of a column are shown. Files (`bytea`) are the records' work."""
    if is_euro(content, column, sql_type):
        return lambda text: _euro(text, language)
    spec = content.table.columns.get(column)
    if spec is not None and spec.values:
        meanings = {code: meaning.in_(language) for code, meaning in spec.values.items()}
        return lambda text: shortened(meanings.get(text, text), language)
    show = _reader(sql_type, language)
    return lambda text: shortened(show(text), language)


def shortened(text: str, language: Language) -> str:
    """At most `MOST_CHARACTERS`, and printable ones."""
    if len(text) > MOST_CHARACTERS:
        text = text[:MOST_CHARACTERS].rstrip() + _MORE[language]
    return printable(text)


def printable(text: str) -> str:
    """Without characters that have no picture; tabs and line ends stay what they mean."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    return "".join(char if char == "\n" or (char >= " " and not "\x7f" <= char < "\xa0") else "\ufffd" for char in text)


def size(number: int, language: Language) -> str:
    """A size in bytes as a person reads it: `1,2 MB`."""
    for unit, factor in _SIZES:
        if number >= factor:
            return f"{_decimal(f'{number / factor:.1f}', language)} {unit}"
    return f"{number} bytes"


def _reader(sql_type: str, language: Language) -> Callable[[str], str]:
    kind = kind_of(sql_type)
    if kind is Kind.ARRAY:
        element = _reader(sql_type.removesuffix("[]"), language)
        return lambda text: _array(text, element)
    if kind is Kind.NUMERIC or kind is Kind.FLOAT:
        return lambda text: _decimal(text, language)
    if kind is Kind.BOOLEAN:
        return lambda text: _BOOLEAN[language].get({"t": "true", "f": "false"}.get(text, text), text)
    if kind in {Kind.DATE, Kind.MOMENT}:
        return lambda text: moment(text, language)
    if kind is Kind.JSON:
        return lambda text: _json(text, language)
    if sql_type.startswith("time"):
        return lambda text: match[1] if (match := _TIME.fullmatch(text)) else text
    if sql_type in {"inet", "cidr"}:
        return lambda text: _WHOLE_ADDRESS.sub("", text) if sql_type == "inet" else text
    if sql_type.startswith("interval"):
        return lambda text: _duration(text, language)
    if sql_type in _RANGES:
        return lambda text: _range(text, language)
    return str


def moment(text: str, language: Language) -> str:
    """A date or moment in words, to the minute; as it is where it is none of our calendar (`infinity`, BC)."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return text
    day = long_date(date(int(match[1]), int(match[2]), int(match[3])), language)
    return f"{day}, {match[4]}" if match[4] else day


def unbroken_date(text: str, language: Language) -> str:
    """A date in words (as `moment` writes it) that stays on one line; the time may go to the next."""
    day, comma, time = text.partition(",")
    return day.replace(" ", "\u00a0") + comma + time


def short_date(text: str, language: Language) -> str:
    """The same with a short name of the month: `3 mrt 2026`."""
    words = text.split(" ")
    if len(words) > 2 and words[1] in MONTHS[language]:
        words[1] = "mrt" if words[1] == "maart" else words[1][:3]
    return unbroken_date(" ".join(words), language)


def _range(text: str, language: Language) -> str:
    """`[2020-01-01,2021-01-01)` as from … before …; a closed upper bound is still within."""
    match = re.fullmatch(r'[\[(]"?([^",]*)"?,"?([^",]*)"?([\])])', text)
    if match is None:
        return text
    begin, end = moment(match[1], language), moment(match[2], language)
    since, until, through = ("vanaf", "tot", "tot en met") if language == "nl" else ("from", "before", "through")
    parts = (f"{since} {begin}" if begin else "", f"{until if match[3] == ')' else through} {end}" if end else "")
    return " ".join(part for part in parts if part)


def _duration(text: str, language: Language) -> str:
    """An ISO 8601 duration (`P1DT4M12S`) in words; another notation as it is."""
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        return text
    parts = zip(match.groups(), _UNITS[language], strict=True)
    return ", ".join(
        f"{_decimal(number, language)} {one if number in {'1', '-1'} else many}"
        for number, (one, many) in parts
        if number
    )


def _decimal(text: str, language: Language) -> str:
    """A number with the language's decimal sign; zeros at the end of more than two decimals say nothing."""
    if not is_number(text):
        return text
    whole, point, decimals = text.partition(".")
    if len(decimals) > 2 and decimals.isdigit():
        decimals = decimals.rstrip("0")
    sign = "," if language == "nl" else "."
    return whole + sign + decimals if point and decimals else whole


def is_euro(content: TableContent, column: str, sql_type: str) -> bool:
    """Whether a number is an amount in euros: the label says so, and no column of the table names a currency."""
    spec = content.table.columns.get(column)
    if kind_of(sql_type) is not Kind.NUMERIC or spec is None or spec.label is None:
        return False
    if any(_CURRENCY.search(name) for name in content.table.columns):
        return False
    return any(_EURO.search(label) for label in (spec.label.nl, spec.label.en))


def _euro(text: str, language: Language) -> str:
    if not re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", text):
        return text
    sign = "-" if text.startswith("-") else ""
    whole, _, cents = text.lstrip("-").partition(".")
    cents = cents.rstrip("0") if len(cents) > 2 else cents
    grouped = f"{int(whole):,}"
    if language == "nl":
        grouped = grouped.replace(",", ".")
    return f"€\u00a0{sign}{grouped}{',' if language == 'nl' else '.'}{cents.ljust(2, '0')}"


def _array(text: str, element: Callable[[str], str]) -> str:
    try:
        return _joined(arrays.parse(text), element)
    except ValueError:
        return text


def _joined(parsed: arrays.Elements, element: Callable[[str], str]) -> str:
    shown = [
        "–" if item is None else element(item) or "‘’" if isinstance(item, str) else f"({_joined(item, element)})"
        for item in parsed
    ]
    return ", ".join(shown) if shown else "–"


def _json(text: str, language: Language) -> str:
    try:
        value = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return text
    return "\n".join(_lines(value, language, 0)) or "–"


def _lines(value: Any, language: Language, depth: int) -> list[str]:
    """`name: value` a line; what lies inside is set in with two no-break spaces."""
    if depth > _DEEPEST:
        return ["…"]
    if isinstance(value, dict):
        pairs = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        pairs = [(f"{position}", item) for position, item in enumerate(value, start=1)]
    else:
        return [_scalar(value, language)]
    lines = []
    for key, item in pairs:
        nested = _lines(item, language, depth + 1)
        if isinstance(item, dict | list) and item and (len(nested) > 1 or isinstance(item, dict)):
            lines += [f"{key}:", *("\u00a0\u00a0" + line for line in nested)]
        else:
            lines.append(f"{key}: {nested[0] if nested else '–'}")
    return lines


def _scalar(value: Any, language: Language) -> str:
    if isinstance(value, bool):
        return _BOOLEAN[language]["true" if value else "false"]
    if value is None or value in ([], ""):
        return "–"
    if isinstance(value, list):
        return ", ".join(_scalar(item, language) for item in value)
    return str(value)
