"""Restrictions on the register: as asked here, as another system asks the view, and that none ends too early."""

from __future__ import annotations

import hashlib
import hmac
import json

import psycopg
import pytest
from psycopg import sql
from real_postgres import Register
from register_world import CANARY, a_request
from sqlalchemy import event as sqlalchemy_event
from test_hold_and_suppression_commands import answer, command, names_of_events, run

from avgflow.cli.restriction import RESTRICTED
from avgflow.handling.restricting import NobodyNamed
from avgflow.intake import RestrictionGround
from avgflow.policy.decide import EVERYTHING
from avgflow.register import chain, notices, restrictions, subjects, suppressions
from avgflow.register.database import transaction
from avgflow.register.notices import Told
from avgflow.register.restrictions import LiftReason, NotRestricted
from avgflow.register.schema import event

__all__ = ["command"]

CLAIMS = RestrictionGround.CLAIMS
EMAIL, NUMBER = CANARY["email"], CANARY["customer_number"]


def place(register: Register, *classes: str, ground: RestrictionGround = CLAIMS, email: str = EMAIL) -> str:
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring, right="restriction", ground=ground.value).number
        known = {"email": [email], "customer_number": [NUMBER]} if email == EMAIL else {"email": email}
        restrictions.place(conn, register.keyring, number, ground, classes or (EVERYTHING,), known)
    return number


def of(register: Register, **identifiers: str) -> dict[str, RestrictionGround]:
    with transaction(register.engine) as conn:
        return restrictions.of(conn, register.keyring, identifiers)


def lift(register: Register, number: str, reason: str = LiftReason.AGREED) -> list[str]:
    with transaction(register.engine) as conn:
        classes = {one.record_class for one in restrictions.standing(conn, number)}
        restrictions.end(conn, register.keyring, number, classes, reason, "officer")
        restrictions.told(conn, register.keyring, number, None, "officer")
        return list(restrictions.lift(conn, register.keyring, number, {"rows": 3}))


def test_any_identifier_in_any_case_is_enough_and_a_blank_one_is_nobodys(register: Register) -> None:
    place(register)
    for identifiers in ({"email": EMAIL.upper()}, {"email": f" {EMAIL}\u00a0"}, {"customer_number": NUMBER}):
        assert of(register, **identifiers) == {EVERYTHING: CLAIMS}
    for others in ({"email": "x" + EMAIL}, {"email": ""}, {"email": " "}, {"customer_number": EMAIL}, {}):
        assert of(register, **others) == {}


def test_classes_are_restricted_by_themselves_and_the_first_ground_counts(register: Register) -> None:
    objection = place(register, "R1", "R6", ground=RestrictionGround.OBJECTION)
    place(register, "R1", ground=RestrictionGround.ACCURACY)
    assert of(register, email=EMAIL) == {"R1": RestrictionGround.OBJECTION, "R6": RestrictionGround.OBJECTION}
    assert lift(register, objection, LiftReason.HANDLED) == ["R1", "R6"]
    assert of(register, email=EMAIL) == {"R1": RestrictionGround.ACCURACY}


def test_placing_again_adds_what_was_found_since_and_no_event(register: Register) -> None:
    number = place(register)
    with transaction(register.engine) as conn:
        again = restrictions.place(
            conn, register.keyring, number, CLAIMS, [EVERYTHING], {"visitor_id": ["V-1"], "email": [" "]}
        )
        names = [row.name for row in conn.execute(event.select().order_by(event.c.id))]
    assert [one.record_class for one in again] == [EVERYTHING]
    assert names.count("restriction.placed") == 1
    assert of(register, visitor_id="v-1") == {EVERYTHING: CLAIMS}


