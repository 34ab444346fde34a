"""What a request's work leaves on the register: plans, receipts, evidence, passphrases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from real_postgres import Register
from register_world import CANARY, a_request

from avgflow.register import chain, evidence, passphrases, plans, receipts
from avgflow.register.database import transaction
from avgflow.register.detail import DetailRefused
from avgflow.register.events import history
from avgflow.register.locks import UnknownRequest, lock
from avgflow.register.receipts import Step

A, B = "a" * 64, "b" * 64


@pytest.fixture
def number(register: Register) -> str:
    with transaction(register.engine) as conn:
        return a_request(conn, register.keyring).number


def events_of(register: Register, number: str) -> list[str]:
    """What happened after the request was registered and verified; the chain must be whole."""
    with transaction(register.engine) as conn:
        assert chain.verify(conn, register.keyring).ok
        return [str(event.name) for event in history(conn, number)][2:]


def test_the_newest_plan_counts_and_every_plan_stays(register: Register, number: str) -> None:
    keyring = register.keyring
    for digest in (A, A, B, B, A):
        with transaction(register.engine) as conn:
            plans.put_plan(conn, keyring, number, digest, f"plan {digest} of {CANARY['name']}".encode())
    with transaction(register.engine) as conn:
        newest = plans.get_plan(conn, keyring, number)
        assert (newest.digest, newest.body) == (A, f"plan {A} of {CANARY['name']}".encode())
        assert plans.get_plan(conn, keyring, number, B).digest == B
        with pytest.raises(plans.PlanMissing, match=number):
            plans.get_plan(conn, keyring, number, "c" * 64)
    assert CANARY["name"] not in repr(newest)
    assert events_of(register, number) == ["plan.made"] * 3


def test_the_first_receipt_stands_however_often_it_is_written(register: Register, number: str) -> None:
    counts = {"public.contact": 1, 'public."order"': 0}

    def write(which: int) -> receipts.Receipt:
        with transaction(register.engine) as conn:
            digest = A if which == 0 else B
            return receipts.put_receipt(conn, register.keyring, number, Step.COLLECT, "crm", counts, digest)

    first = write(0)
    with ThreadPoolExecutor(4) as pool:
        assert set(map(repr, pool.map(write, range(8)))) == {repr(first)}
    with transaction(register.engine) as conn:
        receipts.put_receipt(conn, register.keyring, number, Step.COLLECT, "orders", {}, B)
        assert [(each.store, each.counts, each.digest) for each in receipts.receipts(conn, number)] == [
            ("crm", counts, A),
            ("orders", {}, B),
        ]
    assert events_of(register, number) == ["store.collected"] * 2


def test_receipts_that_are_set_aside_make_room_for_new_ones(register: Register, number: str) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        receipts.put_receipt(conn, keyring, number, Step.COLLECT, "crm", {"public.contact": 1}, A)
        assert receipts.supersede_receipts(conn, keyring, number) == 1
        assert receipts.supersede_receipts(conn, keyring, number) == 0
        assert receipts.receipts(conn, number) == []
        again = receipts.put_receipt(conn, keyring, number, Step.COLLECT, "crm", {"public.contact": 2}, B)
    assert (again.counts, again.digest) == ({"public.contact": 2}, B)
    assert events_of(register, number) == ["store.collected", "receipts.superseded", "store.collected"]


@pytest.mark.parametrize(
    ("store", "counts", "digest"),
    [
        (CANARY["email"], {}, A),
        ("crm", {CANARY["email"]: 1}, A),
        ("crm", {"public.contact": CANARY["email"]}, A),
        ("crm", {"public.contact": -1}, A),
        ("crm", {"public.contact": True}, A),
        ("crm", {}, CANARY["phone"]),
    ],
)
def test_a_receipt_takes_names_counts_and_a_digest_only(
    register: Register, number: str, store: str, counts: dict[str, int], digest: str
) -> None:
    with pytest.raises(DetailRefused), transaction(register.engine) as conn:
        receipts.put_receipt(conn, register.keyring, number, Step.COLLECT, store, counts, digest)


def test_every_check_is_kept_and_the_same_one_once(register: Register, number: str) -> None:
    keyring = register.keyring
    failed, passed = {"z": 1e22, "a": [0.1, None, "é\U0001f600"]}, {"z": 1.0, "a": []}
    for result, ok in ((failed, False), (failed, False), (passed, True), (passed, True)):
        with transaction(register.engine) as conn:
            evidence.put_evidence(conn, keyring, number, "completeness", ok, result, "<p>é</p>")
    with transaction(register.engine) as conn:
        kept = evidence.evidence(conn, number)
        assert [(each.kind, each.passed, each.result, each.html) for each in kept] == [
            ("completeness", False, failed, "<p>é</p>"),
            ("completeness", True, passed, "<p>é</p>"),
        ]
        assert evidence.changed_by_hand(conn) == []
    assert events_of(register, number) == ["check.failed", "check.passed"]


def test_evidence_with_an_address_in_it_is_refused(register: Register, number: str) -> None:
    with pytest.raises(DetailRefused), transaction(register.engine) as conn:
        evidence.put_evidence(conn, register.keyring, number, "completeness", True, {"seen": ["a@b.nl"]}, "")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE evidence SET passed = NOT passed",
        "UPDATE evidence SET result = '{\"n\": 2}'",
        "UPDATE evidence SET html = ''",
        "UPDATE evidence SET kind = 'x'",
        "UPDATE evidence SET digest = ''",
        "DELETE FROM evidence",
    ],
)
def test_evidence_changed_by_hand_is_found(register: Register, number: str, change: str) -> None:
    with transaction(register.engine) as conn:
        evidence.put_evidence(conn, register.keyring, number, "completeness", False, {"n": 1}, "<p>no</p>")
    with psycopg.connect(register.superuser_dsn) as conn:
        conn.execute(change.encode())
    with transaction(register.engine) as conn:
        assert evidence.changed_by_hand(conn) == [number]


def test_the_first_passphrase_is_the_one_and_each_look_at_it_is_on_record(register: Register, number: str) -> None:
    keyring = register.keyring
    with transaction(register.engine) as conn:
        with pytest.raises(passphrases.NoPassphrase, match=number):
            passphrases.show_passphrase(conn, keyring, number, "officer")
        assert passphrases.put_passphrase(conn, keyring, number, "kimo-bara") == "kimo-bara"
        assert passphrases.put_passphrase(conn, keyring, number, "another") == "kimo-bara"
    for _ in range(2):
        with transaction(register.engine) as conn:
            assert passphrases.show_passphrase(conn, keyring, number, "officer") == "kimo-bara"
    assert events_of(register, number) == ["passphrase.made", "passphrase.shown", "passphrase.shown"]


def test_nothing_is_kept_for_a_request_that_is_not_there(register: Register) -> None:
    keyring, nobody = register.keyring, "AVG-2026-00009"
    with transaction(register.engine) as conn:
        for write in (
            lambda: plans.put_plan(conn, keyring, nobody, A, b""),
            lambda: receipts.put_receipt(conn, keyring, nobody, Step.COLLECT, "crm", {}, A),
            lambda: evidence.put_evidence(conn, keyring, nobody, "completeness", True, {}, ""),
            lambda: passphrases.put_passphrase(conn, keyring, nobody, "x"),
            lambda: lock(conn, [nobody]),
        ):
            with pytest.raises(UnknownRequest):
                write()
