"""Sweeps in the daily look: one that waits, one that did not end well, and none that should have run."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clock_world import sent, text
from real_postgres import Register
from swept_world import Desk, found
from typer.testing import CliRunner

from avgflow import cli
from avgflow.deadlines import SweepTrouble
from avgflow.fields import AMSTERDAM
from avgflow.handling import reporting_sweep, watching
from avgflow.handling.environment import Environment
from avgflow.register import sweeps
from avgflow.register.database import transaction
from avgflow.register.sweeps import SweepStatus
from avgflow.settings import Settings
from avgflow.sweep.caps import Ask

NOW = datetime.now(UTC)


@pytest.fixture
def env(register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    for name, value in (register.environment() | {"AVGFLOW_HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    return Environment(Settings.load(), lambda connection: "")


@pytest.fixture
def desk(env: Environment) -> Desk:
    return Desk(env.register, env.keyring)


def named(env: Environment, days: int = 1) -> list[tuple[SweepTrouble, str | None]]:
    return [(one.why, one.number) for one in watching.look(env, NOW + timedelta(days)).sweeps]


def digest(env: Environment, days: int = 1) -> str:
    (message_id,) = watching.watch(env, NOW + timedelta(days)).told
    return text(sent(env, message_id)[0])


def waiting(desk: Desk, run: str = "run-1") -> str:
    made = desk.previewed(run, [found(40)], [Ask("first", 40).to_json()])
    with transaction(desk.engine) as conn:
        sweeps.wait(conn, desk.keyring, made.number)
    return made.number


def test_a_sweep_that_ended_well_is_not_named(env: Environment, desk: Desk) -> None:
    desk.ended("run-1", [found(40)])
    assert named(env) == []
    desk.ended("run-2", status=SweepStatus.STOPPED)
    assert named(env) == [], "a human stopped it, who knows"


def test_a_sweep_that_waits_is_named_each_morning_with_the_last_day_to_answer(env: Environment, desk: Desk) -> None:
    number = waiting(desk)
    assert named(env) == [(SweepTrouble.WAITING, number)]
    last = (datetime.now(AMSTERDAM) + timedelta(env.policy.retention.approval_days)).date()
    read = digest(env)
    assert f"{number} wacht op uw goedkeuring. Antwoord uiterlijk op {last.day} " in read
    assert "avgflow retention list" in read
    said = CliRunner().invoke(cli.app, ["deadlines"]).stdout
    assert f"{number} waits for your approval until {last.isoformat()}" in said
    (one,) = json.loads(CliRunner().invoke(cli.app, ["deadlines", "--json"]).stdout)["sweeps"]
    assert one == {"why": "waiting", "number": number, "since": _today(), "until": last.isoformat()}
    with transaction(desk.engine) as conn:
        sweeps.refuse(conn, desk.keyring, number, "officer")
    assert named(env) == []


def _today() -> str:
    return datetime.now(AMSTERDAM).date().isoformat()


def test_a_sweep_that_was_not_proven_is_named_until_a_human_approved_another(env: Environment, desk: Desk) -> None:
    number = desk.ended("run-1", [found(40)], SweepStatus.FAILED).number
    assert named(env) == [(SweepTrouble.FAILED, number)]
    assert f"{number} is niet goed afgelopen" in digest(env)
    desk.previewed("run-2")
    assert named(env) == [(SweepTrouble.FAILED, number)]
    desk.ended("run-3")
    assert named(env) == []


def test_a_sweep_that_got_stuck_half_way_is_named(env: Environment, desk: Desk) -> None:
    number = desk.approved("run-1", [found(40)]).number
    assert named(env) == [], "it is at work"
    reporting_sweep.record_failure(env, number, "crm", RuntimeError())
    assert named(env) == [(SweepTrouble.FAILED, number)]
    desk.ended("run-2")
    assert named(env) == [], "another has done its work since"


def test_that_none_has_run_for_two_weeks_is_named(env: Environment, desk: Desk) -> None:
    assert named(env, 14) == []
    assert named(env, 17) == [(SweepTrouble.MISSING, None)]
    assert "Er is nog nooit opgeschoond, terwijl dat wel had gemoeten." in digest(env, 17)
    desk.ended("run-1")
    assert named(env, 14) == []
    assert named(env, 17) == [(SweepTrouble.MISSING, None)]
    assert "niet meer opgeschoond, terwijl dat wel had gemoeten" in digest(env, 18)


def test_who_sweeps_once_a_year_is_not_told_after_two_weeks(
    env: Environment, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "policy.yaml"
    yearly = (NOW - timedelta(20)).astimezone(AMSTERDAM)
    own = Settings().policy.read_text(encoding="utf-8")
    policy.write_text(f"{own}\nretention: {{schedule: '0 2 {yearly.day} {yearly.month} *'}}\n", encoding="utf-8")
    monkeypatch.setenv("AVGFLOW_POLICY", str(policy))
    again = Environment(Settings.load(), lambda connection: "")
    desk.ended("run-1")
    assert named(again, 200) == []
    assert named(again, 380) == [(SweepTrouble.MISSING, None)]
    again.dispose()