def test_nothing_ends_before_the_person_was_told_whoever_writes_it(register: Register) -> None:
    """AVG art. 18(3), by the database itself."""
    number = place(register)
    with transaction(register.engine) as conn:
        restrictions.end(conn, register.keyring, number, [EVERYTHING], LiftReason.CLAIM_OVER, "officer")
        assert restrictions.lift(conn, register.keyring, number, {}) == []
    assert of(register, email=EMAIL)
    with psycopg.connect(register.app_dsn) as app, pytest.raises(psycopg.errors.CheckViolation):
        app.execute("UPDATE restriction SET lifted_at = clock_timestamp()")
    for change in (
        "UPDATE restriction SET ground = 'claims'",
        "DELETE FROM restriction",
        "DELETE FROM restriction_hash",
    ):
        with psycopg.connect(register.app_dsn) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(change)
    assert lift(register, number) == [EVERYTHING]
    with transaction(register.engine) as conn:
        (kept,) = restrictions.of_request(conn, number)
        assert kept.lift_reason == "claim-over", "what was said first stands"
        with pytest.raises(NotRestricted):
            restrictions.end(conn, register.keyring, number, [EVERYTHING], LiftReason.AGREED, "officer")


def test_the_log_says_what_happened_and_nothing_of_the_person(register: Register) -> None:
    number = place(register)
    lift(register, number)
    with transaction(register.engine) as conn:
        assert chain.verify(conn, register.keyring).ok
        rows = conn.execute(event.select().where(event.c.name.startswith("restriction.")).order_by(event.c.id)).all()
    assert [(row.name, row.detail) for row in rows] == [
        ("restriction.placed", {"ground": "claims", "classes": ["everything"]}),
        ("restriction.ending", {"reason": "agreed", "classes": ["everything"]}),
        ("restriction.told", {"by": "other-way", "classes": ["everything"]}),
        ("restriction.lifted", {"classes": ["everything"], "rows": 3}),
    ]


def test_a_person_is_looked_up_in_one_statement(register: Register) -> None:
    place(register)
    statements: list[str] = []
    with transaction(register.engine) as conn:
        sqlalchemy_event.listen(conn, "before_cursor_execute", lambda *args: statements.append(args[2]))
        many = {"email": [f"nobody-{i}@example.nl" for i in range(500)] + [EMAIL]}
        assert restrictions.on(conn, register.keyring, many)
    assert len(statements) == 1


def test_another_system_reads_the_view_with_a_role_that_reads_nothing_else(register: Register) -> None:
    place(register, "R1", ground=RestrictionGround.OBJECTION)
    lift(register, place(register, email="anders@example.nl"))
    with transaction(register.engine) as conn:
        key = bytes.fromhex(restrictions.show_key(conn, register.keyring, "officer"))
    with psycopg.connect(register.superuser_dsn, autocommit=True) as admin:
        admin.execute("SET ROLE restriction_reader")
        found = admin.execute("SELECT kind, hash, record_class, ground FROM restricted").fetchall()
        for table in ("restriction", "restriction_hash", "identifier", "request"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                admin.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(table)))
    wanted = {
        (kind, hmac.new(key, value.lower().encode(), hashlib.sha256).hexdigest(), "R1", "objection")
        for kind, value in (("email", EMAIL), ("customer_number", NUMBER))
    }
    assert set(found) == wanted


def test_the_same_person_is_found_by_what_their_requests_know(register: Register) -> None:
    number = place(register)
    with transaction(register.engine) as conn:
        subjects.note(conn, register.keyring, number, {"email": [EMAIL]})
        other = a_request(conn, register.keyring, right="erasure", email=EMAIL).number
        assert [one.number for one in restrictions.of_same(conn, other)] == [number]


# What hangs on it ----------------------------------------------------------------------------------------------------


def suppress(register: Register, reason: str, number: str | None = None) -> bool:
    with transaction(register.engine) as conn:
        return suppressions.suppress(conn, register.keyring, "email", EMAIL, reason, number, "avgflow")


def suppressed(register: Register) -> bool:
    with transaction(register.engine) as conn:
        return bool(suppressions.suppressed(conn, register.keyring, "email", [EMAIL]))


