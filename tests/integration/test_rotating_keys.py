"""Rotating the register's keys: afterwards the new key alone opens everything, and nothing says anything else."""

from __future__ import annotations

import json
import random
import threading
import time
from pathlib import Path

import psycopg
import pytest
from cryptography.fernet import Fernet, InvalidToken
from keys_world import (
    PROCESSES,
    Site,
    fill,
    in_files,
    opened,
    opens,
    plain_rows,
    rotate_slowly,
    tokens,
)
from psycopg import sql
from pydantic import SecretStr
from real_postgres import Register
from register_world import CANARY, a_message, a_request, an_intake
from typer.testing import CliRunner, Result

from avgflow import cli
from avgflow.catalog.names import TableName
from avgflow.crypto import KeyMissing, Keyring
from avgflow.handling import rotating
from avgflow.handling.environment import Environment
from avgflow.handling.rotating import StillSealed
from avgflow.policy.reasons import DeclineReason
from avgflow.register import chain, declines, events, outbox, receipts, requests, sealed
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.receipts import Step
from avgflow.workfile import Header, Row, path_of, writing


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here holds a sealed value for as long as a real worker may."""
    monkeypatch.setattr(rotating, "SETTLE", 0.3)
    monkeypatch.setattr(rotating, "LONGEST_WAIT", 3.0)


@pytest.fixture
def site(register: Register, tmp_path: Path) -> Site:
    return Site.of(register, tmp_path)


def avgflow(site: Site, *words: str) -> Result:
    return CliRunner().invoke(cli.app, list(words), env=site.variables(), catch_exceptions=True)


def a_work_file(site: Site, keyring: Keyring, number: str = "AVG-2026-00001", rows: int = 1200) -> Path:
    path = path_of(site.home / "work", number, "crm")
    with writing(path, keyring) as file:
        file.table(Header(TableName("public", "contact"), (("contact_id", "integer"),)))
        for nth in range(rows):
            file.row(Row("R1", (str(nth),)))
    return path


def whole(register: Register) -> bool:
    with transaction(register.engine) as conn:
        return chain.verify(conn, register.keyring).ok


def said(register: Register, name: EventName) -> list[dict[str, object]]:
    with psycopg.connect(register.superuser_dsn) as conn:
        rows = conn.execute("SELECT actor, detail FROM event WHERE name = %s ORDER BY id", (name.value,)).fetchall()
    return [{"actor": actor, **detail} for actor, detail in rows]


def test_the_world_has_a_sealed_value_in_every_column_of_bytes(register: Register) -> None:
    fill(register, 1)
    with psycopg.connect(register.superuser_dsn) as conn:
        columns = conn.execute(
            "SELECT table_name || '.' || column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type = 'bytea'"
        ).fetchall()
    assert set(tokens(register)) == {name for (name,) in columns} == {str(place) for place in sealed.places()}


def test_after_a_rotation_the_new_key_alone_opens_everything(register: Register, site: Site) -> None:
    fill(register, 30)
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring).number
        outbox.enqueue(conn, register.keyring, number, "letter", CANARY["email"], a_message())
    a_work_file(site, register.keyring)
    before, lines = tokens(register), in_files(site.home)
    clear, rows = opened(before, register.register_key), plain_rows(register)

    done = avgflow(site, "keys", "rotate", "--new-key", "--json")

    assert done.exit_code == 0, done.output
    new, old = site.key_file.read()
    assert (old, new != old) == (register.register_key, True)
    after = tokens(register)
    assert opened(after, new) == clear
    assert not any(opens(token, old) for values in after.values() for token in values)
    assert [Fernet(new).decrypt(line) for line in in_files(site.home)] == [Fernet(old).decrypt(line) for line in lines]
    assert plain_rows(register) == rows
    assert whole(register)
    body = json.loads(done.stdout)
    values = sum(map(len, before.values()))
    assert (body["resealed"], body["resealed_in_files"]) == (values, len(lines))
    assert [key["values"] for key in body["keys"]] == [values, 0]
    assert body["removable"] == [body["keys"][1]["fingerprint"]]
    [begun], [ended] = said(register, EventName.KEYS_ROTATION_BEGUN), said(register, EventName.KEYS_ROTATED)
    assert (ended["key"], ended["older"]) == (body["keys"][0]["fingerprint"], body["removable"])
    assert (ended["values"], ended["resealed"]) == (values, values)
    assert begun["actor"] == ended["actor"] != "avgflow"


def test_no_key_is_ever_shown_or_on_record(register: Register, site: Site) -> None:
    fill(register, 3)
    shown = [avgflow(site, "keys", *words).output for words in (("rotate", "--new-key"), ("show",), ("show", "--json"))]
    keys = site.key_file.read()
    with psycopg.connect(register.superuser_dsn) as conn:
        shown += [str(row) for row in conn.execute("SELECT to_jsonb(event) FROM event")]
    assert not [key for key in (*keys, *(key[:20] for key in keys)) if key in "".join(shown)]
    assert "place 2" in " ".join(shown[0].split())


def test_everything_that_avgflow_reads_it_reads_after(register: Register, site: Site) -> None:
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring).number
        declines.propose(conn, register.keyring, number, DeclineReason.EXCESSIVE, "De vierde keer dit jaar.")
    assert avgflow(site, "keys", "rotate", "--new-key").exit_code == 0
    new, _ = site.key_file.read()
    alone = Keyring([new], register.hash_key)
    with transaction(register.engine) as conn:
        assert requests.subject(conn, alone, number) == an_intake().subject
        with pytest.raises(KeyMissing):
            requests.subject(conn, register.keyring, number)


def test_while_anything_is_sealed_by_an_older_key_none_may_be_taken_away(register: Register, site: Site) -> None:
    fill(register, 3)
    rotating.new_first(site.environment())
    with psycopg.connect(register.superuser_dsn) as other:  # somebody works on this row all the time
        other.execute("SELECT FROM passphrase WHERE number = 'AVG-2020-00001' FOR UPDATE")
        with pytest.raises(StillSealed, match="1 values are sealed by an older key"):
            rotating.rotate(site.environment(), "officer")
    assert said(register, EventName.KEYS_ROTATED) == []
    [stopped] = said(register, EventName.KEYS_ROTATION_STOPPED)
    assert stopped["why"] == "StillSealed"
    done = avgflow(site, "keys", "rotate", "--new-key")
    assert "no other key is made" in done.output
    assert len(site.key_file.read()) == 2
    assert opened(tokens(register), site.key_file.read()[0])


@pytest.mark.parametrize("lost", ["passphrase", "mail"])
def test_what_no_key_opens_is_named_and_stays(register: Register, site: Site, lost: str) -> None:
    fill(register, 2)
    column = {"passphrase": "sealed", "mail": "message_sealed"}[lost]
    foreign = Fernet(Fernet.generate_key()).encrypt(b"of a key that is lost")
    with psycopg.connect(register.superuser_dsn) as conn:
        conn.execute(
            sql.SQL("UPDATE {} SET {} = %s WHERE number LIKE '%%1'").format(
                sql.Identifier(lost), sql.Identifier(column)
            ),
            (foreign,),
        )
    done = avgflow(site, "keys", "rotate", "--new-key")
    assert f"1 values ({lost}.{column})" in str(done.exception)
    assert foreign in tokens(register)[f"{lost}.{column}"]


def test_a_work_file_that_is_being_written_keeps_the_older_key(register: Register, site: Site) -> None:
    path = path_of(site.home / "work", "AVG-2026-00001", "crm")
    with writing(path, register.keyring) as file:
        file.table(Header(TableName("public", "contact"), (("contact_id", "integer"),)))
        file._file.flush()
        rotating.new_first(site.environment())
        with pytest.raises(StillSealed, match="1 work files"):
            rotating.rotate(site.environment(), "officer")
    rotating.rotate(site.environment(), "officer")
    assert [Fernet(site.key_file.read()[0]).decrypt(line) for line in in_files(site.home)]


def test_a_work_file_that_is_deleted_meanwhile_does_not_come_back(
    register: Register, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_work_file(site, register.keyring)
    rotating.new_first(site.environment())
    reseal = Keyring.reseal

    def meanwhile(self: Keyring, token: bytes) -> bytes:
        path.unlink(missing_ok=True)
        return reseal(self, token)

    monkeypatch.setattr(Keyring, "reseal", meanwhile)
    rotating.rotate(site.environment(), "officer")
    assert list(path.parent.iterdir()) == []


def test_a_work_file_that_is_replaced_meanwhile_stays_the_newer_one(
    register: Register, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_work_file(site, register.keyring)
    rotating.new_first(site.environment())
    reseal, replaced = Keyring.reseal, []

    def meanwhile(self: Keyring, token: bytes) -> bytes:
        if not replaced:
            replaced.append(a_work_file(site, register.keyring, rows=7).read_bytes())
        return reseal(self, token)

    monkeypatch.setattr(Keyring, "reseal", meanwhile)
    rotating.rotate(site.environment(), "officer")
    new, old = site.key_file.read()
    clear = [Fernet(old).decrypt(line) for line in replaced[0].splitlines()]
    assert [Fernet(new).decrypt(line) for line in in_files(site.home)] == clear


def test_where_the_work_files_are_not_to_be_seen_nothing_is_said_of_keys(register: Register, site: Site) -> None:
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring).number
        receipts.put_receipt(conn, register.keyring, number, Step.COLLECT, "crm", {"public.contact": 1}, "a" * 64)
    done = avgflow(site, "keys", "rotate", "--new-key")
    assert isinstance(done.exception, rotating.WorkElsewhere)
    assert said(register, EventName.KEYS_ROTATED) == []


def test_the_application_may_change_no_ciphertext(register: Register) -> None:
    fill(register, 1)
    [token] = tokens(register)["passphrase.sealed"]
    call = "SELECT reseal('passphrase', 'sealed', '(0,1)'::tid, %s, %s)"
    with psycopg.connect(register.app_dsn) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(call, (token, token))


def test_the_owners_function_replaces_nothing_but_ciphertexts_of_the_same_moment_and_length(
    register: Register,
) -> None:
    fill(register, 1)
    held, rows = tokens(register), plain_rows(register)
    [token] = held["decline.note_sealed"]
    fernet = Fernet(register.register_key)
    clear = fernet.decrypt(token)
    moment = fernet.extract_timestamp(token)
    wrong = [
        ("decline", "reason", token, token),
        ("event", "detail", token, token),
        ("evidence", "html", token, token),
        ("decline", "note_sealed", token, fernet.encrypt_at_time(clear + bytes(64), moment)),
        ("decline", "note_sealed", token, fernet.encrypt_at_time(clear, moment + 1)),
        ("decline", "note_sealed", token, b"x" * len(token)),
    ]
    for table, column, was, becomes in wrong:
        with psycopg.connect(register.owner_dsn) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("SELECT reseal(%s, %s, '(0,1)'::tid, %s, %s)", (table, column, was, becomes))
    with psycopg.connect(register.owner_dsn) as conn:
        other = fernet.encrypt_at_time(clear, moment)
        found = conn.execute("SELECT reseal('decline', 'note_sealed', '(0,1)', %s, %s)", (other, other)).fetchone()
        assert found == (False,), "what stands there is not what was read"
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("UPDATE decline SET note_sealed = %s", (other,))
    assert (tokens(register), plain_rows(register)) == (held, rows)


def test_keys_of_the_environment_are_rotated_when_a_new_one_stands_before_them(register: Register, site: Site) -> None:
    fill(register, 2)
    new = Fernet.generate_key().decode()
    settings = site.settings().model_copy(
        update={"register_keys_file": None, "register_keys": SecretStr(f"{new},{register.register_key}")}
    )
    env = Environment(settings, lambda connection: "")
    with pytest.raises(rotating.KeysFromEnvironment):
        rotating.new_first(env)
    assert rotating.rotate(env, "officer").standing.clean
    assert opened(tokens(register), new)


def test_stopped_by_hand_it_is_on_record_how_far_it_came_and_it_goes_on(register: Register, site: Site) -> None:
    fill(register, 20)
    rotating.new_first(site.environment())

    def stop(what: str, done: int, total: int) -> None:
        if what == "sealing mail.message_sealed":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotating.rotate(site.environment(), "officer", stop)
    [stopped] = said(register, EventName.KEYS_ROTATION_STOPPED)
    assert stopped["why"] == "KeyboardInterrupt"
    assert 0 < int(str(stopped["resealed"])) < sum(map(len, tokens(register).values()))
    assert rotating.rotate(site.environment(), "officer").standing.clean
    assert opened(tokens(register), site.key_file.read()[0])


@pytest.mark.parametrize("times", [6, pytest.param(20, marks=pytest.mark.faults)])
def test_killed_again_and_again_it_ends_as_if_nothing_had_happened(register: Register, site: Site, times: int) -> None:
    fill(register, 60)
    a_work_file(site, register.keyring, rows=20_000)
    clear = opened(tokens(register), register.register_key)
    lines = [Fernet(register.register_key).decrypt(line) for line in in_files(site.home)]
    rows, moments = plain_rows(register), random.Random(20)
    mixed = killed = 0
    while killed < times:
        begun = PROCESSES.Event()
        worker = PROCESSES.Process(target=rotate_slowly, args=(site, 7, 0.004, begun))
        worker.start()
        assert begun.wait(60)
        time.sleep(moments.uniform(0, 0.25))
        worker.kill()
        worker.join()
        assert worker.exitcode == -9, "it was done before it could be killed"
        killed += 1
        keys = site.key_file.read()
        assert len(keys) == 2, "a start after a kill made another key"
        seals = {opens(token, keys[0]) for values in tokens(register).values() for token in values}
        mixed += len(seals) == 2
        assert all(any(opens(token, key) for key in keys) for values in tokens(register).values() for token in values)
        assert whole(register)
    assert mixed >= times // 4, "it was never in the middle"
    done = rotating.rotate(site.environment(), "officer")
    new, _ = site.key_file.read()
    assert done.standing.clean
    assert opened(tokens(register), new) == clear
    assert [Fernet(new).decrypt(line) for line in in_files(site.home)] == lines
    assert plain_rows(register) == rows
    assert len(said(register, EventName.KEYS_ROTATION_BEGUN)) >= times


def test_whoever_works_meanwhile_reads_and_writes_as_ever(register: Register, site: Site) -> None:
    """A process that began before the rotation has the older key only, and lives on through three rotations."""
    fill(register, 40)
    env, stop, faults = site.environment(), threading.Event(), list[Exception]()
    numbers: list[str] = []

    def work() -> None:
        try:
            while not stop.is_set():
                with transaction(env.register) as conn:
                    number = a_request(conn, env.keyring).number
                    events.append(conn, env.keyring, EventName.REQUEST_STARTED, number)
                    outbox.enqueue(conn, env.keyring, number, "letter", CANARY["email"], a_message())
                numbers.append(number)
                with transaction(env.register) as conn:
                    for earlier in numbers[-5:] + numbers[:5]:
                        assert requests.subject(conn, env.keyring, earlier) == an_intake().subject
                a_work_file(site, env.keyring, numbers[len(numbers) // 2], rows=600)
        except Exception as fault:  # noqa: BLE001  told in the test's own thread
            faults.append(fault)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        for _ in range(3):
            here = site.environment()
            assert rotating.new_first(here)
            assert rotating.rotate(here, "officer").standing.clean
    finally:
        stop.set()
        for worker in workers:
            worker.join(60)
    assert faults == []
    assert len(numbers) > 20
    newest, *older = site.key_file.read()
    assert len(older) == 3
    assert opened(tokens(register), newest), "the newest key alone opens what was written meanwhile too"
    assert [Fernet(newest).decrypt(line) for line in in_files(site.home)]
    assert whole(register)


def test_the_oracle_sees_what_an_older_key_seals(register: Register) -> None:
    fill(register, 1)
    with pytest.raises(InvalidToken):
        opened(tokens(register), Fernet.generate_key().decode())
