"""Restrictions, from the plan to the letter and to their end: what may not be used, who is told, when it is over."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from handling_world import OFFICER, Office
from test_answering_an_erasure import text_of, to
from test_approving import happened, somebody
from test_objecting import NOBODY, letter, on_list, plan_of, subscriber

from avgflow.cli import shown
from avgflow.demo.truth import SubjectTruth
from avgflow.handling import (
    answering_objection,
    answering_restriction,
    carried,
    closing,
    erasing,
    identify,
    lifting,
    planning,
    previewing,
    recounting,
    restricting,
    stopping,
    turns,
    unmarking,
    weighing,
)
from avgflow.handling.answering import NotProven
from avgflow.handling.identify import NotSettled
from avgflow.handling.lifting import NotTold, StillAtWork
from avgflow.handling.restricting import NotPlaced
from avgflow.handling.turns import NotItsTurn
from avgflow.handling.waiting import Question, Waiting
from avgflow.intake import RestrictionGround, parse
from avgflow.policy.decide import EVERYTHING
from avgflow.register import approvals, evidence, notices, restrictions
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome, Status
from avgflow.register.restrictions import LiftedAlready, NotRestricted, ReasonRefused

MARKABLE = {
    "crm": ("contact", "contact_id"),
    "accounts": ("portal_account", "account_id"),
    "marketing": ("subscriber", "subscriber_id"),
}
"""The tables of the demonstration stores that have a column for it, and their keys."""


def planned(office: Office, subject: SubjectTruth, ground: str = "claims", **more: Any) -> str:
    number = office.register_subject(subject, right="restriction", ground=ground, **more)
    office.identify({number: subject})
    planning.make(office.env, [number])
    return number


def carried_out(office: Office, number: str) -> None:
    stopping.suppress(office.env, number)
    for store in office.env.catalog.stores:
        stopping.run(office.env, store, [number])
    verdict = recounting.run(office.env, [number])[number].verdict
    assert verdict.passed, verdict.failures


def closed(office: Office, number: str) -> Outcome | None:
    for message_id in answering_restriction.run(office.env, number):
        office.deliver(message_id)
    done = closing.run(office.env, number)
    assert done.missing == ()
    assert done.request.status is Status.CLOSED
    return done.request.outcome


def restricted(office: Office, subject: SubjectTruth, ground: str = "claims") -> str:
    """A restriction that stands, and whose request is closed."""
    number = planned(office, subject, ground)
    carried_out(office, number)
    closed(office, number)
    return number


def told_and_lifted(office: Office, number: str, reason: str = "claim-over") -> None:
    lifting.end(office.env, number, reason, OFFICER)
    message_id = lifting.letter(office.env, number)
    assert message_id is not None
    office.deliver(message_id)
    for other in lifting.lift(office.env, number):
        office.deliver(other)


def of(office: Office, **identifiers: str) -> Mapping[str, RestrictionGround]:
    with transaction(office.env.register) as register:
        return restrictions.of(register, office.env.keyring, identifiers)


def marked(office: Office) -> dict[str, set[str]]:
    """The keys of all rows of each store that are marked as restricted, by plain SQL."""
    return {
        store: {
            row[0] for row in office.query(store, f"SELECT {key}::text FROM {table} WHERE restricted_at IS NOT NULL")
        }
        for store, (table, key) in MARKABLE.items()
    }


def owned(subject: SubjectTruth) -> dict[str, set[str]]:
    """What the truth says of the same tables."""
    found = {store: subject.owned.get(f"{store}.public.{table}") for store, (table, _) in MARKABLE.items()}
    return {store: {str(key[0]) for key in rows.keys or ()} if rows else set() for store, rows in found.items()}


NOTHING: dict[str, set[str]] = {store: set() for store in MARKABLE}


def everything_else(office: Office) -> list[list[tuple[Any, ...]]]:
    """Every row of every table that a restriction could touch, less the mark."""
    wanted = {
        "crm": ["contact", "organisation", "ticket", "note", "audit.contact_history"],
        "accounts": ["portal_account", "login", "preference"],
        "marketing": ["subscriber", "consent", "event", "web_visit"],
        "orders": ['"order"', "customer", "invoice"],
    }
    return [
        sorted(office.query(store, f"SELECT (to_jsonb(t) - 'restricted_at')::text FROM {table} t"))
        for store, tables in wanted.items()
        for table in tables
    ]


def somebody_known(subjects: Sequence[SubjectTruth], skip: int = 0) -> SubjectTruth:
    """A person with nothing awkward about them, with an account and a subscription."""
    easy = [one for one in subjects if not one.traits and not one.shared_with and all(owned(one).values())]
    return easy[skip]


# Placing -------------------------------------------------------------------------------------------------------------


def test_what_is_restricted_is_marked_in_the_stores_and_nothing_else_is_touched(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody_known(subjects)
    before, email = everything_else(office), subject.identifiers["email"]
    number = planned(office, subject)
    assert {step.action for step in plan_of(office, number).steps if step.changes} == {"restrict"}
    assert of(office, email=email) == {}
    carried_out(office, number)
    assert marked(office) == owned(subject)
    assert everything_else(office) == before
    assert of(office, email=email.upper()) == {EVERYTHING: RestrictionGround.CLAIMS}
    for kind, value in subject.identifiers.items():
        assert of(office, **{kind: value}), kind
    assert of(office, email=NOBODY) == of(office, email=" ") == {}
    for channel in ("email", "email-surveys"):
        assert on_list(office, channel, email) == {email}
    assert closed(office, number) is Outcome.FULFILLED
    assert "plan.approved" not in happened(office, number)
    with transaction(office.env.register) as register:
        last = evidence.evidence(register, number)[-1]
    assert (last.kind, last.passed) == ("restriction", True)
    assert "Bewijs van beperken" in last.html


def test_the_person_reads_what_is_not_used_why_and_what_still_may_happen(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody_known(subjects)
    restricted_ = restricted(office, subject)
    text = letter(office, restricted_, subject.identifiers["email"])
    for words in (
        "bewaren wij uw gegevens alleen nog",
        "U hebt uw gegevens nodig voor een rechtszaak, een vordering of een geschil. Dat staat in artikel 18 lid 1 "
        "letter c AVG.",
        "Contactgegevens (in: ",
        "staat nu ook in: Klantenportaal, Klantrelatiesysteem, Marketing en website.",
        "artikel 18 lid 2 AVG",
        "Belastingdienst",
        "Voordat de beperking eindigt, krijgt u van ons bericht (artikel 18 lid 3 AVG)",
        "artikel 19 AVG",
        "Autoriteit Persoonsgegevens",
        "rechter",
    ):
        assert words in text, words
    (officer,) = to(office, restricted_, office.env.policy.officer_mailbox)
    assert "voorlopig niet gebruikt mogen worden" in text_of(officer)
    with transaction(office.env.register) as register:
        told = {(one.recipient, one.told) for one in notices.notices(register, restricted_)}
    assert ("it-companies", "restricted") in told
    assert not any(recipient == "police" for recipient, _ in told)


def test_of_a_stranger_nothing_is_found_and_nothing_may_be_used_all_the_same(own_stores: Office) -> None:
    office = own_stores
    number = office.register(right="restriction", ground="accuracy", email=NOBODY, language="en")
    assert identify.identify(office.env, [number])[number] is None
    planning.make(office.env, [number])
    carried_out(office, number)
    assert marked(office) == NOTHING
    assert of(office, email=NOBODY) == {EVERYTHING: RestrictionGround.ACCURACY}
    assert on_list(office, "email", NOBODY) == {NOBODY}
    assert closed(office, number) is Outcome.NOTHING_FOUND
    text = letter(office, number, NOBODY)
    assert "We found no data about you in our systems" in text
    assert "on our list of people whose data we may only store" in text


def test_nothing_is_restricted_for_who_is_not_verified(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    subject = somebody_known(subjects)
    number = office.register_subject(subject, right="restriction", ground="claims", verified_by=None)
    with pytest.raises(NotSettled):
        planning.make(office.env, [number])
    assert of(office, email=subject.identifiers["email"]) == {}


def test_a_preview_of_a_restriction_registers_and_restricts_nothing(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    subject = somebody_known(subjects)
    email, customer_number = subject.identifiers["email"], subject.identifiers.get("customer_number")
    made = previewing.plan(
        office.env, parse(right="restriction", ground="unlawful", email=email, customer_number=customer_number)
    )
    document = shown.plan_document(made)
    assert {one["action"] for one in document["plan"]} >= {"restrict", "list"}
    assert document["suppress"] == ["email", "email-surveys"]
    assert of(office, email=email) == {}


def test_what_is_marked_already_is_not_marked_again(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, somebody_known(subjects)
    restricted(office, subject, "accuracy")
    since = office.query("crm", "SELECT restricted_at FROM contact WHERE restricted_at IS NOT NULL")
    second = planned(office, subject, "claims")
    assert not any(step.changes for step in plan_of(office, second).steps)
    carried_out(office, second)
    assert office.query("crm", "SELECT restricted_at FROM contact WHERE restricted_at IS NOT NULL") == since
    assert of(office, email=subject.identifiers["email"]) == {EVERYTHING: RestrictionGround.ACCURACY}


def test_the_proof_fails_where_a_mark_was_undone_and_nothing_is_answered(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody_known(subjects)
    number = planned(office, subject)
    with pytest.raises(NotProven):
        answering_restriction.run(office.env, number)
    carried_out(office, number)
    office.change("accounts", "UPDATE portal_account SET restricted_at = NULL")
    failures = recounting.run(office.env, [number])[number].verdict.failures
    assert {(one.store, one.check.name) for one in failures} == {("accounts", "marked")}
    with pytest.raises(NotProven):
        answering_restriction.run(office.env, number)


def test_the_proof_needs_the_register_too(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office = own_stores
    number = planned(office, somebody_known(subjects))
    for store in office.env.catalog.stores:
        stopping.run(office.env, store, [number])
    with pytest.raises(NotPlaced, match="not on the register"):
        recounting.run(office.env, [number])


def test_a_second_run_of_every_step_changes_nothing(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, somebody_known(subjects)
    number = planned(office, subject)
    carried_out(office, number)
    after = (marked(office), office.query("crm", "SELECT restricted_at FROM contact WHERE restricted_at IS NOT NULL"))
    carried_out(office, number)
    closed(office, number)
    assert after == (
        marked(office),
        office.query("crm", "SELECT restricted_at FROM contact WHERE restricted_at IS NOT NULL"),
    )
    assert happened(office, number).count("restriction.placed") == 1
    assert happened(office, number).count("store.restricted") == 4


def test_killed_after_a_store_has_committed_it_is_not_marked_or_counted_twice(
    own_stores: Office, subjects: Sequence[SubjectTruth], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, subject = own_stores, somebody_known(subjects)
    number = planned(office, subject)
    stopping.suppress(office.env, number)

    class Killed(BaseException):
        pass

    def kill(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as killing:
        killing.setattr(carried, "receipt", kill)
        with pytest.raises(Killed):
            stopping.run(office.env, "crm", [number])
    since = office.query("crm", "SELECT restricted_at FROM contact WHERE restricted_at IS NOT NULL")
    assert since, "it was committed"
    carried_out(office, number)
    assert office.query("crm", "SELECT restricted_at FROM contact WHERE restricted_at IS NOT NULL") == since
    assert happened(office, number).count("store.restricted") == 4
    with transaction(office.env.register) as register:
        done = carried.standing(register, number)["crm"]
    assert done.work["public.contact"]["restrict"] == len(owned(subject)["crm"])


def test_two_workers_at_once_mark_and_count_once(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, somebody_known(subjects)
    number = planned(office, subject)

    def both(step: Callable[[], object]) -> None:
        with ThreadPoolExecutor(2) as workers:
            for done in [workers.submit(step) for _ in range(2)]:
                done.result()

    both(lambda: stopping.suppress(office.env, number))
    for store in office.env.catalog.stores:
        both(lambda store=store: stopping.run(office.env, store, [number]))  # type: ignore[misc]
    assert marked(office) == owned(subject)
    assert happened(office, number).count("store.restricted") == 4
    assert recounting.run(office.env, [number])[number].verdict.passed
    closed(office, number)
    lifting.end(office.env, number, "agreed", OFFICER)
    office.deliver(str(lifting.letter(office.env, number)))
    both(lambda: lifting.lift(office.env, number))
    assert marked(office) == NOTHING
    assert happened(office, number).count("restriction.lifted") == 1


def test_a_restriction_goes_before_an_erasure_that_waits_and_behind_one_at_work(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody_known(subjects)
    erasure = office.register_subject(subject, right="erasure")
    office.identify({erasure: subject})
    planning.make(office.env, [erasure])
    carried_out(office, planned(office, subject))
    assert turns.begin(office.env, erasure) == []
    second = planned(office, subject, "unlawful")
    with pytest.raises(NotItsTurn):
        stopping.run(office.env, "crm", [second])


def test_whoever_erases_a_person_who_wanted_their_data_kept_is_told(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody_known(subjects)
    number = restricted(office, subject, "claims")
    erasure = office.register_subject(subject, right="erasure")
    office.identify({erasure: subject})
    planning.make(office.env, [erasure])
    with transaction(office.env.register) as register:
        (kept,) = restricting.refused_erasure(register, erasure)
    assert kept.number == number
    (line,) = shown.asked_to_keep([kept])
    assert f"by {number} they wanted their data kept (claims)" in line
    question = Question(erasure, Waiting.APPROVAL)
    office.deliver(closing.ask_officer(office.env, question))
    (mail,) = to(office, erasure, office.env.policy.officer_mailbox)
    assert "vroeg eerder om de gegevens juist te bewaren" in text_of(mail)
    other = office.register_subject(somebody_known(subjects, 1), right="erasure")
    with transaction(office.env.register) as register:
        assert restricting.refused_erasure(register, other) == []


# The end -------------------------------------------------------------------------------------------------------------


def test_the_person_is_told_before_the_restriction_ends(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, somebody_known(subjects)
    number, email = restricted(office, subject), subject.identifiers["email"]
    before = everything_else(office)
    lifting.end(office.env, number, "claim-over", OFFICER)
    with pytest.raises(NotTold):
        lifting.lift(office.env, number)
    assert marked(office) == owned(subject)
    assert of(office, email=email)
    message_id = lifting.letter(office.env, number)
    assert message_id is not None
    office.mailbox.stop()
    assert not office.deliver(message_id).accepted
    with pytest.raises(NotTold):
        lifting.lift(office.env, number)
    assert marked(office) == owned(subject)
    office.mailbox.start()
    assert office.deliver(message_id).accepted
    for other in lifting.lift(office.env, number):
        office.deliver(other)
    assert marked(office) == NOTHING
    assert everything_else(office) == before
    assert of(office, email=email) == {}
    assert on_list(office, "email", email) == on_list(office, "email-surveys", email) == set()
    text = text_of(to(office, number, email)[-1])
    for words in ("Die beperking eindigt", "niet meer nodig voor uw rechtszaak", "artikel 18 lid 3 AVG", "Bent u het"):
        assert words in text, words
    assert "Beperking voorbij" not in text
    (_, officer) = to(office, number, office.env.policy.officer_mailbox)
    assert "de beperking voorbij is" in text_of(officer)
    names = happened(office, number)
    order = [names.index(f"restriction.{word}") for word in ("placed", "ending", "told", "lifted")]
    assert order == sorted(order)
    with transaction(office.env.register) as register:
        last = evidence.evidence(register, number)[-1]
        (kept,) = restrictions.of_request(register, number)
    assert (last.kind, last.passed) == ("lifting", True)
    assert "Bewijs van het einde van een beperking" in last.html
    assert kept.told_at is not None
    assert kept.lifted_at is not None
    assert kept.told_at < kept.lifted_at


def test_a_human_can_tell_the_person_by_another_way(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, somebody_known(subjects)
    number = restricted(office, subject, "accuracy")
    with pytest.raises(NotRestricted):
        lifting.told(office.env, number, OFFICER)
    lifting.end(office.env, number, "corrected", OFFICER)
    lifting.told(office.env, number, OFFICER)
    assert lifting.letter(office.env, number) is None
    lifting.lift(office.env, number)
    assert marked(office) == NOTHING


@pytest.mark.parametrize(
    ("ground", "reason"), [("claims", "accurate"), ("accuracy", "because"), ("unlawful", "corrected"), ("claims", "")]
)
def test_a_restriction_ends_for_a_reason_of_its_ground(
    ground: str, reason: str, own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    number = restricted(own_stores, somebody_known(subjects), ground)
    with pytest.raises(ReasonRefused, match="agreed"):
        lifting.end(own_stores.env, number, reason, OFFICER)


def test_a_restriction_does_not_end_before_its_request_has(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    number = planned(own_stores, somebody_known(subjects))
    carried_out(own_stores, number)
    with pytest.raises(StillAtWork):
        lifting.end(own_stores.env, number, "agreed", OFFICER)


def test_what_ended_is_not_placed_again_and_does_not_end_twice(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody_known(subjects)
    number = restricted(office, subject)
    told_and_lifted(office, number)
    mails = len(office.mailbox.mails(number))
    assert lifting.lift(office.env, number) is not None
    with pytest.raises(NotRestricted):
        lifting.end(office.env, number, "claim-over", OFFICER)
    with pytest.raises(LiftedAlready, match="register a new request"):
        stopping.suppress(office.env, number)
    assert marked(office) == NOTHING
    assert len(office.mailbox.mails(number)) == mails
    assert happened(office, number).count("restriction.lifted") == 1


def test_what_another_restriction_or_an_objection_holds_stays_when_one_ends(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody_known(subjects)
    email = subject.identifiers["email"]
    first, second = restricted(office, subject, "accuracy"), restricted(office, subject, "claims")
    told_and_lifted(office, first, "accurate")
    assert marked(office) == owned(subject), "the second restriction stands"
    assert of(office, email=email) == {EVERYTHING: RestrictionGround.CLAIMS}
    assert on_list(office, "email", email) == {email}
    objection = office.register_subject(subject, right="objection", to="marketing")
    office.identify({objection: subject})
    planning.make(office.env, [objection])
    stopping.suppress(office.env, objection)
    told_and_lifted(office, second)
    assert marked(office) == NOTHING, "what the first had marked is free with the second"
    assert on_list(office, "email", email) == {email}, "the objection stays"
    assert on_list(office, "email-surveys", email) == set()


def test_a_mark_of_the_store_itself_stays(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, somebody_known(subjects)
    (account,) = owned(subject)["accounts"]
    office.change("accounts", "UPDATE portal_account SET restricted_at = now() WHERE account_id = %s", account)
    number = restricted(office, subject)
    told_and_lifted(office, number)
    assert marked(office) == {**NOTHING, "accounts": {account}}


def test_killed_between_the_stores_and_the_register_it_ends_in_the_same_state(
    own_stores: Office, subjects: Sequence[SubjectTruth], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, subject = own_stores, somebody_known(subjects)
    number, email = restricted(office, subject), subject.identifiers["email"]
    lifting.end(office.env, number, "claim-over", OFFICER)
    office.deliver(str(lifting.letter(office.env, number)))

    class Killed(BaseException):
        pass

    def kill(*_: Any) -> None:
        raise Killed

    take_off = unmarking._take_off
    stores: list[str] = []

    def one_store_only(env: Any, store: str, *rest: Any) -> None:
        if stores:
            raise Killed
        stores.append(store)
        take_off(env, store, *rest)

    kills: list[tuple[Any, str, Callable[..., None]]] = [
        (unmarking, "_take_off", one_store_only),
        (unmarking, "_measured", kill),
        (unmarking, "_keep", kill),
        (lifting, "_finish", kill),
    ]
    for module, name, stop in kills:
        with monkeypatch.context() as killing:
            killing.setattr(module, name, stop)
            with pytest.raises(Killed):
                lifting.lift(office.env, number)
        assert of(office, email=email), "it stands until all of it is proven"
        assert on_list(office, "email", email) == {email}
    for other in lifting.lift(office.env, number):
        office.deliver(other)
    assert marked(office) == NOTHING
    assert of(office, email=email) == {}
    assert happened(office, number).count("restriction.lifted") == 1
    with transaction(office.env.register) as register:
        (lifted,) = [e.detail for e in closing.events.history(register, number) if e.name == "restriction.lifted"]
    assert lifted["rows"] == sum(map(len, owned(subject).values())), "as many as if nothing had happened"


def test_the_end_is_not_proven_where_a_mark_comes_back(
    own_stores: Office, subjects: Sequence[SubjectTruth], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, subject = own_stores, somebody_known(subjects)
    number = restricted(office, subject)
    lifting.end(office.env, number, "agreed", OFFICER)
    office.deliver(str(lifting.letter(office.env, number)))
    take_off = unmarking._take_off

    def and_put_back(env: Any, store: str, *rest: Any) -> None:
        take_off(env, store, *rest)
        if store == "crm":
            office.change("crm", "UPDATE contact SET restricted_at = now()")

    monkeypatch.setattr(unmarking, "_take_off", and_put_back)
    with pytest.raises(unmarking.NotLifted, match=r"crm\.public\.contact"):
        lifting.lift(office.env, number)
    assert of(office, email=subject.identifiers["email"])


# While an objection is weighed ---------------------------------------------------------------------------------------


def objected(office: Office, subject: SubjectTruth) -> str:
    number = office.register_subject(subject, right="objection", to="all-processing")
    office.identify({number: subject})
    planning.make(office.env, [number])
    carried_out(office, number)
    return number


def answered(office: Office, number: str) -> None:
    for message_id in answering_objection.run(office.env, number):
        office.deliver(message_id)


def test_what_a_human_weighs_is_restricted_meanwhile_and_no_more_where_refused(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    email = subject.identifiers["email"]
    number = objected(office, subject)
    weighed = weighing.to_weigh(plan_of(office, number))
    assert "R6" in weighed or "R1" in weighed
    assert of(office, email=email) == dict.fromkeys(weighed, RestrictionGround.OBJECTION)
    by_class = {"crm": "R1", "accounts": "R6"}
    wanted = {store: owned(subject)[store] if by_class.get(store) in weighed else set() for store in MARKABLE}
    assert marked(office) == wanted
    for message_id in answering_objection.tell_restricted(office.env, number):
        office.deliver(message_id)
    with transaction(office.env.register) as register:
        assert {one.told for one in notices.notices(register, number)} >= {"restricted"}
    weighing.weigh(office.env, number)
    refused, *upheld = weighed
    said = " ".join([f"{refused}=refuse:compelling-grounds", *(f"{name}=uphold" for name in upheld)])
    weighing.take(office.env, number, said, OFFICER)
    lifting.decide_objection(office.env, number)
    with pytest.raises(NotTold):
        lifting.lift(office.env, number)
    answered(office, number)
    assert any("lift" in one.en for one in closing.run(office.env, number).missing), "not at its end yet"
    closing.resume(office.env, number)
    for message_id in lifting.lift(office.env, number):
        office.deliver(message_id)
    assert of(office, email=email) == dict.fromkeys(upheld, RestrictionGround.OBJECTION)
    still = {store: keys if by_class.get(store) in upheld else set() for store, keys in wanted.items()}
    assert marked(office) == still
    assert closing.run(office.env, number).missing == ()
    told_and_lifted(office, number, "objection-handled")
    assert of(office, email=email) == {}
    assert marked(office) == NOTHING
    text = text_of(to(office, number, email)[-1])
    assert "voor deze gegevens:" in text
    assert "gestopt waartegen u bezwaar maakte" in text


def test_a_plan_made_anew_after_the_decision_restricts_no_more_what_was_refused(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    number = objected(office, subject)
    weighing.weigh(office.env, number)
    weighing.take(office.env, number, "all=refuse:no-situation", OFFICER)
    answered(office, number)
    lifting.decide_objection(office.env, number)
    lifting.lift(office.env, number)
    assert marked(office) == NOTHING
    planning.make(office.env, [number])
    assert plan_of(office, number).restricts == ()
    carried_out(office, number)
    assert marked(office) == NOTHING
    assert closing.run(office.env, number).missing == ()


def test_an_objection_to_marketing_alone_restricts_nothing(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, subscriber(subjects)
    number = office.register_subject(subject, right="objection", to="marketing")
    office.identify({number: subject})
    planning.make(office.env, [number])
    carried_out(office, number)
    assert of(office, email=subject.identifiers["email"]) == {}
    assert marked(office) == NOTHING


# Other rights of the same person -------------------------------------------------------------------------------------


def test_an_access_copy_says_what_is_not_used(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, somebody_known(subjects)
    restricted(office, subject)
    access = office.register_subject(subject)
    office.identify({access: subject})
    office.answer(access)
    export = office.export(access)
    (limited,) = export.manifest["restricted"]
    assert limited["kinds"] == []
    assert "rechtszaak" in limited["why"]
    (contact,) = export.rows["crm.public.contact"]
    assert contact["restricted_at"] is not None


def test_the_stores_know_nothing_of_a_restriction_in_what_an_erasure_leaves(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    """A subscription stays as an empty shell where the proof of a consent hangs on it."""
    office, subject = own_stores, somebody_known(subjects)
    restricted(office, subject, "accuracy")
    number = planned_erasure(office, subject)
    for store in office.env.catalog.stores:
        erasing.run(office.env, store, [number])
    verdict = recounting.run(office.env, [number])[number].verdict
    assert verdict.passed, verdict.failures
    assert marked(office)["marketing"] == set()


def planned_erasure(office: Office, subject: SubjectTruth) -> str:
    number = office.register_subject(subject, right="erasure")
    office.identify({number: subject})
    planning.make(office.env, [number])
    with transaction(office.env.register) as register:
        digest = plan_of(office, number).digest
        approvals.put_approval(register, office.env.keyring, number, digest, OFFICER)
    assert turns.begin(office.env, number) == []
    return number


# The cases that were given -------------------------------------------------------------------------------------------


def case(number: int) -> dict[str, str]:
    with (Path(__file__).parents[2] / "cases" / "decisions.csv").open() as file:
        return next(row for row in csv.DictReader(file) if row["id"] == str(number))


def test_case_40_logs_that_a_claim_needs_are_kept_from_deletion(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    given = case(40)
    assert (given["expected"], given["ground"]) == ("FUL; deletion paused", "18(1)(c)")
    office = own_stores
    subject = next(one for one in subjects if "accounts.public.login" in one.owned and not one.traits)
    number = planned(office, subject, "claims")
    logs = [step for step in plan_of(office, number).steps if step.record_class == "R7" and step.rows]
    assert {(step.action, step.ground) for step in logs} == {("list", "18(1)(c)")}
    carried_out(office, number)
    assert closed(office, number) is Outcome.FULFILLED
    assert EVERYTHING in of(office, email=subject.identifiers["email"]), "what a sweep asks before it deletes"
    assert "Wij wissen ze ook niet omdat een bewaartermijn voorbij is" in letter(
        office, number, subject.identifiers["email"]
    )


def test_case_39_a_contested_address_is_restricted_while_it_is_verified(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    given = case(39)
    assert (given["expected"], given["ground"]) == ("restrict, verify, decide", "18(1)(a)")
    office, subject = own_stores, somebody_known(subjects)
    number = restricted(office, subject, "accuracy")
    text = letter(office, number, subject.identifiers["email"])
    assert "tot wij hebben nagekeken of uw gegevens kloppen" in text
    told_and_lifted(office, number, "accurate")
    assert "Wij hebben uw gegevens nagekeken. Ze kloppen." in text_of(
        to(office, number, subject.identifiers["email"])[-1]
    )
    assert of(office, email=subject.identifiers["email"]) == {}
