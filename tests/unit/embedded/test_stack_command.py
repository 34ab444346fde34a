"""The commands where nothing runs: one clear line, and nothing made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from avgflow.cli.stack import app
from avgflow.embedded.faults import HomeUnusable, StackDown


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "home"
    monkeypatch.setenv("AVGFLOW_HOME", str(here))
    return here


def test_down_with_nothing_running_says_so_and_is_content(home: Path) -> None:
    result = CliRunner().invoke(app, ["down"])
    assert (result.exit_code, result.stdout) == (0, "The stack was not running.\n")
    assert json.loads(CliRunner().invoke(app, ["down", "--json"]).stdout) == {"was_running": False}
    assert not home.exists()


def test_status_with_nothing_running_says_how_to_start(home: Path) -> None:
    result = CliRunner().invoke(app, ["status"])
    assert isinstance(result.exception, StackDown)
    assert str(result.exception) == "The embedded stack is not running. Start it with 'avgflow up'."
    assert not home.exists()


def test_a_home_that_cannot_be_made_is_named(home: Path) -> None:
    home.write_text("a file where the folder should be")
    result = CliRunner().invoke(app, ["up"])
    assert isinstance(result.exception, HomeUnusable)
    assert str(home) in str(result.exception)


def test_status_names_the_part_that_does_not_run() -> None:
    assert "scheduler: fatal" in str(StackDown({"scheduler": "fatal"}))


def test_status_is_json_also_when_nothing_runs() -> None:
    result = CliRunner().invoke(app, ["status", "--json"])
    assert set(json.loads(result.stdout)["processes"].values()) == {"stopped"}
