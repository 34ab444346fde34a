"""A package that went to the wrong person: on record, with its clock, until everything that art. 33 asks is there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from clock_world import BOSS, escalating, happened, installed, sent, text
from real_postgres import Register
from register_world import CANARY, a_request
from typer.testing import CliRunner, Result

from avgflow import cli
from avgflow.breach import BreachRefused, NotComplete
from avgflow.cli.breach import NothingToRecord
from avgflow.fields import AMSTERDAM
from avgflow.handling import watching
from avgflow.handling.environment import Environment
from avgflow.register import breaches, chain, requests
from avgflow.register.breaches import BreachClosed, UnknownBreach
from avgflow.register.database import transaction
from avgflow.register.locks import UnknownRequest
from avgflow.register.requests import Outcome, Status

WHOM = f"{CANARY['email']} (buurvrouw van de betrokkene)"
CONSEQUENCES = "Zij kan zien dat iemand klant is. Het pakket kan zij niet openen."
MEASURES = "Gebeld; de mail is verwijderd."


@pytest.fixture
def env(register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An installation with a second address, on which the command works."""
    return installed(register, tmp_path, monkeypatch, AVGFLOW_POLICY=escalating(tmp_path))


@pytest.fixture
def number(register: Register) -> str:
    """A request that was answered."""
    with transaction(register.engine) as conn:
        made = a_request(conn, register.keyring)
        requests.set_status(conn, register.keyring, made.number, Status.CLOSED, outcome=Outcome.FULFILLED)
        return made.number


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["breach", *words])


def done(*words: str) -> Any:
    said = run(*words, "--json")
    assert said.exit_code == 0, (said.output, said.exception)
    return json.loads(said.stdout)


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).astimezone(AMSTERDAM).strftime("%Y-%m-%d %H:%M:%S")


def opened(number: str, hours: float = 1, **given: str) -> int:
    options = {"aware": ago(hours), "what": "package", "to": WHOM, **given}
    made: Mapping[str, Any] = done(
        "open", number, *(part for name, value in options.items() for part in (f"--{name}", value))
    )
    return int(made["id"])


def described(id_: int) -> None:
    """What the register cannot know."""
    kinds = "Contactgegevens, facturen"
    done(
        "record",
        str(id_),
        "--consequences",
        CONSEQUENCES,
        "--measures",
        MEASURES,
        "--categories",
        kinds,
        "--records",
        "27",
    )


def told(env: Environment, seen: watching.Watched) -> dict[str, str]:
    return {to: text(mail) for mail, to in (sent(env, message_id) for message_id in seen.told)}


def test_from_knowing_of_it_to_closing_it(env: Environment, number: str) -> None:
    id_ = opened(number)
    shown = done("show", str(id_))
    assert (shown["number"], shown["what"], shown["to"]) == (number, "package", WHOM)
    assert datetime.fromisoformat(shown["due"]) - datetime.fromisoformat(shown["aware"]) == timedelta(hours=72)
    assert shown["facts"]["people"] == "1"
    assert "privacy@milgro.nl" in shown["facts"]["contact"]
    assert isinstance(run("close", str(id_)).exception, NotComplete)
    described(id_)
    refused = run("close", str(id_))
    assert isinstance(refused.exception, NotComplete)
    assert "nor why a risk is unlikely" in str(refused.exception)
    assert len(str(refused.exception).splitlines()) == 1
    done("record", str(id_), "--ap-told", "now", "--high-risk", "no")
    assert done("show", str(id_))["missing"] is None
    closed = done("close", str(id_))
    assert closed["closed"] is not None
    assert done("close", str(id_)) | {"hours_left": 0} == closed | {"hours_left": 0}
    assert done("list") == []
    assert [one["id"] for one in done("list", "--all")] == [id_]
    (end,) = happened(env, number, "breach.closed")
    assert end == {"breach": id_, "ap": "told", "in_time": True, "high_risk": False, "subject": "not-told"}
    assert isinstance(run("record", str(id_), "--measures", "meer").exception, BreachClosed)


def test_it_can_be_closed_without_the_authority_if_a_reason_is_on_record(env: Environment, number: str) -> None:
    id_ = opened(number)
    described(id_)
    reason = "Het pakket is versleuteld en de wachtzin is nooit verteld."
    done("record", str(id_), "--ap-not-told", reason, "--high-risk", "no")
    done("close", str(id_))
    assert happened(env, number, "breach.closed")[0]["ap"] == "not-told"
    assert done("show", str(id_))["facts"]["ap-not-told"] == reason


def test_word_that_came_late_needs_a_reason_and_is_on_record_as_late(env: Environment, number: str) -> None:
    id_ = opened(number, hours=80)
    described(id_)
    done("record", str(id_), "--ap-told", "now", "--high-risk", "yes", "--subject-told", "now")
    assert "after the 72 hours" in str(run("close", str(id_)).exception)
    done("record", str(id_), "--ap-late", "De mail werd op vrijdag pas laat gelezen.")
    done("close", str(id_))
    end = happened(env, number, "breach.closed")[0]
    assert (end["in_time"], end["high_risk"], end["subject"]) == (False, True, "told")


