"""PostgreSQL's text form of arrays (manual, 8.15.6): nested braces, quoted elements, NULL, explicit bounds."""

from __future__ import annotations

import re
from typing import TypeAlias

Elements: TypeAlias = "list[str | Elements | None]"

_BOUNDS = re.compile(r"(?:\[-?\d+:-?\d+\])+=")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r'((?:[^",{}\\]|\\.)+)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def parse(text: str) -> Elements:
    """The elements as text (NULL as None), nested as the array is; `ValueError` where the text is no array.

    Lower bounds other than 1 (`[0:1]={a,b}`) are read over: a list has none.
    """
    bounds = _BOUNDS.match(text)
    at = bounds.end() if bounds else 0
    if text[at : at + 1] != "{":
        raise ValueError("not the text of an array")
    root: Elements = []
    open_lists: list[Elements] = []
    expect_element = True
    while at < len(text):
        char = text[at]
        if char == "{" and expect_element:
            inner: Elements = [] if open_lists else root
            if open_lists:
                open_lists[-1].append(inner)
            open_lists.append(inner)
            at += 1
        elif char == "}" and open_lists and (not expect_element or not open_lists[-1]):
            open_lists.pop()
            expect_element = False
            at += 1
            if not open_lists:
                break
        elif char == "," and open_lists and not expect_element:
            expect_element = True
            at += 1
        elif expect_element and open_lists:
            element, at = _element(text, at)
            open_lists[-1].append(element)
            expect_element = False
        else:
            raise ValueError("not the text of an array")
    if open_lists or at != len(text):
        raise ValueError("not the text of an array")
    return root


def _element(text: str, at: int) -> tuple[str | None, int]:
    quoted = _QUOTED.match(text, at)
    if quoted:
        return _ESCAPE.sub(r"\1", quoted[1]), quoted.end()
    bare = _BARE.match(text, at)
    if bare is None:
        raise ValueError("not the text of an array")
    value = bare[1]
    return (None if value.upper() == "NULL" else _ESCAPE.sub(r"\1", value)), bare.end()
