"""Requests on the register: numbers, sealed subjects, status, and finding a person's earlier requests."""

from __future__ import annotations

import base64
import re
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from cryptography.fernet import Fernet
from psycopg import sql
from real_postgres import Register
from register_world import CANARY, DUE, EXTENDED_DUE, RECEIVED, a_message, a_request, an_intake

from avgflow.crypto import KeyMissing, Keyring
from avgflow.intake import Verification
from avgflow.register import evidence, outbox, passphrases, plans, receipts, requests
from avgflow.register.database import RegisterRefused, transaction
from avgflow.register.detail import DetailRefused
from avgflow.register.events import history
from avgflow.register.locks import UnknownRequest
from avgflow.register.names import EventName
from avgflow.register.requests import Outcome, Status


def names(register: Register, number: str) -> list[str]:
    with transaction(register.engine) as conn:
        return [str(event.name) for event in history(conn, number)]


def test_a_request_is_registered_with_its_number_terms_and_events(register: Register) -> None:
    with transaction(register.engine) as conn:
        made = a_request(conn, register.keyring)
    assert re.fullmatch(r"AVG-\d{4}-00001", made.number)
    with transaction(register.engine) as conn:
        assert requests.get(conn, made.number) == made
    assert made.to_json() | {"registered_at": "", "changed_at": "", "verified_at": ""} == {
        "number": made.number,
        "right": "access",
        "status": "registered",
        "waiting_for": None,
        "outcome": None,
        "reason": None,
        "language": "nl",
        "scope": None,
        "ground": None,
        "capacity": "self",
        "together": None,
        "received": RECEIVED.isoformat(),
        "due": DUE.isoformat(),
        "extended_due": EXTENDED_DUE.isoformat(),
        "verified_by": "portal-login",
        "verified_at": "",
        "registered_at": "",
        "changed_at": "",
    }
    assert names(register, made.number) == ["request.registered", "request.verified"]


def test_an_unverified_request_has_no_event_of_verification_until_it_is_verified(register: Register) -> None:
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring, verified_by=None).number
    for _ in range(2):
        with transaction(register.engine) as conn:
            now = requests.verified(conn, register.keyring, number, Verification.PHONE_CALLBACK, by="officer")
    assert now.verified_by == Verification.PHONE_CALLBACK
    assert names(register, number) == ["request.registered", "request.verified"]


def test_numbers_have_no_gaps_and_no_doubles_when_many_register_at_once(register: Register) -> None:
    def register_one(which: int) -> str | None:
        try:
            with transaction(register.engine) as conn:
                number = a_request(conn, register.keyring).number
                if which % 4 == 0:
                    raise InterruptedError
                return number
        except InterruptedError:
            return None

    with ThreadPoolExecutor(8) as pool:
        given = [number for number in pool.map(register_one, range(40)) if number]
    assert sorted(int(number[-5:]) for number in given) == list(range(1, 31))


def test_a_number_is_not_used_again_after_its_request_is_gone(register: Register) -> None:
    with transaction(register.engine) as conn:
        first = a_request(conn, register.keyring).number
    with psycopg.connect(register.owner_dsn) as conn:
        conn.execute("DELETE FROM identifier")
        conn.execute("DELETE FROM request")
    with transaction(register.engine) as conn:
        assert a_request(conn, register.keyring).number > first


def test_the_subject_comes_back_as_it_was_given(register: Register) -> None:
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring, identifiers={"portal_user": "kanarie1"}).number
        subject = requests.subject(conn, register.keyring, number)
    assert subject == an_intake(identifiers={"portal_user": "kanarie1"}).subject


def test_a_former_key_still_opens_and_a_lost_one_is_named(register: Register) -> None:
    with transaction(register.engine) as conn:
        number = a_request(conn, register.keyring).number
    new = Fernet.generate_key().decode()
    with transaction(register.engine) as conn:
        rotated = Keyring([new, register.register_key], register.hash_key)
        assert requests.subject(conn, rotated, number).email == CANARY["email"]
        with pytest.raises(KeyMissing, match="AVGFLOW_REGISTER_KEYS"):
            requests.subject(conn, Keyring([new], register.hash_key), number)


def test_nothing_of_the_person_is_readable_in_any_column(register: Register) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        number = a_request(conn, keyring, identifiers={"portal_user": "KanarieGebruiker"}).number
        requests.set_status(conn, keyring, number, Status.RUNNING)
        plans.put_plan(conn, keyring, number, "ab" * 32, repr(CANARY).encode())
        receipts.put_receipt(conn, keyring, number, receipts.Step.COLLECT, "crm", {"public.contact": 1}, "cd" * 32)
        evidence.put_evidence(conn, keyring, number, "completeness", True, {"tables": 1}, "<p>1</p>")
        passphrases.put_passphrase(conn, keyring, number, "kanariewachtzin")
        message_id = outbox.enqueue(conn, keyring, number, "answer", CANARY["email"], a_message())
    outbox.deliver(register.engine, keyring, message_id, refuse_with_address)
    with transaction(register.engine) as conn:
        requests.set_status(conn, keyring, number, Status.CLOSED, outcome=Outcome.FULFILLED)

    secrets = [*CANARY.values(), "KanarieGebruiker", "kanariewachtzin"]
    hits = [(place, canary) for place, text in every_value(register) for canary in secrets if reveals(text, canary)]
    assert hits == []


def refuse_with_address(message: object, recipient: str) -> None:
    raise ConnectionError(f"550 no such user <{recipient}>")


