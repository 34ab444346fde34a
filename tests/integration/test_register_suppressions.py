"""Suppressions: who may not be written to, as asked here and as a store's own importer asks the view."""

from __future__ import annotations

import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import sql
from real_postgres import Register, Server
from register_world import CANARY, a_request
from sqlalchemy import event as sqlalchemy_event

from avgflow.register import chain, receipts, suppressions
from avgflow.register.database import transaction
from avgflow.register.detail import DetailRefused
from avgflow.register.receipts import Step
from avgflow.register.schema import event, metadata

ADDRESS = "J.Jansen@Bedrijf.nl"
SAME = (ADDRESS, "j.jansen@bedrijf.nl", " J.JANSEN@BEDRIJF.NL\u00a0", "\tj.jansen@bedrijf.nl\r\n")
OTHERS = (
    "jjansen@bedrijf.nl",
    "j.jansen@bedrijf.nl.example",
    "j.jansen",
    "",
    "  ",
    "\x00",
    "\ud800@x.nl",
    "%",
    "j_jansen@bedrijf.nl",
)


def suppress(register: Register, address: str = ADDRESS, number: str | None = None) -> bool:
    with transaction(register.engine) as conn:
        return suppressions.suppress(conn, register.keyring, "email", address, "erasure", number, "avgflow")


def lift(register: Register, address: str = ADDRESS) -> bool:
    with transaction(register.engine) as conn:
        return suppressions.lift(conn, register.keyring, "email", address, "officer")


def suppressed(register: Register, *addresses: str) -> set[str]:
    with transaction(register.engine) as conn:
        return suppressions.suppressed(conn, register.keyring, "email", addresses)


def events(register: Register) -> list[tuple[str, str | None, dict[str, object]]]:
    """What happened to suppressions; the chain must be whole."""
    with transaction(register.engine) as conn:
        assert chain.verify(conn, register.keyring).ok
        rows = conn.execute(event.select().where(event.c.name.startswith("suppression.")).order_by(event.c.id))
        return [(row.name, row.number, row.detail) for row in rows]


def test_an_address_is_suppressed_however_it_is_written_and_no_other_is(register: Register) -> None:
    assert suppressed(register, *SAME) == set()
    suppress(register)
    assert suppressed(register, *SAME, *OTHERS) == set(SAME)
    assert suppressed(register) == set()


def test_suppressing_again_changes_nothing(register: Register) -> None:
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring).number
    assert suppress(register, number=number)
    assert not any(suppress(register, each) for each in SAME)
    with transaction(register.engine) as conn:
        [standing] = suppressions.suppressions(conn)
    assert (standing.channel, standing.reason, standing.number) == ("email", "erasure", number)
    assert events(register) == [("suppression.added", number, {"channel": "email", "reason": "erasure"})]


def test_whoever_signs_up_again_is_written_to_again_and_can_be_suppressed_again(register: Register) -> None:
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring).number
    suppress(register, number=number)
    assert lift(register, SAME[2])
    assert not lift(register)
    assert suppressed(register, ADDRESS) == set()
    assert suppress(register)
    assert suppressed(register, ADDRESS) == {ADDRESS}
    assert events(register)[1] == ("suppression.lifted", None, {"channel": "email", "request": number})
    assert [name for name, *_ in events(register)] == ["suppression.added", "suppression.lifted", "suppression.added"]


def test_a_blank_address_an_unknown_channel_and_free_text_are_refused(register: Register) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        for blank in ("", " \t", "\u00a0"):
            with pytest.raises(suppressions.BlankAddress):
                suppressions.suppress(conn, keyring, "email", blank, "erasure", None, "avgflow")
        for call in (suppressions.suppressed, suppressions.lift):
            with pytest.raises(suppressions.UnknownChannel, match="email"):
                call(conn, keyring, "emial", ADDRESS, *(["officer"] if call is suppressions.lift else []))
        with pytest.raises(DetailRefused):
            suppressions.suppress(conn, keyring, "email", ADDRESS, f"asked by {ADDRESS}", None, "avgflow")
    assert events(register) == []


