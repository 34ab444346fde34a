"""Sweeps under the real scheduler: asked about, stopped half way, carried out, and kept from what a wrong rule says."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from canary_people import Canary
from desk import OFFICER, Desk, eventually
from leaks import SHORTEST, Scanner

DAG = "/api/v2/dags/retention_sweep/dagRuns"
TASKS = {"preview", "approve", "accounts", "crm", "marketing", "orders", "validate", "report"}
GONE, KEPT = "lijsterbes", "moerbei"
LONG_AGO = "2021-03-02 10:00+01"


@pytest.fixture(scope="module")
def policy(desk: Desk) -> Iterator[Path]:
    """The policy of the stack, as it was again afterwards."""
    file = Path(os.environ["AVGFLOW_POLICY"])
    before = file.read_text(encoding="utf-8")
    yield file
    file.write_text(before, encoding="utf-8")


@pytest.fixture(scope="module")
def people(desk: Desk, canaries: Mapping[str, Canary]) -> Mapping[str, Canary]:
    """Two people with questions that were settled years ago; a lawsuit keeps those of one of them."""
    with desk.store("crm") as store:
        for word in (GONE, KEPT):
            one = canaries[word]
            for _ in range(3):
                store.execute(
                    "INSERT INTO ticket (opened_by, subject, body, status, opened_at, closed_at)"
                    " VALUES (%s, %s, %s, 'closed', %s, %s)",
                    [one.id, f"Vraag van {one.stem}", one.confession, LONG_AGO, LONG_AGO],
                )
    desk.done("hold", "place", "--email", canaries[KEPT].email, "--reason", "litigation")
    return canaries


def rewritten(policy: Path, **retention: Any) -> dict[str, Any]:
    """The policy as data, with these words about sweeps."""
    said: dict[str, Any] = yaml.safe_load(policy.read_text(encoding="utf-8"))
    return {**said, "retention": {**said.get("retention", {}), **retention}}


def write(policy: Path, said: Mapping[str, Any]) -> None:
    policy.write_text(yaml.safe_dump(dict(said), allow_unicode=True, sort_keys=False), encoding="utf-8")


def old_tickets(desk: Desk, one: Canary) -> int:
    with desk.store("crm") as store:
        row = store.execute(
            "SELECT count(*) FROM ticket WHERE opened_by = %s AND closed_at = %s", [one.id, LONG_AGO]
        ).fetchone()
    assert row is not None
    return int(row[0])


def show(desk: Desk, number: str) -> dict[str, Any]:
    document: dict[str, Any] = desk.done("retention", "show", number, "--json").json
    return document


def whys(sweep: Mapping[str, Any]) -> set[str]:
    return {ask["why"] for ask in sweep["asks"]}


def run(desk: Desk) -> dict[str, Any]:
    """Start a sweep and follow it until it is at its end or waits."""
    document: dict[str, Any] = desk.done("retention", "run", "--json").json
    return document


def allow(desk: Desk, sweep: Mapping[str, Any]) -> None:
    desk.done("retention", "approve", sweep["number"], "--preview", sweep["preview"])


def ended(desk: Desk, sweep: Mapping[str, Any]) -> str:
    """The state of a sweep's run once it is over."""

    def state() -> str:
        found = str(desk.airflow.get(f"{DAG}/{sweep['run']}").raise_for_status().json()["state"])
        return found if found in ("success", "failed") else ""

    return eventually(state, 180, f"the end of {sweep['number']}")


def tasks(desk: Desk, sweep: Mapping[str, Any]) -> dict[str, str]:
    found = desk.airflow.get(f"{DAG}/{sweep['run']}/taskInstances").raise_for_status().json()["task_instances"]
    return {task["task_id"]: str(task["state"]) for task in found}


def text(mail: Any) -> str:
    return " ".join(mail.get_body(("plain",)).get_content().split())


def counts(desk: Desk) -> dict[str, int]:
    """Rows of every table of every store that the catalog has a term for."""
    found = desk.done("retention", "preview", "--json").json["found"]
    rows = {}
    for store, table in sorted({(one["store"], one["table"]) for one in found}):
        with desk.store(store) as connection:
            row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
            assert row is not None
            rows[f"{store}.{table}"] = int(row[0])
    return rows


def test_a_look_beforehand_touches_nothing_and_the_first_sweep_asks(
    desk: Desk, people: Mapping[str, Canary], policy: Path
) -> None:
    before = counts(desk)
    write(policy, rewritten(policy, batch=1))
    sweep = run(desk)
    number = sweep["number"]
    assert sweep["status"] == "waiting"
    assert "first" in whys(sweep)
    tickets = next(one for one in sweep["found"] if one["table"] == "public.ticket" and one["rows"])
    assert tickets["rows"] >= 3
    assert tickets["held"]["hold"] >= 3
    assert tickets["months"]["2021-03"] >= 3
    # The register says that it waits a moment before the mail server has the mail.
    (mail,) = eventually(lambda: desk.mails(OFFICER, number), what="the mail")
    assert mail["Subject"] == f"Wacht op u: opschonen {number}"
    assert "Er is nog nooit opgeschoond" in text(mail)
    values = {f"{what} of {word}": value for word in (GONE, KEPT) for what, value in people[word].values.items()}
    scanner = Scanner({what: value for what, value in values.items() if len(value) >= SHORTEST})
    assert scanner.find(mail.as_bytes()) == set()
    wrong = desk.says("retention", "approve", number, "--preview", "f" * 12)
    assert (wrong.code, len(wrong.err.splitlines())) == (1, 1)
    assert counts(desk) == before
    assert show(desk, number)["status"] == "waiting"


