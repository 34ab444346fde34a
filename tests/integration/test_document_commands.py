"""What a person gave as evidence is kept sealed, and shown on record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from real_postgres import Register
from register_world import a_request
from typer.testing import CliRunner, Result

from avgflow import cli
from avgflow.register import chain, documents
from avgflow.register.database import transaction
from avgflow.register.locks import UnknownRequest
from avgflow.register.schema import document, event

SECRET = b"Mevrouw Zonneklaar woont op nummer 14."
NAME = "brief van Zonneklaar.pdf"


@pytest.fixture
def number(register: Register, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A request on a register on which the `avgflow` command works."""
    for name, value in (register.environment() | {"AVGFLOW_HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    with transaction(register.engine) as conn:
        return a_request(conn, register.keyring).number


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["document", *arguments])


def done(*arguments: str) -> str:
    said = run(*arguments)
    assert said.exit_code == 0, (said.output, said.exception)
    return said.stdout


def test_a_document_is_kept_sealed_and_written_out_on_record(register: Register, number: str, tmp_path: Path) -> None:
    given, got = tmp_path / NAME, tmp_path / "uit.pdf"
    given.write_bytes(SECRET)
    for _ in range(2):
        done("add", number, str(given))
    (listed,) = json.loads(done("list", number, "--json"))
    assert (listed["place"], listed["size"]) == (1, len(SECRET))
    assert NAME not in done("list", number)
    done("get", number, "1", "-o", str(got))
    assert got.read_bytes() == SECRET
    assert got.stat().st_mode & 0o777 == 0o600
    with transaction(register.engine) as conn:
        assert chain.verify(conn, register.keyring).ok
        names = [row.name for row in conn.execute(event.select().order_by(event.c.id))]
        (row,) = conn.execute(document.select())
    assert names[-2:] == ["document.added", "document.shown"]
    assert b"Zonneklaar" not in bytes(row.sealed) + bytes(row.name_sealed)


def test_what_cannot_be_kept_or_shown_is_refused_in_one_line(register: Register, number: str, tmp_path: Path) -> None:
    empty, large, there = tmp_path / "leeg", tmp_path / "groot", tmp_path / "er al"
    empty.touch()
    large.write_bytes(b"x" * (documents.LARGEST + 1))
    there.write_bytes(SECRET)
    for words in (("add", str(empty)), ("add", str(large)), ("add", str(tmp_path / "weg"))):
        refused = run(words[0], number, *words[1:]).exception
        assert isinstance(refused, documents.DocumentRefused)
        assert "\n" not in str(refused)
    assert isinstance(run("get", number, "1", "-o", str(tmp_path / "uit")).exception, documents.UnknownDocument)
    assert isinstance(run("add", "AVG-2020-00001", str(there)).exception, UnknownRequest)
    for place in range(documents.MOST):
        there.write_bytes(SECRET + bytes([place]))
        done("add", number, str(there))
    there.write_bytes(b"nog een")
    assert isinstance(run("add", number, str(there)).exception, documents.DocumentRefused)
    assert isinstance(run("get", number, "1", "-o", str(there)).exception, documents.DocumentRefused)
    assert there.read_bytes() == b"nog een"