def test_two_at_once_suppress_and_lift_once(register: Register) -> None:
    for each, times in ((suppress, 1), (lift, 1), (suppress, 1)):
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(lambda _, each=each: each(register), range(16))) == times
    assert [name for name, *_ in events(register)] == ["suppression.added", "suppression.lifted", "suppression.added"]


def test_who_suppresses_after_other_work_and_who_does_at_once_wait_and_never_deadlock(register: Register) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        number = a_request(conn, keyring).number

    def after_work(which: int) -> bool:
        with transaction(register.engine) as conn:
            receipts.put_receipt(conn, keyring, number, Step.ERASE, f"store_{which}", {}, "a" * 64)
            return suppressions.suppress(conn, keyring, "email", f"{which // 2}@x.nl", "erasure", number, "avgflow")

    def at_once(which: int) -> bool:
        return suppress(register, f"{which // 2}@x.nl")

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(work, which) for which in range(20) for work in (after_work, at_once)]
        assert sum(each.result() for each in done) == 10


def test_a_hundred_thousand_addresses_are_asked_in_one_statement(register: Register) -> None:
    addresses = [f"person{which}@bedrijf{which % 997}.nl" for which in range(100_000)]
    for each in (addresses[0], addresses[99_999]):
        suppress(register, each)
    statements: list[str] = []
    with transaction(register.engine) as conn:
        sqlalchemy_event.listen(conn, "before_cursor_execute", lambda *args: statements.append(args[2]))
        found = suppressions.suppressed(conn, register.keyring, "email", addresses)
    assert found == {addresses[0], addresses[99_999]}
    assert len(statements) == 1


@pytest.fixture
def importer(pg: Server, register: Register) -> str:
    """The DSN of the marketing store's own role, for the register."""
    return pg.dsn(register.name, "marketing")


def test_an_importer_computes_the_hash_itself_and_finds_it_in_the_view(register: Register, importer: str) -> None:
    suppress(register)
    lifted = "weer.klant@bedrijf.nl"
    suppress(register, lifted)
    lift(register, lifted)
    key = bytes.fromhex(suppressions.key(register.keyring))

    def hashed(address: str) -> str:
        return hmac.new(key, address.strip().lower().encode(), hashlib.sha256).hexdigest()

    with psycopg.connect(importer) as conn:
        rows = conn.execute("SELECT channel, hash, since FROM suppressed_address").fetchall()
    [(channel, found, since)] = rows
    assert (channel, found) == ("email", hashed(" J.JANSEN@bedrijf.NL"))
    assert since is not None


def test_the_view_is_all_of_the_register_that_an_importer_can_read(register: Register, importer: str) -> None:
    with psycopg.connect(importer, autocommit=True) as conn:
        for table in [*metadata.tables, "alembic_version"]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))
        for statement in (
            "DELETE FROM suppressed_address",
            "INSERT INTO suppressed_address VALUES ('email', 'x', now())",
        ):
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)):
                conn.execute(statement.encode())


def test_nobody_else_can_read_the_view(pg: Server, register: Register) -> None:
    with psycopg.connect(register.superuser_dsn) as conn:
        readers = conn.execute(
            "SELECT rolname FROM pg_roles WHERE has_table_privilege(rolname, 'suppressed_address', 'SELECT') "
            "AND NOT rolsuper AND rolname !~ '^pg_' ORDER BY 1"
        ).fetchall()
    assert [name for (name,) in readers] == ["marketing", "register_owner", "suppression_reader"]
    for role in ("crm", "orders", "accounts"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(pg.dsn("register", role))
    psycopg.connect(pg.dsn("register", "marketing")).close()


def test_the_key_of_suppressions_serves_for_nothing_else(register: Register) -> None:
    keyring, key = register.keyring, bytes.fromhex(suppressions.key(register.keyring))
    value = CANARY["email"].lower()
    own = hmac.new(key, value.encode(), hashlib.sha256).hexdigest()
    assert own == keyring.sign("suppression", value.encode())
    assert own != keyring.keyed_hash("email", value)
    assert own != keyring.sign("event chain", value.encode())
