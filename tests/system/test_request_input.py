"""Bad input: one clear line, nothing registered, nothing started."""

from __future__ import annotations

import pytest
from canary_people import Canary
from desk import DAG, Desk

GOOD = {"email": "kees.oplettend@example.nl", "verified-by": "portal-login"}
PERSON = Canary("Oplettend", 9)


def registered(desk: Desk) -> tuple[int, int]:
    """How many requests there are, on the register and in Airflow."""
    with desk.register.begin() as conn:
        requests = conn.exec_driver_sql("SELECT count(*) FROM request").scalar_one()
    runs = desk.airflow.get(f"/api/v2/dags/{DAG}/dagRuns", params={"limit": 1}).raise_for_status().json()
    return int(requests), int(runs["total_entries"])


@pytest.mark.parametrize(
    ("right", "changes", "told"),
    [
        ("access", {"email": ""}, "e-mail address is blank"),
        ("access", {"email": " \t "}, "e-mail address is blank"),
        ("access", {"email": PERSON.name}, "e-mail address is not one"),
        ("access", {"email": f"{PERSON.stem}@"}, "e-mail address is not one"),
        ("access", {"email": f"{PERSON.stem}@example"}, "e-mail address is not one"),
        ("access", {"email": f"{PERSON.email}, {PERSON.email}"}, "e-mail address is not one"),
        ("access", {"email": f"{'x' * 250}@example.nl"}, "longer than 254"),
        ("forgetting", {}, "right is unknown"),
        ("", {}, "right is unknown"),
        ("access", {"received": "2999-01-01"}, "in the future"),
        ("access", {"received": "25-11-2026"}, "is not a date"),
        ("access", {"received": "1999-01-01"}, "before 2018-05-25"),
        ("access", {"verified-by": "copy-of-passport"}, "way of verifying is unknown"),
        ("access", {"identifier": f"shoe_size={PERSON.stem}"}, "No store is searched by shoe_size"),
        ("access", {"identifier": f"{PERSON.email}=44"}, "kind of a further identifier"),
        ("access", {"identifier": f"email={PERSON.email}"}, "kind of a further identifier"),
        ("access", {"name": f"{PERSON.name}\r\nBcc: {PERSON.email}"}, "cannot be printed"),
        ("access", {"name": PERSON.name * 20}, "longer than 200"),
        ("access", {"language": "fr"}, "language is unknown"),
    ],
)
def test_what_cannot_be_taken_in_is_refused_with_one_line(
    right: str, changes: dict[str, str], told: str, desk: Desk
) -> None:
    before = registered(desk)
    words = [word for name, value in {**GOOD, **changes}.items() for word in (f"--{name}", value)]
    said = desk.says("request", "new", right, *words)
    assert said.code == 1
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("avgflow: ")
    assert told in line
    assert PERSON.stem not in line
    assert "Traceback" not in line
    assert registered(desk) == before


@pytest.mark.parametrize(
    "words",
    [
        ("request", "new", "access"),
        ("request", "new"),
        ("request", "new", "access", "--email", GOOD["email"], "--identifier", "shoe_size"),
        ("request", "new", "access", "--email", GOOD["email"], "--hurry"),
        ("request", "list", "--status", "lost"),
        ("request", "frobnicate"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_apart_from_a_refusal(words: tuple[str, ...], desk: Desk) -> None:
    before = registered(desk)
    said = desk.says(*words)
    assert said.code == 2
    assert "Traceback" not in said.err
    assert registered(desk) == before


@pytest.mark.parametrize(
    "words",
    [
        ("show", "AVG-2026-99999"),
        ("start", "AVG-2026-99999"),
        ("passphrase", "AVG-2026-99999"),
        ("stop", "AVG-2026-99999"),
        ("approve", "nonsense"),
        ("choose", "AVG-2026-99999", "1"),
        ("verify", "AVG-2026-99999", "--verified-by", "in-person"),
    ],
    ids=" ".join,
)
def test_a_number_that_is_not_there_is_said_in_one_line(words: tuple[str, ...], desk: Desk) -> None:
    said = desk.says("request", *words)
    assert said.code == 1
    (line,) = said.err.splitlines()
    assert line.startswith("avgflow: ")
