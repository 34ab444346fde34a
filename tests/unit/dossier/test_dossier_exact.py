"""Values as JSON and CSV: nothing lost, nothing invented."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.dossier import arrays, sheets
from avgflow.dossier.exact import iso, kind_of, quoted, to_json

# PostgreSQL's text holds any character but NUL (and no lone surrogates).
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def array_text(items: list[object]) -> str:
    """As PostgreSQL's array_out writes it: everything that could be misread in quotes."""

    def element(item: object) -> str:
        if item is None:
            return "NULL"
        if isinstance(item, list):
            return array_text(item)
        word = str(item)
        plain = word and word.upper() != "NULL" and not any(c in '{},"\\' or c.isspace() for c in word)
        return word if plain else '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'

    return "{" + ",".join(map(element, items)) + "}"


@given(st.recursive(st.lists(TEXT | st.none()), lambda inner: st.lists(inner, min_size=1), max_leaves=8))
def test_arrays_come_back_as_they_were(items: list[object]) -> None:
    assert arrays.parse(array_text(items)) == items
    assert json.loads(to_json("text[]")(array_text(items))) == items


@pytest.mark.parametrize(
    ("written", "elements"),
    [
        ("{}", []),
        ('{NULL,"NULL",null,""}', [None, "NULL", None, ""]),
        (r'{"a\"b","c\\d","{x}"}', ['a"b', "c\\d", "{x}"]),
        ("[0:2]={1,2,3}", ["1", "2", "3"]),
        ("{{1,2},{3,4}}", [["1", "2"], ["3", "4"]]),
    ],
)
def test_array_notation(written: str, elements: list[object]) -> None:
    assert arrays.parse(written) == elements


@pytest.mark.parametrize("written", ["", "medewerker 1", "{", "{a", "{a,}", "{,}", "{a}b", '{"a}', "{{a}", "}"])
def test_what_is_no_array_is_kept_as_text(written: str) -> None:
    with pytest.raises(ValueError):
        arrays.parse(written)
    assert json.loads(to_json("text[]")(written)) == written


def test_elements_of_an_array_have_their_own_type() -> None:
    assert to_json("bigint[]")("{1,NULL,9007199254740993}") == "[1, null, 9007199254740993]"
    assert to_json("numeric(10,2)[]")("{1.10}") == '["1.10"]'
    assert to_json("boolean[]")("{t,f}") == "[true, false]"
    assert json.loads(to_json("jsonb[]")('{"{\\"a\\": 1.10}"}')) == [{"a": 1.1}]


@given(st.integers())
def test_integers_are_integers_of_any_size(number: int) -> None:
    assert to_json("bigint")(str(number)) == str(number)


@given(st.decimals(allow_infinity=False))
def test_numeric_is_a_string_digit_for_digit(number: Decimal) -> None:
    assert json.loads(to_json("numeric(12,2)")(str(number))) == str(number)


@given(st.floats())
def test_floats_are_numbers_where_json_has_them(number: float) -> None:
    written = str(number).replace("inf", "Infinity").replace("nan", "NaN")
    assert float(json.loads(to_json("double precision")(written))) == pytest.approx(number, nan_ok=True)


@given(TEXT)
def test_text_in_a_column_of_another_type_is_kept_as_text(value: str) -> None:
    """A pseudonym may stand in any column."""
    for kind in ("integer", "double precision", "boolean", "jsonb", "date", "timestamp with time zone", "int4range"):
        if kind == "boolean" and value in {"t", "f"}:
            continue  # PostgreSQL's own print of a boolean
        read = json.loads(to_json(kind)(value), parse_int=str, parse_float=str)
        assert read == value or to_json(kind)(value) == value


def test_jsonb_keeps_every_digit_and_letter() -> None:
    written = '{"amount": 1.10, "big": 123456789012345678901234567890, "e": 1e400, "deep": [null, {"a": "\\u00e9"}]}'
    assert to_json("jsonb")(written) == written