def test_a_sweep_is_stopped_half_way_in_a_state_that_is_whole(
    desk: Desk, people: Mapping[str, Canary], policy: Path
) -> None:
    sweep = desk.done("retention", "show", "--json").json
    allow(desk, sweep)
    number = sweep["number"]
    eventually(lambda: any(one["parts_done"] > 2 for one in show(desk, number)["progress"]), what="some work done")
    desk.done("retention", "stop")
    assert ended(desk, sweep) == "success"
    after = show(desk, number)
    assert (after["status"], after["stop_asked_by"]) == ("stopped", "officer")
    assert any(one["parts_done"] < one["parts"] for one in after["progress"])
    assert sum(one["gone"] for one in after["found"]) == sum(one["changed"] for one in after["progress"]) > 0
    assert after["proof"]["passed"]
    states = tasks(desk, sweep)
    assert "skipped" in {states[store] for store in ("accounts", "crm", "marketing", "orders")}
    assert (states["validate"], states["report"]) == ("success", "success")
    report = desk.mails(OFFICER, number)[-1]
    assert str(report["Subject"]).startswith(f"Opschonen {number} is gestopt: ")
    assert "is gestopt door officer" in text(report)
    assert old_tickets(desk, people[KEPT]) == 3


def test_an_approved_sweep_takes_what_is_past_its_term_and_keeps_what_is_held(
    desk: Desk, people: Mapping[str, Canary], policy: Path, tmp_path: Path
) -> None:
    write(policy, rewritten(policy, batch=2000))
    sweep = run(desk)
    number = sweep["number"]
    assert sweep["status"] == "waiting"
    assert whys(sweep) >= {"changed", "stopped"}
    allow(desk, sweep)
    assert ended(desk, sweep) == "success"
    assert tasks(desk, sweep) == dict.fromkeys(TASKS, "success")
    after = show(desk, number)
    assert (after["status"], after["decided_by"], after["proof"]["passed"]) == ("done", "officer", True)
    assert old_tickets(desk, people[GONE]) == 0
    assert old_tickets(desk, people[KEPT]) == 3
    with desk.store("crm") as store:
        recordings = store.execute(
            "SELECT contact_id, recording IS NULL FROM call WHERE contact_id = ANY(%s)",
            [[people[GONE].id, people[KEPT].id]],
        ).fetchall()
    assert dict(recordings) == {people[GONE].id: True, people[KEPT].id: False}
    report = desk.mails(OFFICER, number)[-1]
    gone = sum(one["gone"] for one in after["found"])
    assert str(report["Subject"]) == f"Opschonen {number}: {f'{gone:,}'.replace(',', '.')} rijen weg"
    assert "omdat er een wisverbod is" in text(report)
    page = tmp_path / "bewijs.html"
    desk.done("retention", "show", number, "-o", str(page))
    html = page.read_text(encoding="utf-8")
    assert "Opgeschoond." in html
    assert "maart 2021" in html
    assert people[KEPT].stem not in html
    assert desk.done("audit", "verify").code == 0


def test_the_next_sweep_finds_nothing_of_it_and_asks_nobody(desk: Desk, people: Mapping[str, Canary]) -> None:
    sweep = run(desk)
    assert (sweep["status"], sweep["decided_by"], sweep["asks"]) == ("done", "avgflow", [])
    tickets = [one for one in sweep["found"] if one["table"] == "public.ticket" and "2021-03" in one["months"]]
    assert tickets == []
    assert ended(desk, sweep) == "success"
    if not any(one["gone"] for one in sweep["found"]):
        assert desk.mails(OFFICER, sweep["number"]) == []
    listed = desk.done("retention", "list", "--json").json
    assert [one["status"] for one in listed[:3]] == ["done", "done", "stopped"]


def test_a_wrong_rule_is_stopped_before_one_row_is_gone(desk: Desk, people: Mapping[str, Canary], policy: Path) -> None:
    said = rewritten(policy)
    said["classes"]["R4"]["term"]["period"] = "P7D"
    said["classes"]["R4"]["term"]["year_end"] = False
    write(policy, said)
    before = counts(desk)
    sweep = run(desk)
    number = sweep["number"]
    assert sweep["status"] == "waiting"
    assert whys(sweep) >= {"changed", "share"}
    assert {ask["table"] for ask in sweep["asks"] if ask["why"] == "share"} >= {"public.invoice"}
    assert "Facturen" in text(eventually(lambda: desk.mails(OFFICER, number), what="the mail")[0])
    desk.done("retention", "refuse", number)
    assert ended(desk, sweep) == "success"
    assert show(desk, number)["status"] == "refused"
    assert desk.mails(OFFICER, number)[-1]["Subject"] == f"Opschonen {number} gaat niet door"
    assert counts(desk) == before
