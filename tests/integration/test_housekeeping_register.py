"""The register lets go of what is past its term: what goes, what stays, and that nobody can make it go sooner."""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from old_world import answered, by_hand, closed, count, fill, hanging
from past_events import events_at, noon
from real_postgres import Register
from register_world import CANARY, a_message, a_request
from typer.testing import CliRunner

from avgflow import cli
from avgflow.handling import repeating
from avgflow.handling.environment import Environment
from avgflow.housekeeping import register as part
from avgflow.housekeeping.found import Found
from avgflow.register import chain, events, evidence, holds, outbox, requests, suppressions
from avgflow.register.database import RegisterRefused, transaction
from avgflow.register.letting_go import Held
from avgflow.register.requests import CaseFileGone, Status
from avgflow.settings import Settings

TODAY = date(2026, 6, 15)
ADDRESS = "kanarie@example.nl"
LONG_AGO = noon(date(2019, 3, 7))


@pytest.fixture
def env(register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    for name, value in (register.environment() | {"AVGFLOW_HOME": str(tmp_path)}).items():
        monkeypatch.setenv(name, value)
    return Environment(Settings.load(), lambda connection: f"postgresql://nobody@127.0.0.1:1/{connection}")


def kept(found: Found) -> dict[str, Held]:
    return {one.number: one.why for one in found.kept}


def whole(env: Environment) -> bool:
    """Whether the chain, and the evidence that it vouches for, are as they were written."""
    with transaction(env.register) as conn:
        return chain.verify(conn, env.keyring).ok and not evidence.changed_by_hand(conn)


def happened(env: Environment, number: str) -> list[tuple[str, dict[str, object]]]:
    with transaction(env.register) as conn:
        return [(str(event.name), dict(event.detail)) for event in events.history(conn, number)]


def test_a_case_file_goes_whole_and_leaves_its_events_and_the_suppression(env: Environment, register: Register) -> None:
    number = closed(register, LONG_AGO)
    other = closed(register, noon(date(2025, 3, 7)), email="ander@example.nl", customer_number="A-1")
    fill(register, number, LONG_AGO)
    answered(register, other, noon(date(2025, 3, 7)))
    tables = hanging(register)
    assert {table for table in tables if not count(register, table)} == set(), "every table is tried"
    before = len(happened(env, number))

    found = part.run(env, TODAY)

    assert found.failed == ()
    assert found.counts["case_files"] == 1
    assert {table for table in tables - {"breach_fact", "suppression"} if count(register, table, number)} == set()
    assert count(register, "breach_fact") == 0
    assert by_hand(register, "SELECT count(*) FROM request") == [(1,)]
    assert by_hand(register, "SELECT number, lifted_at, reason FROM suppression") == [(None, None, "objection")]
    told = happened(env, number)
    assert len(told) > before
    name, detail = told[-1]
    assert (name, detail["ended_on"]) == ("request.let_go", "2019-03-07")
    assert whole(env)
    assert part.run(env, TODAY).counts == {}, "again there is nothing to do"
    assert CANARY["name"] not in json.dumps(told)
    with pytest.raises(CaseFileGone, match=f"case file of {number} was deleted on "), transaction(env.register) as conn:
        requests.get(conn, number)


def test_whoever_was_suppressed_stays_so_and_may_sign_up_again(env: Environment, register: Register) -> None:
    number = closed(register, LONG_AGO)
    with transaction(register.engine) as conn:
        suppressions.suppress(conn, env.keyring, "email", ADDRESS, "objection", number, "avgflow")
    assert part.run(env, TODAY).counts == {"case_files": 1}
    with transaction(register.engine) as conn:
        assert suppressions.suppressed(conn, env.keyring, "email", [ADDRESS]) == {ADDRESS}
        assert suppressions.lift(conn, env.keyring, "email", ADDRESS, "officer")
        assert suppressions.suppressed(conn, env.keyring, "email", [ADDRESS]) == set()


@pytest.mark.parametrize(
    ("ended", "last"),
    [
        (datetime(2021, 3, 5, 12, tzinfo=UTC), date(2026, 3, 5)),
        (datetime(2021, 3, 5, 22, 59, 59, tzinfo=UTC), date(2026, 3, 5)),  # 23:59:59 in Amsterdam
        (datetime(2021, 3, 5, 23, 0, 0, tzinfo=UTC), date(2026, 3, 6)),  # midnight there
        (datetime(2020, 7, 31, 22, 30, tzinfo=UTC), date(2025, 8, 1)),  # summer time
        (datetime(2020, 2, 29, 12, tzinfo=UTC), date(2025, 2, 28)),
        (datetime(2019, 12, 31, 23, 30, tzinfo=UTC), date(2025, 1, 1)),
    ],
)
def test_the_last_day_is_kept_and_the_next_it_goes(
    env: Environment, register: Register, ended: datetime, last: date
) -> None:
    number = closed(register, ended)
    assert part.run(env, last).counts == {}
    assert part.preview(env, last).counts == {}
    assert count(register, "request", number) == 1
    tomorrow = last + timedelta(1)
    assert part.preview(env, tomorrow).counts == {"case_files": 1}
    assert part.run(env, tomorrow).counts == {"case_files": 1}
    assert count(register, "request", number) == 0


RESTING = {
    Held.RESTRICTION: "INSERT INTO restriction (number, record_class, ground, begun_by) "
    "VALUES (%s, 'R1', 'accuracy', 'officer')",
    Held.BREACH: "INSERT INTO breach (number, what, aware_at, due_at, digest, sealed, opened_by) "
    "VALUES (%s, 'package', now(), now(), 'd', 'x', 'officer')",
    Held.MAIL: "INSERT INTO mail (message_id, number, kind, recipient_sealed, message_sealed, digest) "
    "VALUES ('<a@b>', %s, 'lifting', 'x', 'x', 'd')",
    Held.RECIPIENT: "INSERT INTO notice (number, recipient, told, told_by, classes) "
    "VALUES (%s, 'suppliers', 'erased', 'avgflow', '[]')",
    Held.TOMBSTONES: "INSERT INTO tombstone (number, store, digest, sealed, erased_at) "
    "VALUES (%s, 'crm', 'd', 'x', '2026-06-01')",
}


@pytest.mark.parametrize("why", RESTING)
def test_a_case_file_stays_while_something_rests_on_it(env: Environment, register: Register, why: Held) -> None:
    number = closed(register, LONG_AGO)
    by_hand(register, RESTING[why], number)
    assert kept(part.preview(env, TODAY)) == {number: why}
    found = part.run(env, TODAY)
    assert kept(found) == {number: why}
    assert "case_files" not in found.counts
    assert count(register, "request", number) == 1
    assert why.nl
    assert why.en


def test_what_ended_later_starts_the_term_anew(env: Environment, register: Register) -> None:
    number = closed(register, LONG_AGO)
    by_hand(
        register,
        "INSERT INTO restriction (number, record_class, ground, begun_by, lift_reason, lift_by, told_at, lifted_at) "
        "VALUES (%s, '*', 'accuracy', 'o', 'agreed', 'o', '2024-01-31 12:00+01', '2024-01-31 12:00+01')",
        number,
    )
    assert part.run(env, date(2026, 1, 31)).counts == {}
    assert part.preview(env, date(2026, 6, 1)).kept == ()
    assert count(register, "request", number) == 1


@pytest.mark.parametrize(
    ("record_class", "stays"), [(None, True), ("R12", True), ("R4", False)], ids=["all", "case files", "invoices"]
)
def test_a_hold_on_the_person_keeps_their_case_file(
    env: Environment, register: Register, record_class: str | None, stays: bool
) -> None:
    number = closed(register, LONG_AGO)
    with transaction(register.engine) as conn:
        holds.place(conn, env.keyring, {"email": CANARY["email"].upper()}, record_class, None, "complaint", "officer")
    assert kept(part.run(env, TODAY)) == ({number: Held.HOLD} if stays else {})
    assert count(register, "request", number) == int(stays)


def test_an_erasure_that_a_hold_kept_from_something_can_be_taken_up_when_it_is_released(
    env: Environment, register: Register
) -> None:
    number = closed(register, LONG_AGO, right="erasure")
    with transaction(register.engine) as conn:
        hold = holds.place(conn, env.keyring, {"email": CANARY["email"]}, "R4", None, "claim", "officer")
    assert kept(part.run(env, TODAY)) == {number: Held.HOLD}
    by_hand(register, "UPDATE hold SET until = '2020-01-01'")
    assert kept(part.run(env, TODAY)) == {number: Held.HOLD}, "it holds nothing more, and was not released"
    with transaction(register.engine) as conn:
        holds.release(conn, env.keyring, hold.id, "officer")
    assert part.run(env, TODAY).counts == {"case_files": 1}


def test_a_hold_on_somebody_else_keeps_nothing(env: Environment, register: Register) -> None:
    closed(register, LONG_AGO)
    with transaction(register.engine) as conn:
        holds.place(conn, env.keyring, {"email": "iemand.anders@example.nl"}, None, None, "complaint", "officer")
    assert part.run(env, TODAY).counts == {"case_files": 1}


def test_an_open_request_of_the_same_person_keeps_it_but_one_by_who_only_knows_the_address_does_not(
    env: Environment, register: Register
) -> None:
    number = closed(register, LONG_AGO)
    with transaction(register.engine) as conn:
        unverified = a_request(conn, register.keyring, verified_by=None).number
    assert kept(part.preview(env, TODAY)) == {}
    with transaction(register.engine) as conn:
        requests.verified(conn, register.keyring, unverified, "in-person", "officer")  # type: ignore[arg-type]
    assert kept(part.run(env, TODAY)) == {number: Held.OPEN_REQUEST}


def test_a_restriction_by_another_request_of_the_person_keeps_it(env: Environment, register: Register) -> None:
    number = closed(register, LONG_AGO)
    later = closed(register, noon(date(2026, 1, 5)))
    by_hand(register, RESTING[Held.RESTRICTION].replace("'R1'", "'*'"), later)
    assert kept(part.run(env, TODAY)) == {number: Held.PERSON_RESTRICTED}


def test_requests_that_came_in_together_go_together(env: Environment, register: Register) -> None:
    first = closed(register, LONG_AGO)
    second = closed(register, noon(date(2022, 1, 1)), together=first)
    assert part.run(env, TODAY).counts == {}
    assert part.run(env, date(2026, 6, 14)).counts == {}
    assert count(register, "request") == 2
    by_hand(register, "UPDATE request SET together = NULL WHERE number = %s", second)
    third = closed(register, noon(date(2020, 1, 1)), together=first)
    assert part.run(env, TODAY).counts == {"case_files": 1}
    assert [row[0] for row in by_hand(register, "SELECT number FROM request")] == [second]
    for number in (first, third):
        assert happened(env, number)[-1][1]["together"] == first
    assert whole(env)


def test_one_that_is_open_or_has_no_closing_date_stays_and_is_named(env: Environment, register: Register) -> None:
    with events_at(LONG_AGO), transaction(register.engine) as conn:
        opened = a_request(conn, register.keyring).number
        requests.set_status(conn, register.keyring, opened, Status.STOPPED, reason="Stopped.")
        by_nobody = a_request(conn, register.keyring, email="a@example.nl", customer_number="B-2").number
    by_hand(register, "UPDATE request SET status = 'closed', outcome = 'fulfilled' WHERE number = %s", by_nobody)
    found = part.run(env, TODAY)
    assert kept(found) == {by_nobody: Held.NO_CLOSING_DATE}
    assert count(register, "request") == 2


def test_files_that_are_left_keep_their_case_file(env: Environment, register: Register) -> None:
    number = closed(register, LONG_AGO)
    file = env.settings.work / number / f"inzage-{number}.zip"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    assert kept(part.run(env, TODAY)) == {number: Held.FILES}
    file.unlink()
    assert part.run(env, TODAY).counts == {"case_files": 1}


def test_a_later_request_tells_of_earlier_ones_that_are_there_still(env: Environment, register: Register) -> None:
    number = closed(register, LONG_AGO)
    later = closed(register, noon(date(2024, 1, 5)))
    with transaction(register.engine) as conn:
        events.append(
            conn, env.keyring, events.EventName.REQUEST_REPEATED, later, detail={"count": 1, "earlier": [number]}
        )
    part.run(env, TODAY)
    with transaction(register.engine) as conn:
        assert repeating.before(conn, events.history(conn, later)) == []


def test_what_has_a_shorter_term_goes_before(env: Environment, register: Register) -> None:
    """Each by itself, on the day after its last: independent arithmetic, on the terms of the policy that is shipped."""
    ended = noon(date(2026, 1, 10))
    number = closed(register, ended)
    fill(register, number, ended)
    answered(register, number, ended)
    answered(register, number, ended, "waiting:approval:1")
    gone: dict[str, date] = {}
    day = date(2026, 1, 10)
    while day <= TODAY:
        for what in part.run(env, day).counts:
            gone.setdefault(what, day)
        day += timedelta(1)
    assert gone == {
        "codes": date(2026, 1, 10) + timedelta(31),
        "candidates": date(2026, 1, 10) + timedelta(31),
        "passphrases": date(2026, 1, 10) + timedelta(91),
        "attachments": date(2026, 1, 10) + timedelta(91),
    }
    later = part.preview(env, date(2026, 7, 11)).counts
    assert set(later) == {"documents", "mails"}
    assert "tombstones" in part.preview(env, date(2027, 1, 11)).counts
    assert "tombstones" not in part.preview(env, date(2027, 1, 10)).counts
    assert whole(env)


def test_a_code_of_an_open_request_stays_for_its_number_would_be_given_again(
    env: Environment, register: Register
) -> None:
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring).number
    made = "INSERT INTO code (number, nth, hash, until, made_by) VALUES (%s, 1, 'h', '2020-01-01', 'o')"
    by_hand(register, made, number)
    assert part.run(env, TODAY).counts == {}
    assert count(register, "code") == 1