def test_json_that_is_too_deep_to_read_is_kept_as_text() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    assert to_json("json")(deep) in {deep, quoted(deep)}


@pytest.mark.parametrize(
    ("stored", "written"),
    [
        ("2026-03-29 14:05:00+02", "2026-03-29T14:05:00+02:00"),
        ("2026-03-29 14:05:00.123456-03:30", "2026-03-29T14:05:00.123456-03:30"),
        ("1850-01-01 00:00:00+00:19:32", "1850-01-01T00:00:00+00:19:32"),
        ("2026-03-29 14:05:00", "2026-03-29T14:05:00"),
        ("2026-03-29", "2026-03-29"),
        ("0044-03-15 BC", "-0043-03-15"),
        ("0001-01-01 00:00:00+00 BC", "0000-01-01T00:00:00+00:00"),
        ("12026-01-01", "+12026-01-01"),
        ("infinity", "infinity"),
    ],
)
def test_moments_are_iso_8601(stored: str, written: str) -> None:
    assert iso(stored) == written


@pytest.mark.parametrize(
    ("sql_type", "kind"),
    [
        ("timestamp(3) with time zone", "timestamp"),
        ("numeric(10,2)", "numeric"),
        ("character varying(20)[]", "array"),
        ('public."Status"', "text"),
        ("time without time zone", "text"),
        ("bytea", "attachment"),
    ],
)
def test_types_as_format_type_prints_them(sql_type: str, kind: str) -> None:
    assert kind_of(sql_type).value == kind


ROW = st.lists(TEXT | st.none(), min_size=2, max_size=6)


def read_back(line: str) -> list[str | None]:
    """A CSV reader that tells NULL from the empty text, as PostgreSQL's COPY does."""
    fields: list[str | None] = []
    at = 0
    while True:
        if line[at] == '"':
            end = at + 1
            while line[end] != '"' or line[end + 1 : end + 2] == '"':
                end += 2 if line[end] == '"' else 1
            fields.append(line[at + 1 : end].replace('""', '"'))
            at = end + 1
        else:
            ends = [i for i in (line.find(";", at), line.find("\r\n", at)) if i >= 0]
            fields.append(line[at : min(ends)] or None)
            at = min(ends)
        if line[at : at + 2] == "\r\n":
            assert at + 2 == len(line)
            return fields
        at += 1


def original(value: str) -> str:
    """As the manifest tells who reads a file: take one apostrophe away."""
    return value.removeprefix("'")


@given(ROW)
def test_a_csv_line_comes_back_as_it_was(values: list[str | None]) -> None:
    written = sheets.line([None if value is None else sheets.to_csv("text")(value) for value in values])
    assert [None if value is None else original(value) for value in read_back(written)] == values


@given(ROW)
def test_pythons_own_csv_reader_reads_it_too(values: list[str | None]) -> None:
    written = sheets.line([None if value is None else sheets.to_csv("text")(value) for value in values])
    (row,) = csv.reader(io.StringIO(written, newline=""), delimiter=";")
    assert [original(field) for field in row] == [value or "" for value in values]


@given(st.sampled_from(["", " ", "\t", "\n", "\u00a0"]), st.sampled_from("=+-@\uff1d\uff0b\uff0d\uff20"), TEXT)
def test_no_value_begins_like_a_formula(blank: str, sign: str, rest: str) -> None:
    assert sheets.to_csv("text")(blank + sign + rest).startswith("'")


@pytest.mark.parametrize("number", ["-12.50", "-5", "1e+20", "9007199254740993"])
def test_numbers_stay_numbers(number: str) -> None:
    assert sheets.to_csv("numeric")(number) == number


def test_a_telephone_number_is_no_formula_and_can_be_restored() -> None:
    assert sheets.to_csv("text")("+31612345678") == "'+31612345678"
    assert original("'+31612345678") == "+31612345678"