@pytest.mark.parametrize("reasons", [("restriction", "objection"), ("erasure", "restriction")])
def test_what_an_objection_or_an_erasure_suppresses_outlives_a_restriction(
    reasons: tuple[str, str], register: Register
) -> None:
    assert all(suppress(register, reason) for reason in reasons)
    assert not any(suppress(register, reason) for reason in reasons), "each is on the list once"
    with transaction(register.engine) as conn:
        assert suppressions.end_restriction(conn, register.keyring, [EMAIL.upper(), " "], "avgflow") == 1
        assert suppressions.end_restriction(conn, register.keyring, [EMAIL], "avgflow") == 0
    assert suppressed(register)
    with transaction(register.engine) as conn:
        (left,) = suppressions.suppressions(conn)
    assert left.reason in reasons
    assert left.reason != "restriction"


def test_who_signs_up_again_is_off_the_list_whatever_put_them_there(register: Register) -> None:
    suppress(register, "objection")
    suppress(register, "restriction")
    with psycopg.connect(register.superuser_dsn) as admin:
        assert admin.execute("SELECT count(*) FROM suppressed_address").fetchone() == (1,)
    with transaction(register.engine) as conn:
        assert suppressions.lift(conn, register.keyring, "email", EMAIL, "officer")
        assert not suppressions.lift(conn, register.keyring, "email", EMAIL, "officer")
    assert not suppressed(register)


def test_a_recipient_is_told_once_of_each_thing_and_confirms_all_of_it(register: Register) -> None:
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring).number
        for told in (Told.RESTRICTED, Told.RESTRICTED, Told.LIFTED):
            notices.put_notice(conn, register.keyring, number, "it-companies", told, None, "avgflow")
        assert [one.told for one in notices.notices(conn, number)] == ["restricted", "lifted"]
        assert notices.confirm(conn, register.keyring, number, "it-companies", "officer").told == "lifted"
        assert notices.unconfirmed(conn) == []


# As other systems and the privacy officer type it --------------------------------------------------------------------


def test_another_system_asks_by_exit_code(command: Register) -> None:
    assert run("restriction", "check", "--email", EMAIL).exit_code == 0
    place(command)
    shown = run("restriction", "check", "--email", EMAIL.upper())
    assert (shown.exit_code, RESTRICTED) == (3, 3)
    assert shown.stdout.startswith("Restricted since ")
    assert "all records, claims." in shown.stdout
    told = run("restriction", "check", "--customer-number", NUMBER, "--json")
    assert told.exit_code == RESTRICTED
    document = json.loads(told.stdout)
    assert document["restricted"] is True
    assert [(one["record_class"], one["ground"]) for one in document["restrictions"]] == [("*", "claims")]
    assert answer("restriction", "check", "--email", "iemand@example.nl") == {"restricted": False, "restrictions": []}


def test_nobody_is_not_taken_for_free(command: Register) -> None:
    for given in ([], ["--email", " "]):
        refused = run("restriction", "check", *given)
        assert refused.exit_code == 1
        assert isinstance(refused.exception, NobodyNamed)


def test_restrictions_are_listed_without_whose_they_are(command: Register) -> None:
    number, other = place(command, "R1", "R6"), place(command)
    lift(command, other)
    listed = run("restriction", "list")
    assert number in listed.stdout
    assert "R6 records" in listed.stdout
    assert other not in listed.stdout
    assert EMAIL not in listed.stdout
    every = answer("restriction", "list", "--all")
    assert isinstance(every, list)
    assert {(one["number"], one["record_class"], one["stands"]) for one in every} == {
        (number, "R1", True),
        (number, "R6", True),
        (other, "*", False),
    }
    assert "avgflow restriction lift" in run("restriction", "show", number).stdout
    assert "lifted on" in run("restriction", "show", other).stdout


def test_a_lift_that_is_refused_says_so_in_one_line(command: Register) -> None:
    number = place(command)
    refused = run("restriction", "lift", number, "--reason", "because")
    assert refused.exit_code == 1
    assert "not at its end" in str(refused.exception)
    assert run("restriction", "lift", number).exit_code == 2


def test_each_showing_of_the_key_is_on_record(command: Register) -> None:
    shown = answer("restriction", "key")
    assert isinstance(shown, dict)
    assert len(shown["key"]) == 64
    assert names_of_events(command) == ["restriction.key_shown"]