def test_a_letter_stays_readable_without_its_attachments_and_says_what_was_sent(
    env: Environment, register: Register
) -> None:
    number = closed(register, noon(date(2026, 1, 10)))
    message_id = answered(register, number, noon(date(2026, 1, 10)))
    with transaction(register.engine) as conn:
        before = outbox.get(conn, message_id)
    assert part.run(env, TODAY).counts == {"attachments": 1}
    [(sealed,)] = by_hand(register, "SELECT message_sealed FROM mail WHERE message_id = %s", message_id)
    letter = env.keyring.open(bytes(sealed)).decode()
    assert CANARY["name"] in letter
    assert "gegevens.pdf" not in letter
    assert len(letter) < len(a_message().as_bytes())
    with transaction(register.engine) as conn:
        assert outbox.get(conn, message_id) == before
    assert outbox.deliver(register.engine, env.keyring, message_id, _refuse).accepted, "it is never sent again"
    assert part.run(env, TODAY).counts == {}


def _refuse(message: object, recipient: str) -> None:
    raise AssertionError("a mail that was accepted is sent again")


def test_mails_about_no_request_go_and_one_that_was_not_accepted_stays(env: Environment, register: Register) -> None:
    taken: list[str] = []
    with transaction(register.engine) as conn:
        for day in ("2025-11-01", "2025-11-02"):
            kind = f"deadline-digest:{day}"
            taken.append(outbox.enqueue(conn, env.keyring, None, kind, "privacy@milgro.nl", a_message()))
    by_hand(register, "UPDATE mail SET accepted_at = '2025-11-01 12:00+01' WHERE message_id = %s", taken[0])
    assert part.run(env, TODAY).counts == {"mails": 1}
    assert by_hand(register, "SELECT message_id FROM mail") == [(taken[1],)]


