"""Before stores are changed: whose turn it is, who approves which plan, the time to think it over, taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from handling_world import OFFICER, Office

from avgflow.demo.truth import SubjectTruth
from avgflow.handling import approving, closing, erasing, planning, turns, verifying, withdrawing
from avgflow.handling.approving import StillCoolingOff, Wait
from avgflow.handling.environment import Environment
from avgflow.handling.over import Withdrawn
from avgflow.handling.turns import NotItsTurn, Pause
from avgflow.handling.waiting import ChoiceRefused, Question, Waiting
from avgflow.handling.withdrawing import NothingToWithdraw, TooLate
from avgflow.register import approvals, events, requests
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome, RequestClosed, Status

SECOND = "second-officer"
VISITS = "marketing.public.web_visit"


def with_erasure(env: Environment, **rules: Any) -> None:
    """Let the policy rule otherwise how plans are approved."""
    rule = env.policy.erasure.model_copy(update=rules)
    env.__dict__["policy"] = env.policy.model_copy(update={"erasure": rule})


def somebody(people: Sequence[SubjectTruth], skip: int = 0) -> SubjectTruth:
    """A person with nothing awkward about them, who visited the website."""
    easy = [person for person in people if person.kind == "sole_proprietor" and not person.traits]
    return [person for person in easy if VISITS in person.owned][skip]


def planned(office: Office, subject: SubjectTruth, right: str = "erasure") -> str:
    """A request whose person is identified and whose plan is made."""
    number = office.register_subject(subject, right=right)
    office.identify({number: subject})
    planning.make(office.env, [number])
    return number


def name_of_plan(office: Office, number: str) -> str:
    return planning.stored(office.env, [number])[number].digest[: approving.SHOWN]


def approved(office: Office, number: str, actor: str = OFFICER) -> None:
    assert approving.approve(office.env, number) == Question(number, Waiting.APPROVAL)
    approving.take(office.env, number, name_of_plan(office, number), actor)


def happened(office: Office, number: str) -> list[str]:
    with transaction(office.env.register) as register:
        return [str(event.name) for event in events.history(register, number)]


# Approval ------------------------------------------------------------------------------------------------------------


def test_a_plan_is_asked_for_approval_and_then_carried_out(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    number = planned(office, somebody(subjects))
    assert approving.approve(office.env, number) == Question(number, Waiting.APPROVAL)
    assert office.request(number).waiting_for == "approval"
    approving.take(office.env, number, name_of_plan(office, number), OFFICER)
    assert approving.approve(office.env, number) is None
    assert office.request(number).status is Status.RUNNING
    assert happened(office, number).count("plan.approved") == happened(office, number).count("erasure.begun") == 1


def test_a_step_that_is_done_again_begins_nothing_twice(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    number = planned(office, somebody(subjects))
    approved(office, number)
    for _ in range(2):
        assert approving.approve(office.env, number) is None
    assert happened(office, number).count("erasure.begun") == 1


@pytest.mark.parametrize("named", [None, "", "0123456789ab", "abc", 12, "0123456789abcdeg"])
def test_only_the_newest_plan_can_be_approved(named: object, office: Office, subjects: Sequence[SubjectTruth]) -> None:
    number = planned(office, somebody(subjects))
    approving.approve(office.env, number)
    with pytest.raises(ChoiceRefused, match=f"avgflow request show {number} --plan"):
        approving.take(office.env, number, named, OFFICER)
    assert "plan.approved" not in happened(office, number)


def test_a_plan_whose_world_has_changed_is_another_and_is_approved_anew(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    number = planned(office, subject)
    approving.approve(office.env, number)
    before = name_of_plan(office, number)
    approving.take(office.env, number, before, OFFICER)
    forget_a_visit_of(office, subject)
    assert approving.approve(office.env, number) == Question(number, Waiting.APPROVAL)
    after = name_of_plan(office, number)
    assert after != before
    with pytest.raises(ChoiceRefused, match="not the newest plan"):
        approving.take(office.env, number, before, OFFICER)
    approving.take(office.env, number, f" {after.upper()} ", OFFICER)
    assert approving.approve(office.env, number) is None


def forget_a_visit_of(office: Office, subject: SubjectTruth) -> None:
    """Somebody at work in a store takes away a row that the plan has."""
    office.change("marketing", "DELETE FROM web_visit WHERE visit_id::text = %s", visits_of(subject)[0])


def visits_of(subject: SubjectTruth) -> list[str]:
    return [str(key[0]) for key in subject.owned[VISITS].keys or ()]


def test_where_there_are_more_officers_another_approves_than_who_registered(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    with_erasure(office.env, officers=(OFFICER, SECOND))
    number = planned(office, somebody(subjects))
    approving.approve(office.env, number)
    for actor in (OFFICER, OFFICER.upper(), "intern", "airflow"):
        with pytest.raises(ChoiceRefused, match=f"other than who registered the request: {SECOND}"):
            approving.take(office.env, number, name_of_plan(office, number), actor)
        with pytest.raises(ChoiceRefused):
            approving.check(office.env, number, None, actor)
    assert approving.check(office.env, number, None, SECOND) == name_of_plan(office, number)
    approving.take(office.env, number, name_of_plan(office, number), SECOND)
    with transaction(office.env.register) as register:
        assert approvals.approval(register, number).actor == SECOND  # type: ignore[union-attr]


def test_a_single_officer_may_approve_what_they_registered(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    with_erasure(office.env, officers=(OFFICER,))
    number = planned(office, somebody(subjects))
    approved(office, number, "anyone")


def test_a_refused_plan_stops_the_request_and_is_asked_anew_once_it_is_taken_up(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    number = planned(office, somebody(subjects))
    approving.approve(office.env, number)
    approving.refuse(office.env, number, OFFICER)
    assert office.request(number).status is Status.STOPPED
    closed = closing.run(office.env, number)
    (missing,) = closed.missing
    assert missing.en.startswith(f"the plan was refused by {OFFICER}; correct what it rests on")
    closing.resume(office.env, number)
    assert approving.approve(office.env, number) == Question(number, Waiting.APPROVAL)


def test_nothing_is_erased_without_approval_whatever_airflow_was_told(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    """Airflow lets a user mark a task as successful."""
    number = planned(own_stores, somebody(subjects))
    with pytest.raises(erasing.NotApproved):
        erasing.run(own_stores.env, "crm", [number])


# Time to think it over -----------------------------------------------------------------------------------------------


def test_an_approved_plan_waits_for_the_cooling_off_time(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    with_erasure(office.env, cooling_off_days=3)
    number = planned(office, somebody(subjects))
    approved(office, number)
    found = approving.approve(office.env, number)
    assert isinstance(found, Wait)
    assert found.pause is Pause.COOLING_OFF
    assert timedelta(days=2, hours=23) < found.until - datetime.now(UTC) < timedelta(days=3)
    request = office.request(number)
    assert (request.status, request.waiting_for) == (Status.WAITING, "cooling-off")
    assert "withdrawn until then" in str(request.reason)
    assert "erasure.begun" not in happened(office, number)
    with pytest.raises(StillCoolingOff, match="Clear task 'approve'"):
        approving.require(office.env, number)
    with_erasure(office.env, cooling_off_days=0)
    assert approving.approve(office.env, number) is None


def test_a_plan_that_changed_while_the_person_thought_it_over_is_approved_anew(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    with_erasure(office.env, cooling_off_days=3)
    number = planned(office, subject)
    approved(office, number)
    assert isinstance(approving.approve(office.env, number), Wait)
    forget_a_visit_of(office, subject)
    with_erasure(office.env, cooling_off_days=0)
    assert approving.approve(office.env, number) == Question(number, Waiting.APPROVAL)


# Whose turn it is ----------------------------------------------------------------------------------------------------


def waits_for(office: Office, number: str) -> str | None:
    """Which request goes first, as the register says."""
    found = approving.approve(office.env, number)
    if not isinstance(found, Wait):
        return None
    assert found.pause is Pause.EARLIER
    assert found.until - datetime.now(UTC) <= timedelta(seconds=office.env.settings.queue_seconds)
    request = office.request(number)
    assert (request.status, request.waiting_for) == (Status.WAITING, "earlier-request")
    return str(request.reason).split()[0]


def test_an_access_request_goes_first_whenever_it_came(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    subject = somebody(subjects)
    erasure = planned(office, subject)
    approved(office, erasure)
    access = planned(office, subject, "access")
    assert waits_for(office, erasure) == access
    assert waits_for(office, erasure) == access
    assert happened(office, erasure).count("request.queued") == 1
    assert "erasure.begun" not in happened(office, erasure)
    with transaction(office.env.register) as register:
        requests.set_status(register, office.env.keyring, access, Status.CLOSED, outcome=Outcome.FULFILLED)
    assert approving.approve(office.env, erasure) is None


def test_an_access_request_that_comes_once_the_work_has_begun_does_not_interrupt_it(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    subject = somebody(subjects)
    erasure = planned(office, subject)
    approved(office, erasure)
    assert approving.approve(office.env, erasure) is None
    planned(office, subject, "access")
    assert approving.approve(office.env, erasure) is None
    approving.require(office.env, erasure)


def test_of_two_erasures_the_lower_number_goes_first(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    subject = somebody(subjects)
    first, second = planned(office, subject), planned(office, subject)
    assert waits_for(office, second) == first
    approved(office, first)
    assert approving.approve(office.env, first) is None
    assert waits_for(office, second) == first
    with pytest.raises(NotItsTurn, match=first):
        approving.require(office.env, second)


def test_an_unverified_request_holds_up_nobody(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    subject = somebody(subjects)
    office.register(right="access", email=subject.identifiers["email"], verified_by=None)
    assert waits_for(office, planned(office, subject)) is None


def test_a_stopped_request_holds_up_nobody(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    subject = somebody(subjects)
    closing.stop(office.env, planned(office, subject), OFFICER)
    assert waits_for(office, planned(office, subject)) is None


def test_a_request_of_somebody_else_holds_up_nobody(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    planned(office, somebody(subjects))
    assert waits_for(office, planned(office, somebody(subjects, 1))) is None


def test_the_same_person_by_another_identifier_is_the_same_person(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    """What was found of them ties the two requests together, not what they gave."""
    subject = somebody(subjects)
    first = planned(office, subject)
    second = office.register(
        right="erasure", email="elders@example.nl", customer_number=subject.identifiers["customer_number"]
    )
    office.identify({second: subject})
    planning.make(office.env, [second])
    assert waits_for(office, second) == first


def test_two_that_begin_in_the_same_moment_do_not_both_begin_nor_both_wait(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    subject = somebody(subjects)
    numbers = [planned(office, subject), planned(office, subject)]
    with ThreadPoolExecutor(2) as pool:
        waiting = list(pool.map(lambda number: turns.begin(office.env, number), numbers))
    assert [len(found) for found in waiting] == [0, 1]
    with transaction(office.env.register) as register:
        assert [turns.begun(register, number) for number in numbers] == [True, False]


def test_a_later_one_that_has_begun_is_not_joined_by_an_earlier_one(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    """The earlier one was verified only then."""
    subject = somebody(subjects)
    first = office.register_subject(subject, right="erasure", verified_by=None)
    second = planned(office, subject)
    approved(office, second)
    assert approving.approve(office.env, second) is None
    verifying.verify(office.env, first, "in-person", OFFICER)  # type: ignore[arg-type]
    office.identify({first: subject})
    planning.make(office.env, [first])
    assert waits_for(office, first) == second
    assert approving.approve(office.env, second) is None


def test_one_that_was_stopped_at_work_takes_its_turn_anew(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    subject = somebody(subjects)
    first, second = planned(office, subject), planned(office, subject)
    approved(office, first)
    assert approving.approve(office.env, first) is None
    closing.stop(office.env, first, OFFICER)
    approved(office, second)
    assert approving.approve(office.env, second) is None
    closing.run(office.env, first)
    closing.resume(office.env, first)
    with pytest.raises(NotItsTurn, match=second):
        approving.require(office.env, first)


# Taking it back ------------------------------------------------------------------------------------------------------


def test_a_withdrawn_request_is_closed_and_the_person_gets_a_confirmation(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    number = planned(office, somebody(subjects))
    approving.approve(office.env, number)
    for _ in range(2):
        closed = withdrawing.withdraw(office.env, number, OFFICER)
        assert (closed.status, closed.outcome) == (Status.CLOSED, Outcome.WITHDRAWN)
    with pytest.raises(Withdrawn):
        closing.resume(office.env, number)
    with pytest.raises(Withdrawn):
        approving.approve(office.env, number)
    (message_id,) = withdrawing.confirmation(office.env, number)
    office.deliver(message_id)
    assert closing.run(office.env, number).missing == ()
    (mail,) = office.mailbox.mails(number)
    assert "niets gewist" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    names = happened(office, number)
    assert names.count("request.withdrawn") == names.count("request.closed") == 1
    assert office.request(number).outcome is Outcome.WITHDRAWN


def test_once_a_store_was_changed_nothing_is_taken_back(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office = own_stores
    number = planned(office, somebody(subjects))
    approved(office, number)
    assert approving.approve(office.env, number) is None
    erasing.run(office.env, "marketing", [number])
    with pytest.raises(TooLate, match="cannot be withdrawn any more"):
        withdrawing.withdraw(office.env, number, OFFICER)
    assert office.request(number).status is Status.RUNNING


def test_a_store_that_is_reached_after_the_withdrawal_is_left_as_it_is(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    number = planned(office, subject)
    approved(office, number)
    assert approving.approve(office.env, number) is None
    withdrawing.withdraw(office.env, number, OFFICER)
    with pytest.raises(RequestClosed):
        erasing.run(office.env, "marketing", [number])
    visits = visits_of(subject)
    left = office.query("marketing", "SELECT count(*) FROM web_visit WHERE visit_id::text = ANY(%s)", visits)
    assert left == [(len(visits),)]


def test_an_access_request_has_nothing_to_withdraw(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    number = planned(office, somebody(subjects), "access")
    with pytest.raises(NothingToWithdraw, match=f"avgflow request stop {number}"):
        withdrawing.withdraw(office.env, number, OFFICER)


def test_a_request_that_is_closed_is_not_withdrawn(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    number = planned(office, somebody(subjects))
    with transaction(office.env.register) as register:
        requests.set_status(register, office.env.keyring, number, Status.CLOSED, outcome=Outcome.FULFILLED)
    with pytest.raises(RequestClosed):
        withdrawing.withdraw(office.env, number, OFFICER)
