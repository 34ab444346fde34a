"""What a released hold had stopped is taken up again, once, by a request of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from clock_world import installed
from real_postgres import Register
from register_world import CANARY, DUE, EXTENDED_DUE, an_intake
from sqlalchemy import Connection
from typer.testing import CliRunner

from avgflow import cli
from avgflow.catalog.names import TableName
from avgflow.errors import AvgflowError
from avgflow.handling import holding, registering
from avgflow.handling.environment import Environment
from avgflow.identity import Footprint
from avgflow.intake import Right, Verification, day_in_amsterdam
from avgflow.plan import Basis, Plan, Step
from avgflow.policy.decide import Ground
from avgflow.register import chain, events, holds, plans, requests, subjects
from avgflow.register.database import transaction
from avgflow.register.holds import Hold
from avgflow.register.names import EventName
from avgflow.register.requests import Outcome, Request, Status

PERSON = {"email": CANARY["email"], "customer_number": CANARY["customer_number"]}
KEPT_FOR_CLAIM: Mapping[str, Ground] = {"R2": Ground.CLAIM, "R4": Ground.LAW}


@pytest.fixture
def env(register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An installation with the demonstration's catalog and policy; its stores are out of reach."""
    return installed(register, tmp_path, monkeypatch)


def put_plan(env: Environment, conn: Connection, number: str, kept: Mapping[str, Ground]) -> None:
    """A plan that erases something and keeps these classes on these grounds."""
    table = TableName.parse("public.ticket")
    steps = (
        Step("crm", table, "R1", 1, "delete", ground=Ground.NO_LONGER_NEEDED),
        *(Step("crm", table, each, 2, "keep", ground=ground) for each, ground in kept.items()),
    )
    made = Plan(number, "erasure", steps, Footprint(), 0, "a" * 64, basis=Basis(date(2026, 3, 6), False))
    plans.put_plan(conn, env.keyring, number, made.digest, made.to_bytes())


def erased(
    env: Environment,
    kept: Mapping[str, Ground] = KEPT_FOR_CLAIM,
    outcome: Outcome | None = Outcome.PARTLY_FULFILLED,
    also: Mapping[str, Sequence[str]] | None = None,
    **changes: object,
) -> str:
    """An erasure request that kept these classes on these grounds; open where it has no outcome."""
    with transaction(env.register) as conn:
        intake = an_intake(**{"right": "erasure", **changes})
        number = requests.register_request(conn, env.keyring, intake, DUE, EXTENDED_DUE, "officer").number
        subjects.note(conn, env.keyring, number, also or {})
        put_plan(env, conn, number, kept)
        if outcome is not None:
            requests.set_status(conn, env.keyring, number, Status.CLOSED, outcome=outcome)
    return number


def placed(env: Environment, on: Mapping[str, str] | None = PERSON, record_class: str | None = None) -> Hold:
    return holding.place(env, on, record_class, None, "claim", "officer")


def followed(env: Environment, hold: Hold) -> list[str]:
    """The follow-ups of a release."""
    return holding.released(env, holding.release(env, hold.id, "officer"), "officer")


def get(env: Environment, number: str) -> Request:
    with transaction(env.register) as conn:
        return requests.get(conn, number)


def close(env: Environment, number: str, kept: Mapping[str, Ground]) -> None:
    """Let a follow-up come to its end, keeping these classes."""
    with transaction(env.register) as conn:
        put_plan(env, conn, number, kept)
        requests.set_status(conn, env.keyring, number, Status.CLOSED, outcome=Outcome.PARTLY_FULFILLED)


def test_a_follow_up_asks_the_same_of_the_same_verified_person_from_today(env: Environment) -> None:
    hold = placed(env)
    earlier = erased(env, language="en", verified_by="in-person")
    [number] = followed(env, hold)
    request = get(env, number)
    assert (request.right, request.status, request.language) == (Right.ERASURE, Status.REGISTERED, "en")
    assert (request.received, request.verified_by) == (day_in_amsterdam(), Verification.IN_PERSON)
    assert request.received < request.due < request.extended_due
    with transaction(env.register) as conn:
        assert requests.subject(conn, env.keyring, number) == requests.subject(conn, env.keyring, earlier)
        assert [each.number for each in requests.earlier(conn, number)] == [earlier]
        told = [(each, events.history(conn, each)[-1]) for each in (earlier, number)]
        assert chain.verify(conn, env.keyring).ok
    assert {event.name for _, event in told} == {EventName.REQUEST_FOLLOW_UP}
    assert [event.detail for _, event in told] == [
        {"hold": hold.id, "follow_up": number},
        {"hold": hold.id, "earlier": earlier},
    ]
    assert get(env, earlier).status is Status.CLOSED