def test_what_hangs_on_no_request_goes_a_case_files_term_after_it_ended(env: Environment, register: Register) -> None:
    with transaction(register.engine) as conn:
        for _ in range(2):
            hold = holds.place(conn, env.keyring, {"email": CANARY["email"]}, None, None, "complaint", "officer")
            holds.release(conn, env.keyring, hold.id, "officer")
    by_hand(register, "UPDATE hold SET released_at = '2019-01-01' WHERE id = (SELECT min(id) FROM hold)")
    by_hand(
        register,
        "INSERT INTO suppression (channel, hash, reason, added_by, lifted_at, lifted_by) VALUES "
        "('email', 'a', 'objection', 'o', '2019-01-01', 'o'), ('email', 'b', 'objection', 'o', NULL, NULL)",
    )
    by_hand(
        register,
        "INSERT INTO withholding (store, table_name, row_hash, ground, placed_by, until) VALUES "
        "('crm', 't', 'h', 'd', 'o', '2019-01-01'), ('crm', 't', 'i', 'd', 'o', NULL)",
    )
    for year, ended in ((2019, "2019-01-06"), (2020, None), (2026, "2026-01-05")):
        number = f"sweep-{year}-00001"
        made = "INSERT INTO sweep (number, run, day, status, fingerprint, ended_at) VALUES (%s, %s, %s, 'x', 'f', %s)"
        by_hand(register, made, number, number, f"{year}-01-04", ended)
        by_hand(register, "INSERT INTO sweep_rule VALUES (%s, 'crm', 't', 'c', 'R1', 'delete', 1, '{}')", number)
        part_of = (
            "INSERT INTO sweep_part (number, store, nth, table_name, code, kind, rows, digest) VALUES (%s, 'crm', 1, "
        )
        by_hand(register, part_of + "'t', 'c', 'delete', 1, 'd')", number)
        proof = "INSERT INTO sweep_proof (number, passed, result, html, digest) VALUES (%s, true, '{}', '', 'd')"
        by_hand(register, proof, number)
    found = part.run(env, TODAY)
    assert found.counts == {"holds": 1, "suppressions": 1, "withholdings": 1, "sweeps": 1}
    for table in ("sweep", "sweep_rule", "sweep_part", "sweep_proof"):
        assert count(register, table, "sweep-2019-00001") == 0
        assert count(register, table) == 2, "one is not at its end, the other is young"
    assert (count(register, "hold"), count(register, "hold_hash")) == (1, 1)
    assert by_hand(register, "SELECT hash FROM suppression") == [("b",)]
    assert by_hand(register, "SELECT row_hash FROM withholding") == [("i",)]


