"""Making and updating the register's schema, the commands that do and check it, and a register that is out of reach."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psycopg
import pytest
from alembic import command as alembic_command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from psycopg import sql
from real_postgres import APP, OWNER, Register, Server
from register_world import CANARY, a_request
from sqlalchemy import text
from typer.testing import CliRunner, Result

from avgflow.cli import audit
from avgflow.cli import register as register_command
from avgflow.crypto import Keyring
from avgflow.register import chain, database, evidence, receipts, requests
from avgflow.register.database import transaction
from avgflow.register.migrate import migrate
from avgflow.register.schema import metadata
from avgflow.settings import engine


@pytest.fixture
def keyring(pg: Server) -> Keyring:
    return Keyring([pg.state.register_key], pg.state.hash_key)


@pytest.fixture
def empty(pg: Server) -> Iterator[str]:
    """The owner's DSN of an empty database."""
    yield pg.create_database("register_empty", owner=OWNER)
    pg.drop_database("register_empty")


def test_a_migration_makes_what_the_queries_expect(register: Register) -> None:
    owner = engine(register.owner_dsn)
    with owner.connect() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
        differences = compare_metadata(context, metadata)
    owner.dispose()
    assert differences == []


def test_migrating_twice_and_at_once_makes_one_register(empty: str, keyring: Keyring) -> None:
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: migrate(empty, APP, keyring), range(3)))
    [newest] = {migration.after for migration in done}
    assert sorted(migration.before or "" for migration in done) == ["", newest, newest]
    with transaction(engine(empty)) as conn:
        report = chain.verify(conn, keyring)
    assert (report.ok, report.events) == (True, 1)


def test_the_applications_role_may_have_any_name(pg: Server, empty: str, keyring: Keyring) -> None:
    role = 'Register "App"'
    with psycopg.connect(pg.superuser_dsn, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
    try:
        migrate(empty, role, keyring)
        with psycopg.connect(empty) as conn:
            allowed = "SELECT has_table_privilege(%s, 'event', 'INSERT'), has_table_privilege(%s, 'event', 'UPDATE')"
            assert conn.execute(allowed, (role, role)).fetchone() == (True, False)
    finally:
        with psycopg.connect(pg.dsn("register_empty"), autocommit=True) as conn:
            conn.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
            conn.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@pytest.mark.parametrize("may", [False, True])
def test_the_reader_of_suppressions_is_made_where_the_owner_may(
    pg: Server, empty: str, keyring: Keyring, may: bool
) -> None:
    reader, aside = sql.Identifier("suppression_reader"), sql.Identifier("reader_put_aside")
    with psycopg.connect(pg.superuser_dsn, autocommit=True) as conn:
        conn.execute(sql.SQL("ALTER ROLE {} RENAME TO {}").format(reader, aside))
        try:
            if may:
                conn.execute(sql.SQL("ALTER ROLE {} CREATEROLE").format(sql.Identifier(OWNER)))
            migrate(empty, APP, keyring)
            with psycopg.connect(pg.dsn("register_empty"), autocommit=True) as made:
                readers = made.execute(
                    "SELECT rolname FROM pg_roles WHERE rolname = 'suppression_reader' "
                    "AND has_table_privilege(rolname, 'suppressed_address', 'SELECT')"
                ).fetchall()
                assert readers == ([("suppression_reader",)] if may else [])
                assert made.execute("SELECT FROM suppressed_address").fetchall() == []
                if may:
                    made.execute(sql.SQL("DROP OWNED BY {}").format(reader))
        finally:
            conn.execute(sql.SQL("ALTER ROLE {} NOCREATEROLE").format(sql.Identifier(OWNER)))
            conn.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(reader))
            conn.execute(sql.SQL("ALTER ROLE {} RENAME TO {}").format(aside, reader))


