"""`avgflow status` says whether all is well, and what is not: each fault is made, and named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import psycopg
import pytest
from handling_world import Office
from typer.testing import CliRunner

from avgflow.cli.stack import NotWell, app
from avgflow.crypto import Keyring
from avgflow.errors import WrongSetting
from avgflow.handling import health, watching
from avgflow.handling.environment import Environment
from avgflow.handling.health import Part
from avgflow.register import events, evidence, outbox, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Status


def late(office: Office) -> str:
    """The number of a request that is past its last day."""
    return office.register(email="niemand.hier@example.nl", received=date(2026, 3, 5))


def wrong(office: Office, now: datetime | None = None) -> dict[str, str]:
    """What is not well, by name."""
    return {part.name.en: part.said.en for part in health.look(office.env, now) if not part.well}


def test_a_fresh_installation_is_well_and_every_part_is_named(office: Office) -> None:
    parts = health.look(office.env)
    assert [part for part in parts if not part.well] == []
    assert {part.name.en for part in parts} == {
        "register",
        "requests",
        "proofs",
        "mail",
        "sweeps",
        "deadline watch",
        "housekeeping",
        "store crm",
        "store orders",
        "store accounts",
        "store marketing",
        "work folder",
    }


def test_a_stopped_and_a_late_request_are_named_with_what_to_do(office: Office) -> None:
    number = late(office)
    with transaction(office.env.register) as register:
        requests.set_status(register, office.env.keyring, number, Status.STOPPED, reason="no receipt of store crm")
    said = wrong(office)["requests"]
    assert "1 late" in said
    assert "1 stopped" in said
    assert "avgflow deadlines" in said


def test_a_failed_check_is_named(office: Office) -> None:
    number = late(office)
    with transaction(office.env.register) as register:
        evidence.put_evidence(register, office.env.keyring, number, "completeness", False, {}, "<p>failed</p>")
    assert "failed check" in wrong(office)["proofs"]


def test_a_mail_that_is_stuck_is_named(office: Office) -> None:
    with transaction(office.env.register) as register:
        outbox.enqueue(register, office.env.keyring, None, "deadline-digest:2026-11-26", "a@b.example", EmailMessage())
    assert "mail" not in wrong(office)
    assert "the oldest for 61 minutes" in wrong(office, datetime.now(UTC) + timedelta(minutes=61))["mail"]


@pytest.mark.parametrize(
    ("name", "event"),
    [("deadline watch", EventName.WATCH_RAN), ("housekeeping", EventName.HOUSEKEEPING_DONE)],
)
def test_what_should_run_every_day_and_did_not_is_named(office: Office, name: str, event: EventName) -> None:
    now = datetime.now(UTC)
    assert "never done" in wrong(office, now + timedelta(hours=27))[name]
    with transaction(office.env.register) as register:
        events.append(register, office.env.keyring, event, None)
    assert name not in wrong(office, now + timedelta(hours=25))
    assert "not done since" in wrong(office, now + timedelta(hours=27))[name]


def test_a_store_that_does_not_fit_or_answer_is_named(own_stores: Office) -> None:
    own_stores.change("crm", "ALTER TABLE contact ADD COLUMN shoe_size text")
    own_stores.env.dispose()
    assert "1 difference from the catalog" in wrong(own_stores)["store crm"]
    with psycopg.connect(own_stores.stores["orders"]) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            connection.execute(f'DROP TABLE "{table}" CASCADE')  # type: ignore[arg-type]
    assert "store orders" in wrong(own_stores)


def test_an_unreachable_store_is_named_and_the_rest_still_looked_at(open_office: Callable[..., Office]) -> None:
    office = open_office(crm="postgresql://crm@127.0.0.1:1/crm")
    said = wrong(office)
    assert set(said) == {"store crm"}
    assert "cannot be reached" in said["store crm"]


def test_a_register_without_its_keys_is_named(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    late(office)
    old = office.env.settings
    monkeypatch.setitem(
        office.env.__dict__, "keyring", Keyring([old.secret("register_keys")], "0" * len(old.secret("hash_key")))
    )
    assert "AVGFLOW_HASH_KEY" in wrong(office)["register"]


def test_what_is_called_stuck_is_listed_by_the_command_that_it_points_to(office: Office) -> None:
    """The kind of fault: two places count differently, and the one that is pointed to shows nothing."""
    with transaction(office.env.register) as register:
        outbox.enqueue(register, office.env.keyring, None, "sweep-report:1", "a@b.example", EmailMessage())
    later = datetime.now(UTC) + timedelta(minutes=61)
    assert "avgflow deadlines" in wrong(office, later)["mail"]
    assert [mail.kind for mail in watching.look(office.env, later).unsent] == ["sweep-report:1"]


def digest(office: Office, now: datetime | None = None) -> str:
    """What the mail of the daily look says, where it sends one."""
    seen = watching.watch(office.env, now, health.beside_deadlines(office.env, now))
    taken: list[EmailMessage] = []
    for message_id in seen.told:
        outbox.deliver(office.env.register, office.env.keyring, message_id, lambda mail, to: taken.append(mail))
    return " ".join(" ".join(mail.get_body(("plain",)).get_content().split()) for mail in taken)  # type: ignore[union-attr]


def test_the_daily_mail_says_what_is_not_well_and_nothing_where_all_is(
    office: Office, open_office: Callable[..., Office]
) -> None:
    assert digest(office) == ""
    away = open_office(crm="postgresql://crm@127.0.0.1:1/crm")
    read = digest(away)
    assert "DE INSTALLATIE" in read
    assert "- systeem crm: Het systeem 'crm' antwoordt niet." in read
    assert "systeem orders" not in read
    assert "127.0.0.1" not in read


def test_the_daily_mail_does_not_say_twice_what_it_lists_by_itself(office: Office) -> None:
    number = late(office)
    assert wrong(office).keys() == {"requests"}
    read = digest(office)
    assert f"TE LAAT - {number}" in read
    assert "DE INSTALLATIE" not in read
    # That the look itself is not done in time, it cannot say of itself.
    assert {one.name.en for one in health.beside_deadlines(office.env, datetime.now(UTC) + timedelta(hours=27))} == {
        "housekeeping"
    }


def test_what_cannot_be_looked_at_is_said_in_dutch_too(office: Office) -> None:
    def unknown(connection: str) -> str:
        raise WrongSetting("AIRFLOW_CONN_STORE_CRM is not set. Set it.")

    env = Environment(office.env.settings, unknown)
    said = {one.name.nl: one.said.nl for one in health.beside_deadlines(env)}
    assert said["systeem crm"] == (
        "Dit was niet na te kijken. Vraag de technisch beheerder om te kijken. (AIRFLOW_CONN_STORE_CRM is not set. Set "
        "it.)"
    )
    env.dispose()


def test_too_little_room_is_named(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1 << 40, 1 << 40, 300 << 20))  # type: ignore[attr-defined]
    assert "300 MiB left" in wrong(office)["work folder"]


def test_a_register_of_another_version_is_named(office: Office, register: Any) -> None:
    with psycopg.connect(register.superuser_dsn) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'r9999'")
    assert "of a newer avgflow (r9999)" in wrong(office)["register"]


@pytest.fixture
def elsewhere(office: Office, register: Any, stores: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The command line of an installation without the embedded stack."""
    variables = register.environment() | {"AVGFLOW_HOME": str(tmp_path)}
    variables |= {f"AIRFLOW_CONN_STORE_{store.upper()}": dsn for store, dsn in office.stores.items()}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for name in ("AVGFLOW_AIRFLOW_URL", "AVGFLOW_AIRFLOW_USER", "AVGFLOW_AIRFLOW_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return office


def test_the_command_tells_in_one_screen_and_by_its_exit_code(elsewhere: Office) -> None:
    shown = CliRunner().invoke(app, ["status"])
    assert (shown.exit_code, shown.exception) == (0, None), shown.output
    assert "LOOK" not in shown.output
    assert len(shown.output.splitlines()) < 25
    number = late(elsewhere)
    with transaction(elsewhere.env.register) as register:
        requests.set_status(register, elsewhere.env.keyring, number, Status.STOPPED, reason="no receipt of store crm")
    shown = CliRunner().invoke(app, ["status"])
    assert isinstance(shown.exception, NotWell)
    assert "requests" in str(shown.exception)
    assert "LOOK" in shown.output
    told = json.loads(CliRunner().invoke(app, ["status", "--json"]).stdout)["health"]
    assert [one["part"] for one in told if not one["well"]] == ["requests"]


def test_an_installation_whose_secrets_are_files_is_looked_at_as_well(
    elsewhere: Office, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "dsn"
    file.write_text(os.environ["AVGFLOW_REGISTER_DSN"])
    monkeypatch.delenv("AVGFLOW_REGISTER_DSN")
    monkeypatch.setenv("AVGFLOW_REGISTER_DSN_FILE", str(file))
    shown = CliRunner().invoke(app, ["status"])
    assert (shown.exit_code, shown.exception) == (0, None), shown.output


def test_an_airflow_that_gives_no_sign_of_life_is_named(elsewhere: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVGFLOW_AIRFLOW_URL", "http://127.0.0.1:1")
    shown = CliRunner().invoke(app, ["status", "--json"])
    silent = {one["part"] for one in json.loads(shown.stdout)["health"] if not one["well"]}
    assert silent == {"api-server", "scheduler", "dag-processor", "triggerer"}
    assert isinstance(shown.exception, NotWell)


def test_the_words_are_there_in_dutch_too(office: Office) -> None:
    def dutch(part: Part) -> str:
        return f"{part.name.nl}: {part.said.nl}"

    assert all(part.said.nl != part.said.en for part in health.look(office.env))
    assert "bereikbaar" in dutch(health.look(office.env)[0])
