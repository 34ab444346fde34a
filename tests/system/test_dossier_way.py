"""The dossier of an inzage under the real scheduler: with the task logs of every try, checked as an auditor does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from desk import DAG, Desk, eventually
from leaks import SHORTEST, Scanner, in_files

from avgflow.demo.truth import SubjectTruth
from avgflow.embedded.layout import REPOSITORY
from avgflow.settings import Settings
from avgflow_airflow.tasklog import Line


@pytest.fixture(scope="module")
def person(subjects: Sequence[SubjectTruth]) -> SubjectTruth:
    """Somebody whom no other system test asks for."""
    return next(one for one in subjects[280:] if one.kind == "sole_proprietor" and not one.traits)


@pytest.fixture(scope="module")
def number(desk: Desk, person: SubjectTruth) -> str:
    """A request that is closed, of which a task ran twice."""
    identifiers = person.identifiers
    asked = {"email": identifiers["email"].strip(), "customer_number": identifiers["customer_number"]}
    number = desk.ask(**asked, verified_by="portal-login")
    assert desk.ended(number) == "success"
    desk.clear(number, "close")
    eventually(lambda: desk.tasks(number)["close"]["try_number"] == 2, 60, "the second try")
    assert desk.ended(number) == "success"
    return number


@pytest.fixture(scope="module")
def issued(desk: Desk, number: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dossier") / number
    desk.done("dossier", number, "-o", str(folder), "--require-logs")
    return folder


def offline(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """As an auditor runs it: a Python with nothing installed, and nothing of this environment."""
    python = [sys.executable, "-I", "-S", "verify.py", *words]
    return subprocess.run(python, cwd=folder, capture_output=True, text=True, check=False, env={}, timeout=60)


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_every_try_of_every_task_has_its_log(desk: Desk, number: str, issued: Path) -> None:
    (run,) = read(issued, "dossier.json")["airflow"]["runs"]
    assert (run["dag_id"], run["run_id"], run["state"]) == (DAG, number, "success")
    tries = {(task["task_id"], one["number"]): one["log"] for task in run["tasks"] for one in task["tries"]}
    once = {(task, 1) for task in desk.tasks(number)}
    assert set(tries) == once | {("close", 2)}
    codes = {}
    for (task, _), log in tries.items():
        lines = [json.loads(line) for line in (issued / log).read_text(encoding="utf-8").splitlines()]
        codes.setdefault(task, set()).update(line["code"] for line in lines if line["logger"] == "avgflow")
    assert codes["crm"] == {Line.TABLE_COLLECTED, Line.STORE_COLLECTED}
    assert codes["plan"] == {Line.PLAN_MADE}
    assert codes["validate"] >= {Line.CHECK_PASSED, Line.CHECKS_DONE}
    assert codes["close"] == {Line.REQUEST_CLOSED}
    logs = (issued / "logs.html").read_text(encoding="utf-8")
    assert all(f'id="{log}"' in logs for log in tries.values())


def test_the_code_that_ran_is_in_it(issued: Path) -> None:
    (run,) = read(issued, "dossier.json")["airflow"]["runs"]
    (version,) = run["versions"]
    kept = (issued / version["source"]).read_text(encoding="utf-8")
    assert kept == (REPOSITORY / "dags" / f"{DAG}.py").read_text(encoding="utf-8")


def test_it_checks_out_offline_and_no_longer_after_a_byte_is_changed(desk: Desk, number: str, issued: Path) -> None:
    key = desk.done("audit", "key", "--json").json["public_key"]
    whole = offline(issued, "--key", key)
    assert whole.returncode == 0, whole
    assert f"Dossier {number} is zoals het is uitgegeven" in whole.stdout
    vouched = desk.done("dossier", "verify", str(issued), "--json").json
    assert (vouched["ok"], vouched["number"], any(vouched["faults"].values())) == (True, number, False)
    assert "register" in vouched["faults"]
    for file in sorted(file for file in issued.rglob("*") if file.is_file() and file.name != "verify.py"):
        kept = file.read_bytes()
        changed = bytearray(kept)
        changed[len(kept) // 2] ^= 0x01
        file.write_bytes(bytes(changed))
        said = offline(issued, "--key", key)
        assert (said.returncode, "Traceback" in said.stderr) == (1, False), (file, said)
        file.write_bytes(kept)
    assert offline(issued, "--key", key).returncode == 0
    assert desk.done("audit", "verify", "--json").json["ok"] is True


def test_the_issue_is_on_the_register_with_who_did_it(desk: Desk, number: str, issued: Path) -> None:
    (event,) = [event for event in desk.history(number) if event.name == "dossier.exported"]
    assert event.actor == Settings.load().airflow_user
    sealed = read(issued, "seal.json")["sealed"]
    assert (event.id, event.hash) == (sealed["event"]["id"], sealed["event"]["hash"])
    assert desk.done("audit", "verify", "--noted", f"{event.id}:{event.hash}").code == 0


def test_nothing_of_the_person_is_in_it(person: SubjectTruth, issued: Path) -> None:
    values = {"name": person.name, **person.identifiers}
    values |= {f"other {n}": name for n, name in enumerate(person.others.names)}
    scanner = Scanner({what: value.strip() for what, value in values.items() if len(value.strip()) >= SHORTEST})
    assert list(in_files(scanner, issued)) == []


def test_a_wrong_number_a_full_folder_and_a_changed_dossier_have_one_clear_line(
    desk: Desk, number: str, issued: Path, tmp_path: Path
) -> None:
    for words, says in (
        (("AVG-2026-99999", "-o", str(tmp_path / "a")), "There is no request AVG-2026-99999"),
        ((number, "-o", str(issued)), "is there already and not empty"),
    ):
        said = desk.says("dossier", *words)
        assert (said.code, says in said.err, said.err.count("\n")) == (1, True, 1), said


def test_without_airflow_it_is_issued_and_says_so(
    desk: Desk, number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing listens there; Airflow itself stays up for the other tests.
    monkeypatch.setenv("AVGFLOW_AIRFLOW_URL", "http://127.0.0.1:1")
    said = desk.says("dossier", number, "-o", str(tmp_path / "with"), "--require-logs")
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert said.err.startswith("avgflow: Airflow does not answer.")
    assert not (tmp_path / "with").exists()
    without = desk.done("dossier", number, "-o", str(tmp_path / "without"))
    assert "Airflow could not be reached" in without.out
    assert "without Airflow's task logs" in offline(tmp_path / "without").stdout
