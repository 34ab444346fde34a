"""Settings are kept between tasks, and never older than what they are made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from avgflow.errors import WrongSetting
from avgflow.settings import Settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AVGFLOW_HOME", str(tmp_path))
    for name in ("AVGFLOW_RETRIES", "AVGFLOW_SMTP_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_a_variable_that_changes_is_seen(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVGFLOW_RETRIES", "2")
    assert Settings.load().retries == 2
    monkeypatch.setenv("AVGFLOW_RETRIES", "3")
    assert Settings.load().retries == 3
    monkeypatch.delenv("AVGFLOW_RETRIES")
    assert Settings.load().retries == 5


def test_a_file_that_changes_is_seen_and_the_environment_wins(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "stack.env").write_text("AVGFLOW_RETRIES='7'\n")
    assert Settings.load().retries == 7
    (home / "stack.env").write_text("AVGFLOW_RETRIES='11'\n")
    assert Settings.load().retries == 11
    monkeypatch.setenv("AVGFLOW_RETRIES", "1")
    assert Settings.load().retries == 1


def test_another_home_is_another_installation(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().home == home
    monkeypatch.setenv("AVGFLOW_HOME", str(tmp_path / "other"))
    assert Settings.load().work == tmp_path / "other" / "work"


def test_a_wrong_value_is_named_each_time(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVGFLOW_RETRIES", "often")
    for _ in range(2):
        with pytest.raises(WrongSetting, match="AVGFLOW_RETRIES"):
            Settings.load()


def test_nobody_changes_settings_that_others_read(home: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings.load().retries = 9