def test_what_is_corrected_stays_on_record(env: Environment, number: str) -> None:
    id_ = opened(number)
    done("record", str(id_), "--people", "1")
    done("record", str(id_), "--people", "2")
    shown = done("show", str(id_))
    assert shown["facts"]["people"] == "2"
    assert [one["value"] for one in shown["history"] if one["field"] == "people"] == ["1", "1", "2"]


def test_opened_twice_it_is_one_breach(env: Environment, number: str) -> None:
    aware = ago(2)
    assert opened(number, aware=aware) == opened(number, aware=aware)
    assert len(done("list")) == 1
    assert opened(number, aware=aware, what="letter") != done("list")[-1]["id"]


def test_nothing_of_whom_or_what_is_readable_in_the_register(register: Register, env: Environment, number: str) -> None:
    id_ = opened(number)
    described(id_)
    run("show", str(id_))
    with psycopg.connect(register.owner_dsn) as conn:
        dump = "".join(
            str(row)
            for name in ("breach", "breach_fact", "event")
            for row in conn.execute(f"SELECT t::text FROM {name} t").fetchall()
        )
    for value in (CANARY["email"], "buurvrouw", "Zij kan zien", "verwijderd"):
        assert value not in dump
    with transaction(register.engine) as conn:
        assert chain.verify(conn, register.keyring).ok
        assert "buurvrouw" not in repr(breaches.history(conn, register.keyring, id_))
    assert happened(env, number, "breach.shown")


def test_the_daily_mail_counts_the_hours_down(env: Environment, number: str) -> None:
    id_ = opened(number, hours=1)
    aware = datetime.fromisoformat(done("show", str(id_))["aware"])

    def mails(hours: float) -> dict[str, str]:
        return told(env, watching.watch(env, aware + timedelta(hours=hours)))

    early = mails(10)
    assert set(early) == {"privacy@milgro.nl"}
    assert (
        f"Datalek {id_} (bij {number}): u hebt nog 62 uur om het te melden aan de AP, tot" in early["privacy@milgro.nl"]
    )
    near = mails(34)
    assert set(near) == {"privacy@milgro.nl", BOSS}
    assert "nog 38 uur" in near[BOSS]
    assert "binnen 72 uur" in near[BOSS].lower()
    late = mails(75)
    assert "de 72 uur zijn 3 uur voorbij" in late["privacy@milgro.nl"]
    assert all(CANARY["email"] not in one for one in (*early.values(), *near.values(), *late.values()))
    done("record", str(id_), "--ap-told", "now")
    decided = mails(106)
    assert set(decided) == {"privacy@milgro.nl"}
    assert "er ontbreekt nog iets" in decided["privacy@milgro.nl"]
    described(id_)
    done("record", str(id_), "--high-risk", "no")
    assert "alles is vastgelegd. Sluit het af." in mails(130)["privacy@milgro.nl"]
    done("close", str(id_))
    assert mails(154) == {}


def test_the_command_for_deadlines_shows_it_too(env: Environment, number: str) -> None:
    id_ = opened(number)
    said = CliRunner().invoke(cli.app, ["deadlines", "--json"])
    (one,) = json.loads(said.stdout)["breaches"]
    assert (one["id"], one["ap_settled"], one["hours_left"]) == (id_, False, 70)
    assert "OPEN" in CliRunner().invoke(cli.app, ["deadlines"]).stdout


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["open", "AVG-2026-99999", "--aware", "now", "--what", "letter", "--to", "x"], UnknownRequest),
        (["open", "{n}", "--aware", "2999-01-01 00:00", "--what", "letter", "--to", "x"], BreachRefused),
        (["open", "{n}", "--aware", "vandaag", "--what", "letter", "--to", "x"], BreachRefused),
        (["open", "{n}", "--aware", "now", "--what", "letter", "--to", " "], BreachRefused),
        (["show", "99"], UnknownBreach),
        (["record", "99", "--people", "1"], UnknownBreach),
        (["close", "99"], UnknownBreach),
    ],
)
def test_each_refusal_is_one_line(env: Environment, number: str, words: list[str], refusal: type[Exception]) -> None:
    said = run(*(word.format(n=number) for word in words))
    assert isinstance(said.exception, refusal)
    assert len(str(said.exception).splitlines()) == 1


def test_wrong_use_is_told_as_such(env: Environment, number: str) -> None:
    id_ = opened(number)
    assert run("open", number, "--aware", "now", "--what", "parcel", "--to", "x").exit_code == 2
    assert run("record", str(id_), "--high-risk", "maybe").exit_code == 2
    assert isinstance(run("record", str(id_)).exception, NothingToRecord)
    assert isinstance(run("record", str(id_), "--measures", " ").exception, BreachRefused)
    assert isinstance(run("record", str(id_), "--ap-told", ago(5)).exception, BreachRefused)


def test_people_read_what_is_to_be_done(env: Environment, number: str) -> None:
    said = run("open", number, "--aware", ago(1), "--what", "letter", "--to", WHOM).stdout
    assert "The AP must be told by" in said
    (one,) = done("list")
    shown = run("show", str(one["id"])).stdout
    assert f"a letter of {number} went to {WHOM}." in shown
    assert "was never shown" in shown
    assert f"avgflow breach record {one['id']} --" in shown
    assert "hours left" in run("list").stdout
