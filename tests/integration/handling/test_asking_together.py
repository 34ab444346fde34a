"""Several rights in one request: one intake, one verification, a copy before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from handling_world import OFFICER, Office
from test_approving import SECOND, somebody
from test_coding import sent

from avgflow.demo.truth import SubjectTruth
from avgflow.handling import (
    approving,
    asking_person,
    closing,
    declining,
    identify,
    planning,
    registering,
    together,
    turns,
    verifying,
)
from avgflow.handling.approving import Wait
from avgflow.handling.registering import RightNotCarriedOut, UnknownKind
from avgflow.handling.turns import Pause
from avgflow.handling.waiting import Question, Waiting
from avgflow.intake import Right, Verification
from avgflow.policy.reasons import DeclineReason
from avgflow.register import clock, events, requests
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome, Status
from avgflow.several import parse_all


def asked(office: Office, person: SubjectTruth, right: str, *also: str, **given: Any) -> list[str]:
    """What a person asks at once; the numbers, in the order in which it is carried out."""
    known = dict(person.identifiers)
    own = {kind: known.pop(kind) for kind in ("email", "customer_number") if kind in known}
    intakes = parse_all(right, also, **{**own, "identifiers": known, **given})
    return [one.request.number for one in registering.register_together(office.env, intakes, OFFICER)]


def history(office: Office, number: str) -> list[str]:
    with transaction(office.env.register) as register:
        return [str(event.name) for event in events.history(register, number)]


def test_each_right_is_a_request_tied_to_the_first(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    numbers = asked(office, somebody(subjects), "erasure", "access", "objection:marketing")
    assert numbers == sorted(numbers)
    made = [office.request(number) for number in numbers]
    assert [one.right for one in made] == [Right.ACCESS, Right.OBJECTION, Right.ERASURE]
    assert [one.together for one in made] == [None, numbers[0], numbers[0]]
    assert len({(one.received, one.due) for one in made}) == 1
    with transaction(office.env.register) as register:
        for number in numbers:
            same = [one.number for one in requests.together(register, number)]
            assert same == [other for other in numbers if other != number]
        registered = [
            e.detail for n in numbers[1:] for e in events.history(register, n) if e.name == "request.registered"
        ]
    assert [detail["together"] for detail in registered] == [numbers[0]] * 2
    # What came in at once is no repeat.
    assert not any("request.repeated" in history(office, number) for number in numbers)


def test_all_or_nothing_is_registered(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    with pytest.raises(UnknownKind):
        asked(office, somebody(subjects), "access", "erasure", identifiers={"shoe_size": "43"})
    wanting = next((right for right in Right if right not in registering.DAGS), None)
    if wanting is not None:
        word = ":claims" if wanting is Right.RESTRICTION else ""
        more = {"correct": {"phone": "010-1234567"}} if wanting is Right.RECTIFICATION else {}
        with pytest.raises(RightNotCarriedOut):
            asked(office, somebody(subjects), "access", f"{wanting}{word}", **more)
    with transaction(office.env.register) as register:
        assert requests.find(register) == []


def test_one_verification_serves_all(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    access, objection, erasure = asked(office, somebody(subjects), "access", "erasure", "objection:marketing")
    assert together.wait(office.env, access) is None
    assert identify.identify(office.env, [access])[access] == Question(access, Waiting.VERIFICATION)
    for number in (objection, erasure):
        found = together.wait(office.env, number)
        assert isinstance(found, Wait)
        assert found.pause is Pause.TOGETHER
        request = office.request(number)
        assert (request.status, request.waiting_for) == (Status.WAITING, "verification-of-first")
        assert access in str(request.reason)
    sent(office, access)
    with transaction(office.env.register) as register:
        asked_on = {number: one.asked for number, one in clock.of(register, [access, objection, erasure]).items()}
    assert len(set(asked_on.values())) == 1
    assert asked_on[erasure] is not None
    verifying.take(office.env, access, Verification.KNOWN_EMAIL, [], OFFICER)
    for number in (access, objection, erasure):
        assert office.request(number).verified_by is Verification.KNOWN_EMAIL
        assert history(office, number).count("clock.resumed") == 1
        assert together.wait(office.env, number) is None
        assert identify.identify(office.env, [number])[number] is None


def test_the_erasure_waits_until_the_access_is_closed_also_where_it_stopped(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    """Case 15: access first, then erase."""
    person = somebody(subjects)
    access, erasure = asked(office, person, "erasure", "access", verified_by="portal-login")
    for number in (access, erasure):
        office.identify({number: person})
    planning.make(office.env, [erasure])
    assert isinstance(approving.approve(office.env, erasure), Wait)
    assert office.request(erasure).waiting_for == Pause.EARLIER
    # A stopped request is in nobody's way, but for what came in with it.
    closing.stop(office.env, access, OFFICER)
    assert isinstance(approving.approve(office.env, erasure), Wait)
    assert [one.number for one in turns.begin(office.env, erasure)] == [access]
    with transaction(office.env.register) as register:
        requests.set_status(register, office.env.keyring, access, Status.RUNNING)
    office.answer(access)
    assert office.request(access).status is Status.CLOSED
    assert approving.approve(office.env, erasure) == Question(erasure, Waiting.APPROVAL)


def test_an_objection_to_marketing_waits_for_nothing_that_came_with_it(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    access, objection = asked(office, somebody(subjects), "access", "objection:marketing", verified_by="portal-login")
    assert access < objection
    assert list(turns.wait(office.env, objection)) == []


def test_where_the_first_is_at_its_end_the_next_asks_itself(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    access, erasure = asked(office, somebody(subjects), "access", "erasure")
    identify.identify(office.env, [access])
    assert together.wait(office.env, erasure) is not None
    declining.propose(office.env, access, DeclineReason.UNFOUNDED, "Dit zijn de feiten.", OFFICER)
    declining.confirm(office.env, access, SECOND)
    assert together.wait(office.env, erasure) is None
    assert identify.identify(office.env, [erasure])[erasure] == Question(erasure, Waiting.VERIFICATION)


def test_a_repeat_is_shown_where_an_officer_decides_and_refuses_nothing(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    """Case 28: repeated, no changes; fulfilled unless proven excessive."""
    person = somebody(subjects)
    first = office.register_subject(person)
    office.identify({first: person})
    office.answer(first)
    second = office.register_subject(person, verified_by=None)
    question = identify.identify(office.env, [second])[second]
    assert question is not None
    office.deliver(closing.ask_officer(office.env, question))
    (mail,) = office.mailbox.mails(second)
    read = " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    assert f"is eerder een verzoek gedaan: {first}. Dat is op zichzelf geen reden om dit verzoek te weigeren." in read
    verifying.take(office.env, second, Verification.PORTAL_LOGIN, [], OFFICER)
    office.identify({second: person})
    office.answer(second)
    assert office.request(second).outcome is office.request(first).outcome
    assert office.request(second).outcome in (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)


def test_a_lawyer_with_a_mandate_gets_the_clients_data_and_nothing_of_their_own(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    """Case 31: to the lawyer. The lawyer is a customer too, and nothing of theirs is looked at."""
    client, lawyer = somebody(subjects, 0), somebody(subjects, 1)
    own = {kind: value for kind, value in client.identifiers.items() if kind not in ("email", "customer_number")}
    number = office.register(
        asks_as="lawyer",
        verified_by="mandate",
        email=lawyer.identifiers["email"],
        name=lawyer.name,
        person_email=client.identifiers["email"],
        person_name=client.name,
        customer_number=client.identifiers["customer_number"],
        identifiers=own,
    )
    office.identify({number: client})
    office.answer(number)
    (mail,) = office.mailbox.mails(number)
    assert mail["Delivered-To"].strip().lower() == lawyer.identifiers["email"].strip().lower()
    read = " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]
    assert f"U vroeg dit namens {client.name}." in read
    given = office.export(number)
    counts = {table: len(rows) for table, rows in given.rows.items()}
    assert counts == {
        table: held.rows for table, held in client.owned.items() if table != "marketing.public.active_subscriber"
    }
    assert lawyer.identifiers["email"].strip().lower() not in str(given.rows).lower()


def test_the_question_to_a_person_stops_the_clock_of_all(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    access, erasure = asked(office, somebody(subjects), "access", "erasure")
    identify.identify(office.env, [access])
    together.wait(office.env, erasure)
    asking_person.ask(office.env, access, None, OFFICER)
    assert history(office, erasure).count("clock.stopped") == 1
