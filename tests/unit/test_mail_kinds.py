"""Every kind of mail that is put in the outbox has words, for the officer's list and for the auditor's dossier."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from avgflow.deadline_letters import named
from avgflow.dossier.audit import words
from avgflow.settings import INCLUDE

LIBRARY = INCLUDE / "avgflow"
OF_NO_REQUEST = ("sweep-", "deadline-", "housekeeping")
"""How kinds begin that are in no request's dossier."""
PLACES = {"enqueue": 3, "queue": 2}
"""What puts a mail in the outbox, and which of its arguments is the kind."""


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def kinds() -> set[str]:
    """The first word of every kind, as the source has it."""
    files = [file for folder in ("handling", "housekeeping") for file in (LIBRARY / folder).glob("*.py")]
    return {kind.partition(":")[0] for file in files for kind in _put_in(file)}


def _put_in(file: Path) -> Iterator[str]:
    for function in (node for node in ast.walk(parsed(file)) if isinstance(node, ast.FunctionDef)):
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in PLACES:
                yield from _texts(call.args[PLACES[name]], file, function)


def _texts(kind: ast.expr, file: Path, function: ast.FunctionDef) -> Iterator[str]:
    """How a kind can begin; of a name all that is ever assigned to it, of a call all that it returns."""
    match kind:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
            yield text
        case ast.JoinedStr(values=[ast.FormattedValue(value=first), *_]):
            yield from _texts(first, file, function)
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one, file, function)
            yield from _texts(other, file, function)
        case ast.Name(id=name):
            for value in (*_assigned(function, name), *_constant(file, name)):
                yield from _texts(value, file, function)
        case ast.Call(func=ast.Name(id=name)):
            for other in parsed(file).body:
                if isinstance(other, ast.FunctionDef) and other.name == name:
                    for node in ast.walk(other):
                        if isinstance(node, ast.Return) and node.value is not None:
                            yield from _texts(node.value, file, other)


def _assigned(within: ast.AST, name: str) -> Iterator[ast.expr]:
    for node in (node for node in ast.walk(within) if isinstance(node, ast.Assign)):
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id == name:
                yield node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts, strict=True)
                yield from (value for part, value in pairs if isinstance(part, ast.Name) and part.id == name)


def _constant(file: Path, name: str) -> Iterator[ast.expr]:
    """What stands at the top of the module under a name, or of the one that it is imported from."""
    for node in parsed(file).body:
        if isinstance(node, ast.Assign):
            yield from _assigned(node, name)
        elif isinstance(node, ast.ImportFrom) and any(alias.name == name for alias in node.names):
            yield from _constant(INCLUDE / f"{(node.module or '').replace('.', '/')}.py", name)


def test_the_kinds_are_found_in_the_source() -> None:
    mails = {"answer", "code", "controller", "extended", "lifting", "passphrase", "recipient", "withdrawn"}
    assert kinds() >= mails | {"stopped", "waiting", "loose-ends", "deadline-digest", "sweep-report", "sweep-quiet"}


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_a_mail_has_words_and_no_code(kind: str) -> None:
    for language in ("nl", "en"):
        assert named(f"{kind}:1", language) != f"{kind}:1"
    if not kind.startswith(OF_NO_REQUEST):
        assert kind in words.MAILS
