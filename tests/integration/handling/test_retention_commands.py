"""The commands of `avgflow retention`, as a privacy officer types them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from handling_world import Office
from swept_world import DIGEST, Desk, found
from typer.testing import CliRunner, Result

from avgflow import answers, cli
from avgflow.airflow_api import AirflowApi, Question
from avgflow.handling import configured, deciding_sweep, environment, holding, previewing_sweep, proving_sweep, sweeping
from avgflow.handling.environment import Environment
from avgflow.intake import day_in_amsterdam
from avgflow.policy.models import Erasure, Policy
from avgflow.register import chain, events, sweeps
from avgflow.register.database import transaction
from avgflow.register.schema import event
from avgflow.register.sweeps import Sweep, SweepStatus
from avgflow.sweep.caps import Ask

ASKS = (Ask("first", 40).to_json(), Ask("share", 40, "crm", "public.ticket", "1-R2", 10, 200).to_json())
RUN = "scheduled__2026-11-29T01:00:00+00:00"


@dataclass
class Airflow(AirflowApi):
    """Airflow as far as the command line sees it: a run that asks, and what its task does with an answer."""

    url: str = ""
    user: str = ""
    password: str = ""
    take: Callable[[str, Mapping[str, Any]], None] | None = None
    started: list[str] = field(default_factory=list)
    begin: Callable[[str], None] | None = None
    run_state: str | None = "running"

    def question(self, dag_id: str, number: str) -> Question | None:
        return Question(dag_id, number, "approve", -1, ("preview",)) if self.take and number == RUN else None

    def answer(self, asked: Question, option: str, inputs: Mapping[str, Any]) -> None:
        assert self.take
        self.take(option, inputs)

    def start_by_hand(self, dag_id: str, run_id: str) -> None:
        self.started.append(run_id)
        if self.begin:
            self.begin(run_id)

    def state(self, dag_id: str, number: str) -> str | None:
        return self.run_state


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Airflow:
    made = Airflow()
    monkeypatch.setattr(answers, "SETTLED", 0.0)
    monkeypatch.setattr(answers, "SECONDS", 1.0)
    monkeypatch.setattr(AirflowApi, "of", lambda settings: made)
    return made


@pytest.fixture
def env(office: Office, monkeypatch: pytest.MonkeyPatch, airflow: Airflow) -> Environment:
    monkeypatch.setattr(environment, "of_settings", lambda: office.env)
    return office.env


@pytest.fixture
def desk(env: Environment) -> Desk:
    return Desk(env.register, env.keyring)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["retention", *words])


def done(*words: str) -> str:
    said = run(*words)
    assert said.exit_code == 0, (said.output, said.exception)
    return said.stdout


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line with which a command refuses."""
    monkeypatch.setattr(sys, "argv", ["avgflow", "retention", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    return line


def waiting(desk: Desk) -> Sweep:
    made = desk.previewed(RUN, [found(40, held={"hold": 5}, undated=3)], ASKS)
    with transaction(desk.engine) as conn:
        sweeps.wait(conn, desk.keyring, made.number)
        return sweeps.get(conn, made.number)


def of(desk: Desk, number: str) -> Sweep:
    with transaction(desk.engine) as conn:
        return sweeps.get(conn, number)


def taking(env: Environment, number: str) -> Callable[[str, Mapping[str, Any]], None]:
    """What the task makes of an answer."""

    def take(option: str, inputs: Mapping[str, Any]) -> None:
        if option == answers.STOP:
            deciding_sweep.refuse(env, number, "officer")
        else:
            deciding_sweep.take(env, number, inputs["preview"], "officer")

    return take


# Looking -------------------------------------------------------------------------------------------------------------


def test_a_preview_counts_and_touches_nothing(env: Environment) -> None:
    before = _chain(env)
    told = done("preview")
    assert "A sweep would ask first: first: No sweep was ever carried out" in told
    assert told.splitlines()[-1] == "Nothing was changed."
    said = json.loads(done("preview", "--json"))
    looked = previewing_sweep.count(env)
    assert {(one["store"], one["table"], one["code"]): one["rows"] for one in said["found"]} == {
        (one.store, one.table, one.code): one.rows for one in looked
    }
    for one in said["found"]:
        assert sum(one["years"].values()) == (one["rows"] if one["oldest"] else 0), "it follows another row"
    assert said["asks"][0]["why"] == "first"
    assert _chain(env) == before
    assert previewing_sweep.count(env) == looked


def _chain(env: Environment) -> list[str]:
    with transaction(env.register) as conn:
        return [row.name for row in conn.execute(event.select().order_by(event.c.id))]


def test_all_about_a_sweep_is_shown_and_it_ends_with_the_twelve_signs(desk: Desk) -> None:
    number = waiting(desk).number
    for words in (("show", number), ("show",)):
        told = done(*words)
        assert told.splitlines()[0].startswith(f"{number}  waiting")
        assert "first: No sweep was ever carried out, so somebody looks first. It is about 40 rows." in told
        assert "40 rows of the 200 in the table, which is 20%. For 10 or fewer we do not ask." in told
        assert f"avgflow retention approve {number} --preview SIGNS" in told
        assert "hold: 5" in told
        assert told.splitlines()[-1] == f"Preview {DIGEST[:12]}"
    said = json.loads(done("show", number, "--json"))
    assert (said["status"], said["preview"]) == ("waiting", DIGEST[:12])
    assert [ask["why"] for ask in said["asks"]] == ["first", "share"]
    assert (said["found"][0]["rows"], said["found"][0]["gone"]) == (40, 0)
    assert said["progress"] == [{"store": "crm", "parts": 1, "parts_done": 0, "rows": 40, "rows_done": 0, "changed": 0}]


def test_the_list_says_how_each_ended_and_who_decided(desk: Desk) -> None:
    first = desk.ended("run-1", [found(40)])
    last = waiting(desk)
    told = done("list").splitlines()
    assert [line.split()[0] for line in told[1:]] == [last.number, first.number]
    assert "approved by officer" in told[2]
    listed = json.loads(done("list", "--json"))
    assert [(one["rows"], one["gone"], one["status"]) for one in listed] == [(40, 0, "waiting"), (40, 40, "done")]
    assert len(json.loads(done("list", "--limit", "1", "--json"))) == 1


def test_the_page_of_a_sweep_is_written_before_and_after_its_proof(
    own_stores: Office, monkeypatch: pytest.MonkeyPatch, airflow: Airflow, tmp_path: Path
) -> None:
    env = own_stores.env
    monkeypatch.setattr(environment, "of_settings", lambda: env)
    today = date(2026, 11, 26)
    sweep = previewing_sweep.preview(env, "manual__1", today)
    page = tmp_path / "bewijs.html"
    assert "not re-counted" in done("show", "-o", str(page))
    assert "Nog niet nageteld" in page.read_text(encoding="utf-8")
    with transaction(env.register) as register:
        sweeps.approve(register, env.keyring, sweep.number, sweep.digest, "officer")
    for store in env.catalog.stores:
        sweeping.carry_out(env, sweep.number, store)
    proving_sweep.close(env, sweep.number, proving_sweep.prove(env, sweep.number))
    assert "passed, digest" in done("show", "-o", str(page))
    html = page.read_text(encoding="utf-8")
    assert "Opgeschoond." in html
    assert "<svg" in html
    assert "Natelling" in html
    assert "mislukt</span>" not in html
    told = done("show")
    assert "The re-count passed" in told
    assert told.splitlines()[0].startswith(f"{sweep.number}  done")


# Deciding ------------------------------------------------------------------------------------------------------------


def test_the_twelve_signs_allow_it(desk: Desk, env: Environment, airflow: Airflow) -> None:
    number = waiting(desk).number
    airflow.take = taking(env, number)
    assert "approved" in done("approve", number, "--preview", DIGEST[:12].upper())
    assert of(desk, number).status is SweepStatus.APPROVED


def test_a_refused_sweep_changes_nothing(desk: Desk, env: Environment, airflow: Airflow) -> None:
    number = waiting(desk).number
    airflow.take = taking(env, number)
    done("refuse", number)
    assert of(desk, number).status is SweepStatus.REFUSED


def test_a_sweep_whose_run_is_gone_can_still_be_refused(desk: Desk) -> None:
    number = waiting(desk).number
    done("refuse", number)
    assert of(desk, number).status is SweepStatus.REFUSED


@pytest.mark.parametrize(
    ("signs", "says"),
    [("f" * 12, "is not what"), ("kort", "the 12 signs that"), (DIGEST[:11], "the 12 signs that")],
)
def test_other_signs_are_refused_in_one_line_and_airflow_is_not_asked(
    signs: str,
    says: str,
    desk: Desk,
    env: Environment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    number = waiting(desk).number
    assert says in refused(monkeypatch, capsys, "approve", number, "--preview", signs)
    assert of(desk, number).status is SweepStatus.WAITING


def test_who_is_no_officer_is_refused_in_one_line(
    desk: Desk, env: Environment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def policy(env: Environment) -> Policy:
        on_file = configured.policy(env.settings.policy, env.settings.catalog)
        return on_file.model_copy(update={"erasure": Erasure(officers=("somebody-else",))})

    monkeypatch.setattr(Environment, "policy", property(policy))
    number = waiting(desk).number
    said = refused(monkeypatch, capsys, "approve", number, "--preview", DIGEST[:12])
    assert said.endswith("is for a privacy officer: somebody-else.")


def test_every_misuse_is_one_line(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for words in (("show",), ("stop",)):
        assert "There is no sweep yet" in refused(monkeypatch, capsys, *words)
    assert "There is no such sweep" in refused(monkeypatch, capsys, "show", "sweep-2026-99999")
    ended = desk.ended("run-1", [found(40)]).number
    assert "it is done" in refused(monkeypatch, capsys, "refuse", ended)
    assert "it is done" in refused(monkeypatch, capsys, "approve", ended, "--preview", DIGEST[:12])
    assert "is at its end (done)" in refused(monkeypatch, capsys, "stop", ended)
    nowhere = str(tmp_path / "nowhere" / "page.html")
    assert "cannot be written" in refused(monkeypatch, capsys, "show", ended, "-o", nowhere)
    assert "class is unknown" in refused(monkeypatch, capsys, "hold", "R99", "--reason", "claim")
    number = waiting(desk).number
    assert f"avgflow retention refuse {number}" in refused(monkeypatch, capsys, "stop", number)


# Running and stopping ------------------------------------------------------------------------------------------------


def test_a_run_is_started_and_followed_until_a_human_must_look(desk: Desk, airflow: Airflow) -> None:
    def begin(run_id: str) -> None:
        made = desk.previewed(run_id, [found(40)], ASKS)
        with transaction(desk.engine) as conn:
            sweeps.wait(conn, desk.keyring, made.number)

    airflow.begin = begin
    told = done("run")
    assert airflow.started[0].startswith("manual__")
    assert "avgflow retention approve" in told
    assert told.splitlines()[-1] == f"Preview {DIGEST[:12]}"


def test_a_run_that_came_to_its_end_is_shown(desk: Desk, airflow: Airflow) -> None:
    airflow.begin = lambda run_id: desk.ended(run_id, [found(40)]) and None
    airflow.run_state = "success"
    assert "approved by officer" in done("run")
    airflow.run_state = "failed"
    assert run("run").exit_code == 1


def test_a_run_need_not_be_waited_for(desk: Desk, airflow: Airflow) -> None:
    assert "is started" in done("run", "--no-wait")
    assert json.loads(done("run", "--no-wait", "--json")) == {"run": airflow.started[-1]}


def test_there_is_one_sweep_at_a_time(
    desk: Desk, airflow: Airflow, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = waiting(desk).number
    assert f"{number} is not at its end (waiting)" in refused(monkeypatch, capsys, "run", "--no-wait")
    assert airflow.started == []


def test_a_run_that_failed_before_it_counted_says_where_to_look(
    desk: Desk, airflow: Airflow, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    airflow.run_state = "failed"
    assert "log of its task 'preview'" in refused(monkeypatch, capsys, "run")


def test_a_sweep_at_work_is_asked_to_stop(desk: Desk) -> None:
    number = desk.approved(RUN, [found(40)]).number
    assert "stops before its next transaction" in done("stop")
    assert of(desk, number).stop_asked_at is not None
    with transaction(desk.engine) as conn:
        assert chain.verify(conn, desk.keyring).ok
        assert "sweep.stop_asked" in [str(one.name) for one in events.history(conn, number)]


# What stays ----------------------------------------------------------------------------------------------------------


def test_a_class_is_held_for_everybody_and_let_go_again(env: Environment) -> None:
    until = (day_in_amsterdam() + timedelta(30)).isoformat()
    placed = json.loads(done("hold", "R2", "--reason", "litigation", "--until", until, "--json"))
    assert (placed["record_class"], placed["of_subject"], placed["reason"]) == ("R2", False, "litigation")
    held = [one for one in previewing_sweep.count(env) if one.record_class == "R2" and one.rows]
    assert held == []
    assert "is released" in done("release", str(placed["id"]))
    assert any(one.rows for one in previewing_sweep.count(env) if one.record_class == "R2")
    assert holding.place(env, None, "R2", None, "claim", "officer").id == placed["id"] + 1