def test_a_register_in_use_goes_to_the_newest_revision_with_what_it_holds(
    empty: str, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("alembic.command.upgrade", partial(_upgrade_to, "r0002"))
        assert migrate(empty, APP, keyring).after == "r0002"
    with transaction(engine(empty)) as conn:
        number, digest = "AVG-2026-00001", "a" * 64
        # As the version of that revision wrote it: this one writes columns that came later.
        conn.execute(
            text(
                'INSERT INTO request (number, "right", language, received, due, extended_due, subject_sealed) '
                "VALUES (:n, 'access', 'nl', '2026-11-02', '2026-12-02', '2027-02-02', :s)"
            ),
            {"n": number, "s": keyring.seal_json({})},
        )
        conn.execute(
            text("INSERT INTO receipt (number, step, store, counts, digest) VALUES (:n, 'collect', 'crm', '{}', :d)"),
            {"n": number, "d": digest},
        )
    assert migrate(empty, APP, keyring).before == "r0002"
    with transaction(engine(empty)) as conn:
        [kept] = receipts.receipts(conn, number)
        assert (kept.store, kept.digest, kept.work) == ("crm", digest, {})
        kept_request = requests.get(conn, number)
        assert (kept_request.scope, kept_request.capacity, kept_request.together) == (None, "self", None)
        assert chain.verify(conn, keyring).ok


def _upgrade_to(revision: str, config: Config, _: str, upgrade: Callable[..., None] = alembic_command.upgrade) -> None:
    upgrade(config, revision)


def test_a_migration_that_fails_leaves_nothing(empty: str, keyring: Keyring) -> None:
    with pytest.raises(database.RegisterRefused):
        migrate(empty, "nobody_by_this_name", keyring)
    with psycopg.connect(empty) as conn:
        assert conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    assert migrate(empty, APP, keyring).before is None


def test_the_application_may_delete_nothing_and_change_only_what_moves(register: Register) -> None:
    with psycopg.connect(register.app_dsn) as conn:
        tables = [name for (name,) in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        assert set(tables) == {*metadata.tables, "alembic_version"}
        for table in tables:
            for privilege in ("DELETE", "TRUNCATE", "TRIGGER"):
                held = conn.execute("SELECT has_table_privilege(%s, %s)", (table, privilege)).fetchone()
                assert held == (False,), f"{privilege} on {table}"
        changeable = conn.execute(
            "SELECT table_name, array_agg(column_name::text ORDER BY 1) FROM information_schema.column_privileges "
            "WHERE privilege_type = 'UPDATE' AND grantee = current_user GROUP BY 1"
        )
        moving = dict(changeable.fetchall())
    of_requests = {"request", "request_counter", "chain_head", "plan", "receipt", "mail", "identity", "notice"}
    assert set(moving) == {
        *of_requests,
        "suppression",
        "hold",
        "restriction",
        "breach",
        "withholding",
        "sweep",
        "sweep_part",
    }
    assert not {"number", "right", "received", "subject_sealed", "registered_at"} & set(moving["request"])
    assert not {"sealed", "digest", "message_sealed", "counts"} & {*moving["plan"], *moving["mail"], *moving["receipt"]}
    assert set(moving["suppression"]) == {"lifted_at", "lifted_by"}
    assert set(moving["hold"]) == {"released_at", "released_by"}
    assert set(moving["notice"]) == {"confirmed_at", "confirmed_by", "by_hand_on", "by_hand_by"}
    assert set(moving["breach"]) == {"closed_at", "closed_by"}
    assert {"number", "run", "day", "fingerprint"}.isdisjoint(moving["sweep"])
    assert set(moving["sweep_part"]) == {"sealed", "transaction", "system", "changed", "done_at"}
    assert set(moving["withholding"]) == {"confirmed_at", "confirmed_by", "released_at", "released_by"}
    assert set(moving["restriction"]) == {"lift_reason", "lift_by", "told_at", "lifted_at"}


def test_errors_of_the_database_are_named_and_repeat_no_row(register: Register, empty: str) -> None:
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring).number
    double = text(f"INSERT INTO identifier VALUES ('{number}', 'email', '{CANARY['email']}')")
    with pytest.raises(database.RegisterRefused, match="23505") as refusal, transaction(register.engine) as conn:
        conn.execute(double)
    assert CANARY["email"] not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__
    with pytest.raises(database.RegisterNotMigrated, match="register migrate"), transaction(engine(empty)) as conn:
        requests.find(conn)
    for dsn in ("postgresql://register_app:x@127.0.0.1:1/register", register.app_dsn + "_not_there"):
        with pytest.raises(database.RegisterUnreachable), transaction(engine(dsn)) as conn:
            requests.find(conn)


@pytest.fixture
def command(register: Register, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Register:
    """A register on which the `avgflow` command works."""
    for name, value in (register.environment() | {"AVGFLOW_HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    return register


def run(app: object, *arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))  # type: ignore[arg-type]


def test_audit_verify_says_that_the_chain_is_whole_and_what_to_note(command: Register) -> None:
    shown = run(audit.app, "verify")
    assert shown.exit_code == 0
    assert "De keten is heel: 1 gebeurtenissen. / The chain is whole: 1 events." in shown.stdout
    noted = shown.stdout.split()[-1]
    assert run(audit.app, "verify", "--noted", noted).exit_code == 0
    assert isinstance(run(audit.app, "verify", "--noted", "1:abc").exception, chain.NotAHead)
    assert isinstance(run(audit.app, "verify", "--noted", f"1:{'0' * 64}").exception, chain.ChainBroken)


def test_audit_verify_names_the_first_broken_event_and_fails(command: Register) -> None:
    with transaction(command.engine) as conn:
        a_request(conn, command.keyring)
    with psycopg.connect(command.superuser_dsn) as conn:
        conn.execute("ALTER TABLE event DISABLE TRIGGER ALL")
        conn.execute("UPDATE event SET actor = 'nobody' WHERE id = 2")
    shown = run(audit.app, "verify", "--json")
    assert shown.exit_code == 1
    report = json.loads(shown.stdout)
    assert (report["ok"], report["first_broken"], report["kind"]) == (False, 2, "changed")
    assert str(shown.exception) == (
        "De keten is verbroken: gebeurtenis 2 is met de hand gewijzigd. / "
        "The chain is broken: event 2 was changed by hand."
    )


def test_audit_verify_names_the_request_whose_evidence_was_changed(command: Register) -> None:
    with transaction(command.engine) as conn:
        number = a_request(conn, command.keyring).number
        evidence.put_evidence(conn, command.keyring, number, "completeness", False, {}, "<p>failed</p>")
    assert json.loads(run(audit.app, "verify", "--json").stdout)["ok"]
    with psycopg.connect(command.superuser_dsn) as conn:
        conn.execute("UPDATE evidence SET passed = true")
    shown = run(audit.app, "verify", "--json")
    assert shown.exit_code == 1
    assert json.loads(shown.stdout)["changed_evidence"] == [number]
    assert number in str(shown.exception)


def test_register_migrate_says_what_it_did(command: Register) -> None:
    done = json.loads(run(register_command.app, "migrate", "--json").stdout)
    assert done["before"] == done["after"]
    assert run(register_command.app, "migrate").stdout == f"The register is up to date ({done['after']}).\n"
