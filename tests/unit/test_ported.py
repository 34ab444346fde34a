"""A former row cut down to some of its fields, each to the letter."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.handling.ported import only


@pytest.mark.parametrize(
    ("value", "kept", "left"),
    [
        (None, {"a"}, None),
        ("{}", {"a"}, "{}"),
        ('{"a": 1.10, "b": "x"}', {"a"}, '{"a": 1.10}'),
        ('{"a": 12345678901234567890, "b": {"a": "}"}}', {"a"}, '{"a": 12345678901234567890}'),
        ('{"a": "\\"b\\": 2", "b": 3}', {"b"}, '{"b": 3}'),
        ('{"a":[1,{"b":2}] , "b" : null}', {"a", "b"}, '{"a": [1,{"b":2}], "b": null}'),
        ("[1, 2]", {"a"}, None),
        ('"text"', {"a"}, None),
        ("null", {"a"}, None),
    ],
)
def test_the_fields_that_are_kept_are_kept_to_the_letter(value: str | None, kept: set[str], left: str | None) -> None:
    assert only(value, kept) == left


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), values, max_size=5), st.sets(st.text(max_size=3)))
def test_nothing_else_is_left_of_any_object(held: dict[str, object], kept: set[str]) -> None:
    left = only(json.dumps(held), kept)
    assert left is not None
    assert json.loads(left) == {name: value for name, value in held.items() if name in kept}