def test_releasing_again_or_twice_at_once_makes_one_follow_up(env: Environment) -> None:
    hold = placed(env)
    erased(env)
    with ThreadPoolExecutor(4) as pool:
        made = [number for numbers in pool.map(lambda _: followed(env, hold), range(4)) for number in numbers]
    assert len(made) == 1
    assert followed(env, hold) == []


@pytest.mark.parametrize(
    ("kept", "outcome"),
    [
        ({"R4": Ground.LAW, "R1": Ground.CONTRACT, "R8": Ground.PROOF}, Outcome.PARTLY_FULFILLED),
        ({}, Outcome.FULFILLED),
        (KEPT_FOR_CLAIM, Outcome.WITHDRAWN),
        (KEPT_FOR_CLAIM, Outcome.OUTSIDE_AVG),
        (KEPT_FOR_CLAIM, None),
    ],
)
def test_a_request_that_was_not_stopped_by_the_hold_gets_no_follow_up(
    env: Environment, kept: Mapping[str, Ground], outcome: Outcome | None
) -> None:
    hold = placed(env)
    erased(env, kept, outcome)
    assert followed(env, hold) == []


def test_everything_refused_because_of_the_hold_is_taken_up_too(env: Environment) -> None:
    hold = placed(env)
    erased(env, {"R1": Ground.CLAIM}, Outcome.REFUSED)
    assert len(followed(env, hold)) == 1


def test_only_the_person_of_the_hold_is_followed_up_by_whatever_was_found_of_them(env: Environment) -> None:
    hold = placed(env, {"visitor_id": "V-1"})
    erased(env, email="somebody@else.nl", customer_number=None)
    mine = erased(env, also={"visitor_id": ["v-1"]})
    [number] = followed(env, hold)
    with transaction(env.register) as conn:
        assert [each.number for each in requests.earlier(conn, number)] == [mine]


def test_a_hold_on_a_class_takes_up_requests_that_kept_that_class_only(env: Environment) -> None:
    hold = placed(env, None, "R2")
    erased(env, {"R3": Ground.CLAIM}, email="a@x.nl", customer_number=None)
    erased(env, {"R2": Ground.CLAIM}, email="b@x.nl", customer_number=None)
    erased(env, {"R2": Ground.CLAIM, "R3": Ground.CLAIM}, email="c@x.nl", customer_number=None)
    assert len(followed(env, hold)) == 2


@pytest.mark.parametrize("other", [None, "R2"])
def test_what_another_hold_still_covers_waits_for_that_one(env: Environment, other: str | None) -> None:
    first, second = placed(env), placed(env, {"email": CANARY["email"].upper()}, other)
    erased(env)
    assert followed(env, first) == []
    assert len(followed(env, second)) == 1


def test_a_hold_on_another_class_does_not_keep_it_waiting(env: Environment) -> None:
    first = placed(env, record_class="R2")
    placed(env, record_class="R3")
    erased(env)
    assert len(followed(env, first)) == 1


def test_a_follow_up_that_kept_something_in_its_turn_is_followed_up_itself(env: Environment) -> None:
    first = placed(env)
    earlier = erased(env)
    [second] = followed(env, first)
    again = placed(env)
    assert again.id != first.id
    close(env, second, KEPT_FOR_CLAIM)
    [third] = followed(env, again)
    with transaction(env.register) as conn:
        assert events.history(conn, third)[-1].detail["earlier"] == second
        assert sum(event.name == "request.follow_up" for event in events.history(conn, earlier)) == 1


def test_a_hold_on_what_no_store_or_policy_knows_is_refused(env: Environment) -> None:
    with pytest.raises(registering.UnknownKind, match="shoe_size"):
        placed(env, {"shoe_size": "43"})
    with pytest.raises(holds.HoldRefused, match="R1, R2"):
        placed(env, None, "R99")
    with transaction(env.register) as conn:
        assert holds.list_(conn) == []


def test_a_follow_up_whose_run_does_not_start_is_on_the_register_and_named(env: Environment) -> None:
    hold = placed(env)
    erased(env)
    shown = CliRunner().invoke(cli.app, ["hold", "release", str(hold.id), "--json"])
    [number] = json.loads(shown.stdout)["follow_ups"]
    assert get(env, number).status is Status.REGISTERED
    assert shown.exit_code == 1
    assert isinstance(shown.exception, AvgflowError)