def test_a_preview_touches_nothing_and_says_what_the_run_then_does(env: Environment, register: Register) -> None:
    number = closed(register, LONG_AGO)
    fill(register, number, LONG_AGO)
    young = closed(register, noon(date(2026, 6, 1)), email="jong@example.nl", customer_number="J-1")
    before = by_hand(register, "SELECT last_id FROM chain_head")
    expected = part.preview(env, TODAY)
    assert by_hand(register, "SELECT last_id FROM chain_head") == before
    assert count(register, "request") == 2
    done = part.run(env, TODAY)
    # Letters have to be opened to see whether anything is attached; here all have.
    assert expected.counts == done.counts
    assert [(one.what, one.oldest) for one in expected.gone] == [(one.what, one.oldest) for one in done.gone]
    assert count(register, "request", young) == 1


def test_the_applications_role_can_let_go_of_nothing_too_soon(env: Environment, register: Register) -> None:
    """The grants, and the functions themselves: neither a wrong term nor a wrong day gets past them."""
    number = closed(register, noon(date(2024, 6, 14)))
    fill(register, number, noon(date(2024, 6, 14)))
    calls = [
        f"SELECT let_go('{number}', 'R12', interval '5 days', current_date)",
        f"SELECT let_go('{number}', 'R12', interval '5 years', current_date + 3650)",
        f"SELECT let_go('{number}', 'R12', NULL, current_date)",
        f"SELECT let_go('{number}', 'R12', interval '5 years', NULL)",
        "SELECT * FROM let_go_of('documents', interval '0', current_date)",
        "SELECT * FROM let_go_of('documents', interval '-1 year', current_date)",
        "SELECT * FROM let_go_of('documents', interval '1 year', current_date + 400)",
        "SELECT * FROM let_go_of('requests', interval '1 year', current_date)",
        "SELECT set_config('avgflow.let_go', 'yes', false); DELETE FROM code",
        "DELETE FROM request",
        "DELETE FROM tombstone",
        "UPDATE suppression SET number = NULL",
        "UPDATE mail SET message_sealed = NULL",
        "UPDATE identity SET candidates_sealed = NULL WHERE false; DELETE FROM document",
        "CREATE FUNCTION pg_temp.request() RETURNS int LANGUAGE sql AS 'SELECT 1'; DELETE FROM event",
    ]
    for call in calls:
        with psycopg.connect(register.app_dsn) as conn, pytest.raises(psycopg.Error):
            conn.execute(call)
    with psycopg.connect(register.app_dsn) as conn:
        held = conn.execute("SELECT let_go(%s, 'R12', '5 years', current_date)", (number,)).fetchone()
        assert held == ({"held": "within-term"},)
        assert conn.execute("SELECT let_go('AVG-1999-00001', 'R12', '5 years', current_date)").fetchone() == (None,)
    assert count(register, "document") == 1
    with psycopg.connect(register.owner_dsn) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("DELETE FROM code")
    with psycopg.connect(register.superuser_dsn) as conn:
        public = conn.execute(
            "SELECT count(*) FROM pg_proc p, aclexplode(p.proacl) a WHERE p.proname IN "
            "('let_go', 'let_go_of', 'lighten_mail') AND a.grantee = 0"
        ).fetchone()
        assert public == (0,), "nobody else may call them"


