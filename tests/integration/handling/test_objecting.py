"""Objections and withdrawn consent, from the plan to the letter: what stops at once, what a human weighs, what goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from handling_world import OFFICER, Office
from test_answering_an_erasure import text_of, to
from test_approving import SECOND, VISITS, happened, somebody, visits_of, with_erasure

from avgflow.cli import shown
from avgflow.demo.truth import SubjectTruth
from avgflow.handling import (
    answering_objection,
    carried,
    closing,
    identify,
    lifting,
    planning,
    previewing,
    recounting,
    stopping,
    suppressing,
    turns,
    validating,
    weighing,
    withdrawing,
)
from avgflow.handling.answering import NotProven
from avgflow.handling.suppressing import NotSuppressed
from avgflow.handling.turns import NotItsTurn
from avgflow.handling.waiting import ChoiceRefused, Question, Waiting
from avgflow.handling.weighing import NotWeighed
from avgflow.handling.withdrawing import NothingToWithdraw
from avgflow.intake import parse
from avgflow.plan import Plan
from avgflow.register import evidence, requests, suppressions
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome, Status
from avgflow.stores.erase import UnexpectedChange

NOBODY = "niemand.hier@example.nl"


def planned(office: Office, subject: SubjectTruth, to: str) -> str:
    number = office.register_subject(subject, right="objection", to=to)
    office.identify({number: subject})
    planning.make(office.env, [number])
    return number


def plan_of(office: Office, number: str) -> Plan:
    return planning.stored(office.env, [number])[number]


def carried_out(office: Office, number: str) -> None:
    stopping.suppress(office.env, number)
    for store in office.env.catalog.stores:
        stopping.run(office.env, store, [number])
    verdict = recounting.run(office.env, [number])[number].verdict
    assert verdict.passed, verdict.failures


def answered(office: Office, number: str) -> None:
    for message_id in answering_objection.run(office.env, number):
        office.deliver(message_id)


def closed(office: Office, number: str) -> Outcome | None:
    answered(office, number)
    lifting.decide_objection(office.env, number)
    for message_id in lifting.lift(office.env, number):
        office.deliver(message_id)
    done = closing.run(office.env, number)
    assert done.missing == ()
    assert done.request.status is Status.CLOSED
    return done.request.outcome


def letter(office: Office, number: str, address: str) -> str:
    (mail,) = to(office, number, address)
    return text_of(mail)


def on_list(office: Office, channel: str, *addresses: str) -> set[str]:
    with transaction(office.env.register) as register:
        return suppressions.suppressed(register, office.env.keyring, channel, addresses)


def subscriber(subjects: Sequence[SubjectTruth], skip: int = 0) -> SubjectTruth:
    """A person with nothing awkward about them who gets the newsletter and visited the website."""
    easy = [person for person in subjects if not person.traits and VISITS in person.owned]
    return [person for person in easy if "marketing.public.consent" in person.owned][skip]


def marks(office: Office, subject: SubjectTruth) -> list[tuple[Any, ...]]:
    """Of each subscription of a person: whether it ended, and how many of its consents did not."""
    ids = [int(key[0]) for key in subject.owned["marketing.public.subscriber"].keys or ()]
    return office.query(
        "marketing",
        "SELECT s.subscriber_id, s.unsubscribed_at IS NOT NULL, count(c) FILTER (WHERE c.withdrawn_at IS NULL) "
        "FROM subscriber s LEFT JOIN consent c USING (subscriber_id) WHERE s.subscriber_id = ANY(%s) GROUP BY 1, 2",
        ids,
    )


def everything_but_marks(office: Office) -> list[list[tuple[Any, ...]]]:
    """What an objection to marketing must not touch."""
    wanted = {
        "marketing": ["event", "survey_answer", "web_visit", "campaign", "survey"],
        "crm": ["contact"],
        "orders": ['"order"', "customer"],
    }
    return [
        sorted(office.query(store, f"SELECT t::text FROM {table} t"))
        for store, tables in wanted.items()
        for table in tables
    ]


# Marketing and surveys -----------------------------------------------------------------------------------------------


def test_marketing_stops_at_once_in_list_and_store_and_nothing_is_erased(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, subscriber(subjects)
    before = everything_but_marks(office)
    unmarked = office.query("marketing", "SELECT count(*) FROM subscriber WHERE unsubscribed_at IS NULL")
    number = planned(office, subject, "marketing")
    assert {step.action for step in plan_of(office, number).steps if step.changes} == {"set"}
    carried_out(office, number)
    assert all(ended and left == 0 for _, ended, left in marks(office, subject))
    after = office.query("marketing", "SELECT count(*) FROM subscriber WHERE unsubscribed_at IS NULL")
    assert unmarked[0][0] - after[0][0] <= len(marks(office, subject))
    assert everything_but_marks(office) == before
    email = subject.identifiers["email"]
    assert on_list(office, "email", email) == {email}
    assert on_list(office, "email-surveys", email) == set()
    assert weighing.weigh(office.env, number) is None
    assert closed(office, number) is Outcome.FULFILLED
    text = letter(office, number, email)
    for words in ("geen reclame en geen nieuwsbrief", "Vanaf ", "een code die wij daaruit berekenen", "Autoriteit"):
        assert words in text
    assert "gewist" not in text
    assert "plan.approved" not in happened(office, number)


def test_what_was_ended_before_keeps_its_day(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, subscriber(subjects)
    ids = [int(key[0]) for key in subject.owned["marketing.public.subscriber"].keys or ()]
    office.change(
        "marketing", "UPDATE subscriber SET unsubscribed_at = '2020-02-02' WHERE subscriber_id = ANY(%s)", ids
    )
    number = planned(office, subject, "marketing")
    carried_out(office, number)
    found = office.query(
        "marketing", "SELECT DISTINCT unsubscribed_at::date::text FROM subscriber WHERE subscriber_id = ANY(%s)", ids
    )
    assert found == [("2020-02-02",)]


def test_surveys_stop_on_their_own_channel_and_marketing_goes_on(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, subscriber(subjects)
    before = marks(office, subject)
    number = planned(office, subject, "surveys")
    carried_out(office, number)
    email = subject.identifiers["email"]
    assert on_list(office, "email-surveys", email) == {email}
    assert on_list(office, "email", email) == set()
    assert marks(office, subject) == before
    assert closed(office, number) is Outcome.FULFILLED
    text = letter(office, number, email)
    assert "geen klantonderzoeken meer per e-mail" in text
    assert "geen reclame" not in text
    assert ("Waar wij hebben gezocht".upper() in text) == ("marketing.public.survey_answer" not in subject.owned)


@pytest.mark.parametrize(("scope", "outcome"), [("marketing", Outcome.FULFILLED), ("cookies", Outcome.NOTHING_FOUND)])
def test_of_whom_nothing_is_held_gets_on_the_list_and_hears_so(
    own_stores: Office, scope: str, outcome: Outcome
) -> None:
    office = own_stores
    number = office.register(right="objection", to=scope, email=NOBODY, language="nl")
    assert identify.identify(office.env, [number])[number] is None
    planning.make(office.env, [number])
    carried_out(office, number)
    assert closed(office, number) is outcome
    text = letter(office, number, NOBODY)
    assert "Daar hebben wij niets gevonden waarop uw verzoek past." in text
    assert on_list(office, "email", NOBODY) == ({NOBODY} if scope == "marketing" else set())
    assert ("toch op de lijst gezet" in text) == (scope == "marketing")


def test_an_objection_that_is_done_again_changes_nothing_twice(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, subscriber(subjects)
    number = planned(office, subject, "marketing")
    for _ in range(2):
        carried_out(office, number)
    assert happened(office, number).count("store.stopped") == len(office.env.catalog.stores)
    planning.make(office.env, [number])
    assert not any(step.action == "set" for step in plan_of(office, number).steps)
    carried_out(office, number)
    assert closed(office, number) is Outcome.FULFILLED
    assert "is gestopt" in letter(office, number, subject.identifiers["email"])


def test_a_run_that_was_killed_after_the_store_committed_sets_nothing_twice(
    own_stores: Office, subjects: Sequence[SubjectTruth], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, subject = own_stores, subscriber(subjects)
    number = planned(office, subject, "marketing")
    stopping.suppress(office.env, number)

    def killed(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(carried, "receipt", killed)
        with pytest.raises(KeyboardInterrupt):
            stopping.run(office.env, "marketing", [number])
    first = office.query("marketing", "SELECT unsubscribed_at FROM subscriber ORDER BY subscriber_id")
    assert "store.stopped" not in happened(office, number)
    carried_out(office, number)
    assert office.query("marketing", "SELECT unsubscribed_at FROM subscriber ORDER BY subscriber_id") == first


def test_a_mark_that_a_trigger_undoes_or_doubles_leaves_the_store_as_it_was(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, subscriber(subjects)
    number = planned(office, subject, "marketing")
    office.change(
        "marketing",
        "CREATE FUNCTION reach() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE campaign SET title = title; RETURN NEW; END $$",
    )
    office.change("marketing", "CREATE TRIGGER reach AFTER UPDATE ON consent EXECUTE FUNCTION reach()")
    before = marks(office, subject)
    with pytest.raises(UnexpectedChange, match="campaign"):
        stopping.run(office.env, "marketing", [number])
    assert marks(office, subject) == before


# Cookies -------------------------------------------------------------------------------------------------------------


def test_withdrawn_consent_to_cookies_erases_the_visits_and_nothing_else(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, subscriber(subjects)
    before, (all_visits,) = marks(office, subject), office.query("marketing", "SELECT count(*) FROM web_visit")
    number = planned(office, subject, "cookies")
    actions = {(str(s.table), s.action) for s in plan_of(office, number).steps if s.changes}
    assert actions == {("public.web_visit", "delete")}
    carried_out(office, number)
    (left,) = office.query("marketing", "SELECT count(*) FROM web_visit")
    assert all_visits[0] - left[0] == len(visits_of(subject))
    assert marks(office, subject) == before
    assert on_list(office, "email", subject.identifiers["email"]) == set()
    assert closed(office, number) is Outcome.FULFILLED
    text = letter(office, number, subject.identifiers["email"])
    assert "trok u uw toestemming voor cookies in" in text
    assert "Bezoek aan onze website" in text
    assert "back-up" in text


# A weighing ----------------------------------------------------------------------------------------------------------


def weighed_everything(office: Office, number: str, said: str, actor: str = OFFICER) -> None:
    assert weighing.weigh(office.env, number) == Question(number, Waiting.WEIGHING)
    weighing.take(office.env, number, said, actor)
    assert weighing.weigh(office.env, number) is None


def test_marketing_stops_before_a_human_weighs_the_rest(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, somebody(subjects)
    number = planned(office, subject, "all-processing")
    carried_out(office, number)
    assert weighing.weigh(office.env, number) == Question(number, Waiting.WEIGHING)
    assert office.request(number).waiting_for == "weighing"
    assert on_list(office, "email", subject.identifiers["email"])
    with pytest.raises(NotWeighed, match="R1"):
        answering_objection.run(office.env, number)
    weighing.take(office.env, number, "all=uphold", OFFICER)
    assert weighing.weigh(office.env, number) is None
    outcome = closed(office, number)
    text = letter(office, number, subject.identifiers["email"])
    assert "Wij geven u gelijk voor deze gegevens" in text
    assert "hebben wij de gegevens die wij afwogen alleen bewaard, en niet gebruikt" in text
    assert "eindigt dat na het versturen van deze mail" not in text
    held = {step.record_class for step in plan_of(office, number).steps}
    assert (outcome is Outcome.PARTLY_FULFILLED) == bool(held & {"R4", "R5"})
    if "R4" in held:
        assert "artikel 52 lid 4 van de Algemene wet inzake rijksbelastingen" in text
    (officer,) = to(office, number, office.env.policy.officer_mailbox)
    assert "GEBRUIK DAT U ZELF MOET STOPPEN" in text_of(officer)


@pytest.mark.parametrize(
    "said", [None, "", "R1=uphold", "all=refuse", "all=refuse:because", "R99=uphold", "all=uphold R1=uphold"]
)
def test_every_class_is_weighed_once_with_a_reason_for_a_refusal(
    said: object, own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office = own_stores
    number = planned(office, somebody(subjects), "all-processing")
    assert len(weighing.to_weigh(plan_of(office, number))) > 1
    with pytest.raises(ChoiceRefused, match="no-situation"):
        weighing.take(office.env, number, said, OFFICER)
    assert "objection.weighed" not in happened(office, number)


def test_a_refusal_takes_a_second_pair_of_eyes_and_stands_on_the_register_and_in_the_letter(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    with_erasure(office.env, officers=(OFFICER, SECOND))
    number = planned(office, subject, "all-processing")
    carried_out(office, number)
    classes = weighing.to_weigh(plan_of(office, number))
    said = " ".join(f"{name}=uphold" for name in classes[1:]) + f" {classes[0]}=refuse:compelling-grounds"
    with pytest.raises(ChoiceRefused, match="other than who registered"):
        weighing.take(office.env, number, said, OFFICER)
    weighed_everything(office, number, said, SECOND)
    assert closed(office, number) is Outcome.PARTLY_FULFILLED
    assert "dwingende redenen" in letter(office, number, subject.identifiers["email"])
    assert happened(office, number).count("objection.weighed") == len(classes)


# In between ----------------------------------------------------------------------------------------------------------


def test_what_an_objection_is_to_stands_on_the_register_in_plain_code(office: Office) -> None:
    number = office.register(right="objection", to=" Surveys ", email=NOBODY)
    assert office.request(number).to_json()["scope"] == "surveys"
    assert office.request(office.register(email=NOBODY)).to_json()["scope"] is None


def test_a_preview_says_what_would_be_suppressed_also_for_a_stranger(office: Office) -> None:
    made = previewing.plan(office.env, parse(right="objection", to="all-processing", email=NOBODY))
    assert shown.plan_document(made)["suppress"] == ["email", "email-surveys"]
    assert shown.suppressed(made) == ["Suppresses every address of their own for: email, email-surveys."]
    assert on_list(office, "email", NOBODY) == set()


def test_no_answer_goes_out_where_an_address_is_no_longer_on_the_list(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, subscriber(subjects)
    number = planned(office, subject, "marketing")
    carried_out(office, number)
    with transaction(office.env.register) as register:
        suppressions.lift(register, office.env.keyring, "email", subject.identifiers["email"], OFFICER)
    with pytest.raises(NotSuppressed, match="suppress"):
        recounting.run(office.env, [number])


def test_nothing_is_answered_before_the_recount(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    number = planned(own_stores, subscriber(subjects), "marketing")
    with pytest.raises(NotProven):
        answering_objection.run(own_stores.env, number)


def test_the_proof_fails_where_a_mark_was_undone(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, subscriber(subjects)
    number = planned(office, subject, "marketing")
    assert any(step.action == "set" for step in plan_of(office, number).steps)
    carried_out(office, number)
    office.change("marketing", "UPDATE subscriber SET unsubscribed_at = NULL")
    office.change("marketing", "UPDATE consent SET withdrawn_at = NULL")
    failures = recounting.run(office.env, [number])[number].verdict.failures
    assert {failure.check.name for failure in failures} == {"marked"}
    with transaction(office.env.register) as register:
        last = evidence.evidence(register, number)[-1]
    assert (last.kind, last.passed) == ("objection", False)
    assert "Bewijs van stoppen" in last.html


def test_an_objection_does_not_queue_behind_an_erasure_that_waits_but_behind_one_at_work(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, subscriber(subjects)
    erasure = office.register_subject(subject, right="erasure")
    office.identify({erasure: subject})
    planning.make(office.env, [erasure])
    first = planned(office, subject, "marketing")
    carried_out(office, first)
    second = planned(office, subject, "cookies")
    assert turns.begin(office.env, erasure) == []
    with pytest.raises(NotItsTurn):
        stopping.run(office.env, "marketing", [second])


def test_an_erasure_waits_while_an_objection_is_at_work_and_not_while_it_is_weighed(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    erasure = office.register_subject(subject, right="erasure")
    objection = planned(office, subject, "all-processing")
    stopping.suppress(office.env, objection)
    stopping.run(office.env, "crm", [objection])
    assert [one.number for one in turns.begin(office.env, erasure)] == [objection]
    carried_out(office, objection)
    assert weighing.weigh(office.env, objection) == Question(objection, Waiting.WEIGHING)
    assert turns.begin(office.env, erasure) == []


def test_an_objection_lets_an_access_request_end_its_collecting_and_no_more(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, subscriber(subjects)
    access = office.register_subject(subject)
    objection = planned(office, subject, "marketing")
    office.identify({access: subject})
    planning.make(office.env, [access])
    with pytest.raises(NotItsTurn):
        stopping.run(office.env, "marketing", [objection])
    assert stopping.suppress(office.env, objection)["email"] >= 1
    office.collect(access)
    assert validating.run(office.env, [access])[access].verdict.passed
    stopping.run(office.env, "marketing", [objection])


def test_an_objection_is_not_withdrawn_like_an_erasure(office: Office) -> None:
    number = office.register(right="objection", to="marketing", email=NOBODY)
    with pytest.raises(NothingToWithdraw):
        withdrawing.withdraw(office.env, number, OFFICER)
    with transaction(office.env.register) as register:
        assert requests.get(register, number).status is Status.REGISTERED


def test_addresses_that_others_use_too_stay_off_the_list(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    number = planned(office, subscriber(subjects), "marketing")
    plan = plan_of(office, number)
    shared = frozenset(suppressing.addresses(plan, "email"))
    assert shared
    of_two = replace(plan, footprint=replace(plan.footprint, shared={"email": shared}))
    assert suppressing.addresses(of_two, "email") == []