def every_value(register: Register) -> list[tuple[str, str]]:
    """Every column of every table of the register, as text; bytea also as the bytes it holds."""
    found = []
    with psycopg.connect(register.superuser_dsn) as conn:
        columns = conn.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
        ).fetchall()
        for table, column, kind in columns:
            query = sql.SQL("SELECT {0}::text FROM {1} WHERE {0} IS NOT NULL")
            for (value,) in conn.execute(query.format(sql.Identifier(column), sql.Identifier(table))):
                found.append((f"{table}.{column}", value))
                if kind == "bytea":
                    found.append((f"{table}.{column}", bytes.fromhex(value[2:]).decode("latin-1")))
    assert {place.split(".")[0] for place, _ in found} >= {
        "request",
        "identifier",
        "event",
        "plan",
        "mail",
        "passphrase",
    }
    return found


def reveals(text: str, canary: str) -> bool:
    """Whether a text holds a canary in any case, in base64 (at any alignment), hex or JSON escapes."""
    raw = canary.encode()
    forms = {canary.lower(), raw.hex(), canary.encode("unicode_escape").decode().lower(), canary.split("@")[0].lower()}
    if any(form in text.lower() for form in forms):
        return True
    for pad in range(3):
        for encoded in (base64.b64encode(b"\0" * pad + raw), base64.urlsafe_b64encode(b"\0" * pad + raw)):
            if encoded[4:-4].decode() in text:
                return True
    return False


def test_the_canary_scan_finds_what_is_there() -> None:
    assert reveals("x KANARIE-730154 y", CANARY["customer_number"])
    assert reveals(base64.b64encode(b"abc KANARIE-730154").decode(), CANARY["customer_number"])
    assert reveals(CANARY["name"].encode().hex(), CANARY["name"])


def test_earlier_requests_of_the_same_person_are_found_however_the_address_is_written(register: Register) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        first = a_request(conn, keyring, customer_number=None)
        other = a_request(conn, keyring, email="iemand@anders.nl", customer_number="9")
        again = a_request(conn, keyring, email=f"\u00a0{CANARY['email'].upper()} ", customer_number="10")
    with transaction(register.engine) as conn:
        assert [request.number for request in requests.earlier(conn, again.number)] == [first.number]
        assert requests.earlier(conn, first.number) == []
        assert requests.earlier(conn, other.number) == []


def test_requests_are_listed_by_status(register: Register) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        access = a_request(conn, keyring).number
        erasure = a_request(conn, keyring, right="erasure").number
        requests.set_status(conn, keyring, access, Status.RUNNING)
    with transaction(register.engine) as conn:
        assert [request.number for request in requests.find(conn)] == [erasure, access]
        assert [request.number for request in requests.find(conn, status={Status.RUNNING})] == [access]
        assert len(requests.find(conn, limit=1)) == 1


def test_each_status_leaves_one_event_however_often_a_step_runs(register: Register) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        number = a_request(conn, keyring).number
    ways: list[dict[str, object]] = [
        {"status": Status.RUNNING},
        {"status": Status.WAITING, "waiting_for": "choice"},
        {"status": Status.RUNNING},
        {"status": Status.STOPPED, "reason": "The store 'crm' cannot be reached.", "detail": {"store": "crm"}},
        {"status": Status.RUNNING},
        {"status": Status.CLOSED, "outcome": Outcome.FULFILLED},
    ]
    for way in ways:
        for _ in range(2):
            with transaction(register.engine) as conn:
                now = requests.set_status(conn, keyring, number, **way)  # type: ignore[arg-type]
    assert (now.status, now.outcome, now.reason, now.waiting_for) == ("closed", "fulfilled", None, None)
    assert names(register, number)[2:] == [
        EventName.REQUEST_STARTED,
        EventName.REQUEST_WAITING,
        EventName.REQUEST_RESUMED,
        EventName.REQUEST_STOPPED,
        EventName.REQUEST_RESUMED,
        EventName.REQUEST_CLOSED,
    ]


def test_a_late_step_leaves_a_closed_request_as_it_is(register: Register) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        number = a_request(conn, keyring).number
        closed = requests.set_status(conn, keyring, number, Status.CLOSED, outcome=Outcome.NOTHING_FOUND)
    with transaction(register.engine) as conn:
        assert requests.set_status(conn, keyring, number, Status.RUNNING) == closed
        with pytest.raises(requests.RequestClosed, match="nothing_found"):
            requests.set_status(conn, keyring, number, Status.CLOSED, outcome=Outcome.REFUSED)


def test_a_status_is_complete_or_refused(register: Register) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        number = a_request(conn, keyring).number
    with pytest.raises(RegisterRefused), transaction(register.engine) as conn:
        requests.set_status(conn, keyring, number, Status.CLOSED)
    with pytest.raises(RegisterRefused), transaction(register.engine) as conn:
        requests.set_status(conn, keyring, number, Status.WAITING)
    with pytest.raises(DetailRefused), transaction(register.engine) as conn:
        requests.set_status(conn, keyring, number, Status.STOPPED, reason=f"{CANARY['email']} not found")


def test_an_unknown_number_is_named_and_an_address_given_for_one_is_not(register: Register) -> None:
    with transaction(register.engine) as conn:
        with pytest.raises(UnknownRequest, match="AVG-2026-99999"):
            requests.get(conn, "AVG-2026-99999")
        with pytest.raises(UnknownRequest) as refusal:
            requests.subject(conn, register.keyring, CANARY["email"])
    assert CANARY["email"] not in str(refusal.value)