def test_a_table_of_the_same_name_that_somebody_slips_in_changes_nothing(env: Environment, register: Register) -> None:
    number = closed(register, noon(date(2024, 6, 14)))
    with psycopg.connect(register.app_dsn) as conn:
        conn.execute("CREATE TEMP TABLE event (number text, name text, at timestamptz)")
        conn.execute("INSERT INTO event VALUES (%s, 'request.closed', '1999-01-01')", (number,))
        assert conn.execute("SELECT let_go(%s, 'R12', '5 years', current_date)", (number,)).fetchone() == (
            {"held": "within-term"},
        )


def test_everything_that_hangs_on_a_request_is_known_to_the_function(register: Register) -> None:
    """Who adds a table that leads to a request says in `let_go` what becomes of it; else nothing could be let go.

    A suppression loses its number and stays; a case file with tombstones stays until these have gone.
    """
    [(source,)] = by_hand(register, "SELECT prosrc FROM pg_proc WHERE proname = 'let_go'")
    deleted = {table for table in hanging(register) if f'"{table}"' in source or f"FROM {table} " in source}
    assert hanging(register) - deleted == {"suppression", "tombstone"}


def test_two_at_once_let_go_of_it_once(env: Environment, register: Register) -> None:
    number = closed(register, LONG_AGO)
    fill(register, number, LONG_AGO)
    found: list[Found] = []
    both = [threading.Thread(target=lambda: found.append(part.run(env, TODAY))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(found) == 2
    assert not any(one.failed for one in found)
    assert sum(one.counts.get("case_files", 0) for one in found) == 1
    assert [name for name, _ in happened(env, number)].count("request.let_go") == 1
    assert whole(env)


def test_a_run_that_is_killed_between_two_leaves_nothing_half_done(
    env: Environment, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [closed(register, LONG_AGO, email=f"{n}@example.nl", customer_number=f"K-{n}") for n in range(3)]
    linked = chain.link
    times = iter(range(100))

    def dying(*arguments: object) -> None:
        if next(times) == 1:
            raise KeyboardInterrupt
        linked(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as dies:
        dies.setattr(chain, "link", dying)
        with pytest.raises(KeyboardInterrupt):
            part.run(env, TODAY)
    assert count(register, "request") == 2
    assert whole(env)
    assert part.run(env, TODAY).counts == {"case_files": 2}
    for number in numbers:
        assert [name for name, _ in happened(env, number)].count("request.let_go") == 1


def test_a_new_table_that_is_not_known_fails_and_is_named(env: Environment, register: Register) -> None:
    number = closed(register, LONG_AGO)
    by_hand(register, "CREATE TABLE later_made (number text REFERENCES request(number))")
    by_hand(register, "INSERT INTO later_made VALUES (%s)", number)
    found = part.run(env, TODAY)
    assert [(one.where, one.why) for one in found.failed] == [(number, "SQLSTATE 23503")]
    assert count(register, "request", number) == 1
    with pytest.raises(RegisterRefused), transaction(register.engine) as conn:
        conn.exec_driver_sql("DELETE FROM request")


def test_a_class_without_a_term_keeps_its_case_files(
    env: Environment, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(register, LONG_AGO)
    policy = env.policy
    of_class = policy.classes["R12"]
    without = of_class.model_copy(update={"term": of_class.term.model_copy(update={"period": None})})
    endless = policy.model_copy(update={"classes": {**policy.classes, "R12": without}})
    monkeypatch.setitem(env.__dict__, "policy", endless)
    assert part.run(env, TODAY).counts == {}


def test_the_command_shows_first_and_deletes_then(env: Environment, register: Register) -> None:
    number = closed(register, LONG_AGO)
    held = closed(register, LONG_AGO, email="b@example.nl", customer_number="B-9")
    by_hand(register, RESTING[Held.RESTRICTION], held)

    def said(*options: str) -> str:
        done = CliRunner().invoke(cli.app, ["housekeeping", *options])
        assert done.exit_code == 0, done.output
        return done.output

    shown = said("--dry-run")
    assert f"{held} stays: a restriction of it stands." in shown
    assert "2019-03-07" in shown
    assert count(register, "request", number) == 1
    (_, document) = json.loads(said("--json"))["parts"]
    assert document["kept"] == [{"request": held, "why": "restriction-stands"}]
    assert count(register, "request", number) == 0
    with transaction(register.engine) as conn:
        parts = events.since(conn, noon(TODAY), [events.EventName.HOUSEKEEPING_PART])
    assert [event.detail["part"] for event in parts] == ["files", "register"]
