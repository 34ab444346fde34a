"""After all the runs of the other tests, good and bad: nothing of anybody is outside the stores and the mailbox.

Looked into are every column of every table of Airflow's database and of the register, and every file that the stack
made: logs of tasks and of each part, the work folder, what is left in the temporary folder. The stores' own data
folder and the mailbox are where personal data belongs.
"""

from __future__ import annotations

import base64
import gzip
import json
import secrets
from collections.abc import Mapping

import psycopg
import pytest
from canary_people import Canary
from desk import DAG, Desk
from leaks import EXACT, FOLDED, SHORTEST, Scanner, in_database, in_files, tables_of
from test_deadline_way import slow_one
from test_portability_way import DESTINATION, UNASKED
from test_request_input import PERSON

from avgflow.demo.truth import SubjectTruth

ASKED = (0, 1, 2, 3, 4, 5, 14, 15)
"""The people of the demonstration world who asked, and the one who shares a mailbox with one of them."""


@pytest.fixture(scope="module")
def scanner(canaries: Mapping[str, Canary], subjects: tuple[SubjectTruth, ...]) -> Scanner:
    values = {
        f"{what} of {one.word}": value for one in (*canaries.values(), PERSON) for what, value in one.values.items()
    }
    values |= {"address of another controller": DESTINATION, "address of a subscriber": UNASKED}
    for who in (*(subjects[part] for part in ASKED), slow_one(subjects)):
        others = zip(("other's name", "other's e-mail"), (who.others.names, who.others.emails), strict=False)
        given = {"name": who.name, **who.identifiers}
        values |= {f"{what} of subject {who.id}": value.strip() for what, value in given.items()}
        values |= {f"{what} of subject {who.id}": value.strip() for what, them in others for value in them[:3]}
    return Scanner({what: value for what, value in values.items() if len(value) >= SHORTEST})


def test_requests_of_every_kind_came_to_every_end(desk: Desk, settled: None, request: pytest.FixtureRequest) -> None:
    """Else the scan would look where nothing ever happened."""
    collected = {item.path.stem for item in request.session.items}
    if not collected >= {"test_request_way", "test_request_questions", "test_request_faults"}:
        pytest.skip("the requests of the other system tests are not part of this run")
    listed = desk.done("request", "list", "--limit", "1000", "--json").json
    assert {one["status"] for one in listed} == {"closed", "stopped"}
    assert {one["outcome"] for one in listed} >= {"fulfilled", "partly_fulfilled", "nothing_found", None}
    runs = [str(one["number"]) for one in listed if desk.has_run(one["number"])]
    # All but what the test of housekeeping made old, which is gone from Airflow.
    assert len(runs) > 0.9 * len(listed)
    ended = {str(task["state"]) for number in runs for task in desk.tasks(number).values()}
    assert ended >= {"success", "failed", "upstream_failed"}


@pytest.mark.parametrize("name", [*FOLDED, *EXACT])
def test_the_scanner_finds_every_form_of_a_value(name: str, scanner: Scanner, canaries: Mapping[str, Canary]) -> None:
    encode = FOLDED[name] if name in FOLDED else EXACT[name]
    for before in range(9):
        noise = secrets.token_bytes(100 + before)
        for what, value in canaries["aalbes"].values.items():
            for case in (str, str.lower, str.upper):
                assert scanner.find(noise + encode(case(value)) + noise), (what, before, case)


def test_the_scanner_finds_a_value_anywhere_in_base64(scanner: Scanner, canaries: Mapping[str, Canary]) -> None:
    for before in range(6):
        for value in canaries["aalbes"].values.values():
            assert scanner.find(base64.b64encode(bytes(before) + value.encode() + b"..."))


def test_the_scanner_finds_what_is_planted_in_a_table(
    desk: Desk, scanner: Scanner, canaries: Mapping[str, Canary]
) -> None:
    one = canaries["aalbes"]
    planted = {
        "text": base64.b64encode(f"x{one.name}x".encode()).decode(),
        "jsonb": json.dumps({"a": [{"b": one.first_name.upper()}]}),
        "bytea": gzip.compress(one.email.encode()),
        "text[]": [one.phone],
        "inet": one.ip,
        "date": one.born_on,
    }
    with desk.database("airflow") as conn:
        try:
            for number, (kind, value) in enumerate(planted.items()):
                conn.execute(psycopg.sql.SQL(f"CREATE TABLE planted_{number} (kept {kind})"))  # type: ignore[arg-type]
                conn.execute(psycopg.sql.SQL(f"INSERT INTO planted_{number} VALUES (%s)"), [value])  # type: ignore[arg-type]
            found = {hit.place for hit in in_database(scanner, conn)}
            assert found == {f"public.planted_{number}.kept" for number in range(len(planted))}
        finally:
            for number in range(len(planted)):
                conn.execute(psycopg.sql.SQL(f"DROP TABLE IF EXISTS planted_{number}"))  # type: ignore[arg-type]


def test_the_scanner_finds_what_is_planted_in_a_file(
    desk: Desk, scanner: Scanner, canaries: Mapping[str, Canary]
) -> None:
    one = canaries["aalbes"]
    logs = desk.home / "logs"
    planted = {logs / "planted.log": f"… {one.confession} …", logs / f"{one.stem.upper()}.log": "nothing"}
    try:
        for file, text in planted.items():
            file.write_text(text, encoding="utf-8")
        assert {hit.place for hit in in_files(scanner, logs)} == {file.name for file in planted}
    finally:
        for file in planted:
            file.unlink()


def test_nothing_of_anybody_is_in_airflows_database(desk: Desk, scanner: Scanner, settled: None) -> None:
    with desk.database("airflow") as conn:
        assert {f"public.{table}" for table in ("dag_run", "task_instance", "xcom", "log")} <= tables_of(conn)
        assert conn.execute("SELECT count(*) >= 12 FROM dag_run WHERE dag_id = %s", [DAG]).fetchone() == (True,)
        assert list(in_database(scanner, conn)) == []


def test_nothing_of_anybody_is_readable_in_the_register(desk: Desk, scanner: Scanner, settled: None) -> None:
    """The events, the evidence and its pages, and what is sealed: without its key that says nothing."""
    with desk.database("register") as conn:
        assert {f"public.{table}" for table in ("event", "evidence", "mail", "request")} <= tables_of(conn)
        assert list(in_database(scanner, conn)) == []


def test_nothing_of_anybody_is_in_any_file(desk: Desk, scanner: Scanner, settled: None) -> None:
    looked_into = {file.name for file in desk.home.rglob("*") if file.is_file()}
    parts = {f"{part}.log" for part in ("scheduler", "api-server", "dag-processor", "triggerer", "postgres", "mailbox")}
    assert looked_into >= {*parts, "supervisord.log", "attempt=1.log"}
    assert any(name.endswith(".zip") for name in looked_into)
    allowed = (desk.home / "postgres", desk.home / "mailbox")
    assert list(in_files(scanner, desk.home, *allowed)) == []


def test_the_mailbox_holds_what_was_meant_for_people_and_the_stores_all_else(
    desk: Desk, scanner: Scanner, canaries: Mapping[str, Canary], settled: None
) -> None:
    """The same scan where personal data does belong: it would have found it."""
    one = canaries["aalbes"]
    assert any(one.word in what for hit in in_files(scanner, desk.home / "mailbox") for what in hit.what)
    for store in desk.where["stores"]:
        with desk.database(store) as conn:
            assert any(one.word in what for hit in in_database(scanner, conn) for what in hit.what), store
