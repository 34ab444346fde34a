"""A request that is not carried out as asked: a reason, a second pair of eyes, a letter, and the end (art. 12(4))."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from handling_world import OFFICER, Office, personal_in
from test_approving import SECOND, approved, name_of_plan, planned, somebody, with_erasure
from test_coding import sent, unverified

from avgflow.demo.truth import SubjectTruth
from avgflow.fields import InvalidText, NoteTooLong
from avgflow.handling import (
    answering,
    approving,
    asking_person,
    closing,
    declining,
    erasing,
    identify,
    planning,
    stopping,
    turns,
    validating,
    verifying,
    watching,
    withdrawing,
)
from avgflow.handling.declining import (
    FactsMissing,
    NotAskedYet,
    NothingProposed,
    TooLateToDecline,
    VerifiedAlready,
)
from avgflow.handling.identify import NotSettled
from avgflow.handling.over import Declined
from avgflow.handling.waiting import ChoiceRefused, Waiting
from avgflow.intake import Verification, day_in_amsterdam
from avgflow.policy.reasons import GROUNDS, DeclineReason
from avgflow.register import chain, events
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome, RequestClosed, Status

FACTS = "U vroeg dit in één week zeven keer, en schreef dat u ons werk wilt bezorgen."


def happened(office: Office, number: str, name: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Who did what a name says, and the details; the chain has to be whole."""
    with transaction(office.env.register) as register:
        assert chain.verify(register, office.env.keyring).ok
        return [(event.actor, event.detail) for event in events.history(register, number) if event.name == name]


def ended(office: Office, number: str) -> str:
    """Send the letter and close the request, as the last task of the run does; the letter's text."""
    (letter,) = declining.letter(office.env, number)
    assert office.deliver(letter).accepted
    assert closing.run(office.env, number).missing == ()
    read = office.mailbox.mails(number)[-1]
    return " ".join(read.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]


def declined(office: Office, number: str, reason: DeclineReason, note: str = "") -> str:
    """Decline with two officers; the letter's text."""
    declining.propose(office.env, number, reason, note, OFFICER)
    declining.confirm(office.env, number, SECOND)
    return ended(office, number)


# Two pairs of eyes ---------------------------------------------------------------------------------------------------


def test_who_proposed_it_does_not_confirm_it(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    with_erasure(office.env, officers=(OFFICER, SECOND))
    person = somebody(subjects)
    number = unverified(office, person, name=person.name)
    with pytest.raises(NothingProposed):
        declining.confirm(office.env, number, SECOND)
    declining.propose(office.env, number, DeclineReason.EXCESSIVE, FACTS, OFFICER)
    for actor in (OFFICER, OFFICER.upper(), "somebody-else"):
        with pytest.raises(ChoiceRefused, match=SECOND) as refusal:
            declining.confirm(office.env, number, actor)
        assert "\n" not in str(refusal.value)
    assert declining.letter(office.env, number) == []
    _, done = declining.confirm(office.env, number, SECOND)
    assert (done.actor, done.alone, done.proposal.actor) == (SECOND, False, OFFICER)
    assert happened(office, number, "request.declined") == [
        (SECOND, {"reason": "excessive", "proposed_by": OFFICER, "alone": False})
    ]
    # Open until the mail server has the letter.
    assert office.request(number).status is Status.WAITING
    assert closing.run(office.env, number).missing[0].en == "the mail server has not accepted the answer"
    read = ended(office, number)
    assert read.startswith(f"Beste {person.name},")
    assert FACTS in read
    assert "artikel 12 lid 5" in read
    assert "binnen zes weken" in read
    assert (office.request(number).status, office.request(number).outcome) == (Status.CLOSED, Outcome.REFUSED)
    for told in (happened(office, number, name) for name in ("decline.proposed", "request.declined", "answer.made")):
        assert "zeven" not in str(told)
        assert personal_in(str(told), person) == []


def test_where_the_policy_names_no_second_officer_that_is_on_record(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    with_erasure(office.env, officers=(OFFICER,))
    number = unverified(office, somebody(subjects))
    declining.propose(office.env, number, DeclineReason.UNFOUNDED, FACTS, OFFICER)
    _, done = declining.confirm(office.env, number, OFFICER)
    assert done.alone
    assert happened(office, number, "request.declined")[0][1]["alone"] is True


def test_what_follows_from_who_asks_is_confirmed_by_another_than_who_registered_it(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    """Case 12: 'delete our company', from a B.V."""
    with_erasure(office.env, officers=(OFFICER, SECOND))
    number = office.register(
        right="erasure", email="directie@bv.example", name="Bedrijf B.V.", verified_by=None, asks_as="organisation"
    )
    question = identify.identify(office.env, [number])[number]
    assert question is not None
    assert question.waiting is Waiting.DECLINE
    assert happened(office, number, "decline.proposed") == [("avgflow", {"reason": "legal-person", "note": False})]
    with pytest.raises(ChoiceRefused, match="cannot go on as it is"):
        verifying.take(office.env, number, Verification.PORTAL_LOGIN, [], SECOND)
    with pytest.raises(NotSettled):
        planning.make(office.env, [number])
    with pytest.raises(ChoiceRefused, match=SECOND):
        declining.confirm(office.env, number, OFFICER)
    declining.confirm(office.env, number, SECOND)
    read = ended(office, number)
    assert office.request(number).outcome is Outcome.OUTSIDE_AVG
    assert "geldt niet voor uw verzoek" in read
    assert "volgens de afspraken in het contract" in read
    assert "kunnen ons zelf vragen om hun eigen gegevens" in read
    assert "overweging 14" in read


@pytest.mark.parametrize(
    ("asks_as", "born", "outcome", "words"),
    [
        ("heir", None, Outcome.OUTSIDE_AVG, ("overweging 27", "nalatenschap", "verklaring van erfrecht")),
        ("employer", None, Outcome.REFUSED, ("kan het ons zelf vragen", "gewone wijziging")),
        ("parent", "2010-01-01", Outcome.REFUSED, ("Uw kind kan het ons zelf vragen", "artikel 5 UAVG")),
        ("self", "2016-01-01", Outcome.REFUSED, ("nog te jong", "Vraag uw ouder of voogd")),
    ],
)
def test_who_may_not_ask_is_told_what_can_be_done(
    office: Office, subjects: Sequence[SubjectTruth], asks_as: str, born: str | None, outcome: Outcome, words: list[str]
) -> None:
    """Cases 32 and 33, and children."""
    person = somebody(subjects, 1)
    given = {"email": "wie.vraagt@kantoor.example", "name": "Wie Vraagt", "verified_by": None, "born": born}
    number = office.register_subject(person, asks_as=asks_as, **given)
    assert identify.identify(office.env, [number])[number].waiting is Waiting.DECLINE  # type: ignore[union-attr]
    declining.confirm(office.env, number, SECOND)
    read = ended(office, number)
    assert office.request(number).outcome is outcome
    for word in words:
        assert word in read
    (letter,) = office.mailbox.mails(number)
    assert letter["Delivered-To"] == "wie.vraagt@kantoor.example"
    assert personal_in(str(letter), person) == []


def test_an_employer_that_shows_a_mandate_after_all_goes_on(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    person = somebody(subjects, 2)
    number = office.register_subject(person, email="hr@werkgever.example", verified_by=None, asks_as="employer")
    identify.identify(office.env, [number])
    verifying.take(office.env, number, Verification.MANDATE, [], OFFICER)
    assert identify.identify(office.env, [number])[number] is None
    assert happened(office, number, "decline.dropped") == [("avgflow", {})]
    with pytest.raises(NothingProposed):
        declining.confirm(office.env, number, SECOND)


# Reasons -------------------------------------------------------------------------------------------------------------


def test_no_answer_after_a_reminder_is_refused_within_the_term(
    office: Office, subjects: Sequence[SubjectTruth], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 27: no identity answer; after a reminder, refused within the term by 12(2) and (6)."""
    received = day_in_amsterdam() - timedelta(20)
    number = unverified(office, somebody(subjects, 1), received=received)
    reason = DeclineReason.IDENTITY
    with pytest.raises(NotAskedYet, match="Ask first"):
        declining.propose(office.env, number, reason, "", OFFICER)
    sent(office, number)
    with pytest.raises(NotAskedYet, match="Remind them first"):
        declining.propose(office.env, number, reason, "", OFFICER)
    sent(office, number)
    # A month later: the clock stood still since the first code, so the answer is in time.
    for module in (declining, asking_person):
        monkeypatch.setattr(module, "day_in_amsterdam", lambda: received + timedelta(60))
    read = declined(office, number, reason)
    assert "artikel 12 lid 2 en lid 6" in read
    assert "herinnerden u daaraan" in read
    assert "te laat" not in read
    assert happened(office, number, "answer.made")[0][1] == {
        "outcome": "refused",
        "reason": "identity-not-shown",
        "late": False,
    }
    assert office.request(number).outcome is Outcome.REFUSED


def test_a_question_and_reminder_by_another_way_count_too(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    person = somebody(subjects, 1)
    number = office.register_subject(person, email="mr@kantoor.example", verified_by=None, asks_as="lawyer")
    identify.identify(office.env, [number])
    with pytest.raises(asking_person.NothingToAsk):
        asking_person.remind(office.env, number, None, OFFICER)
    asking_person.ask(office.env, number, None, OFFICER)
    with pytest.raises(NotAskedYet, match="Remind"):
        declining.propose(office.env, number, DeclineReason.NO_MANDATE, "", OFFICER)
    asking_person.remind(office.env, number, None, OFFICER)
    assert "machtiging" in declined(office, number, DeclineReason.NO_MANDATE)


def test_the_company_gives_the_facts_where_it_has_to_show_them(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    """Case 28: refused only if proven excessive (12(5))."""
    number = unverified(office, somebody(subjects))
    for note in ("", "  \n "):
        with pytest.raises(FactsMissing, match="12\\(5\\)"):
            declining.propose(office.env, number, DeclineReason.EXCESSIVE, note, OFFICER)
    with pytest.raises(NoteTooLong):
        declining.propose(office.env, number, DeclineReason.EXCESSIVE, "x" * 2001, OFFICER)
    with pytest.raises(InvalidText):
        declining.propose(office.env, number, DeclineReason.EXCESSIVE, "a\x00b", OFFICER)
    assert happened(office, number, "decline.proposed") == []


def test_who_is_verified_is_not_refused_for_not_showing_who_they_are(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    number = office.register_subject(somebody(subjects))
    with pytest.raises(VerifiedAlready):
        declining.propose(office.env, number, DeclineReason.IDENTITY, "", OFFICER)


def test_an_art_22_question_is_fulfilled(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    """Case 53."""
    number = office.register_subject(somebody(subjects, 1), right="objection", to="all-processing")
    read = declined(office, number, DeclineReason.NO_AUTOMATED_DECISIONS)
    assert "geen besluit genomen door alleen een computer" in read
    assert office.request(number).outcome is Outcome.FULFILLED


def test_a_late_refusal_says_that_no_time_limit_holds(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    number = office.register_subject(somebody(subjects), received=day_in_amsterdam() - timedelta(60))
    read = declined(office, number, DeclineReason.UNFOUNDED, FACTS)
    assert "geldt er geen termijn als u naar de rechter wilt" in read
    assert happened(office, number, "answer.made")[0][1]["late"] is True


def test_another_proposal_takes_the_place_of_the_first_and_none_is_taken_back(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    number = unverified(office, somebody(subjects))
    for _ in range(2):
        declining.propose(office.env, number, DeclineReason.EXCESSIVE, FACTS, OFFICER)
    declining.propose(office.env, number, DeclineReason.UNFOUNDED, FACTS, OFFICER)
    assert len(happened(office, number, "decline.proposed")) == 2
    assert [mail.kind.partition(":")[0] for mail in office.queued(number)] == ["proposed", "proposed"]
    shown = declining.show(office.env, number)
    assert GROUNDS[DeclineReason.UNFOUNDED].reason.nl in " ".join(shown.letter.split())
    (waits,) = (one for one in watching.look(office.env).waiting if one.number == number)
    assert waits.waits_for is not None
    assert "tweede privacy officer" in waits.waits_for.nl
    declining.drop(office.env, number, SECOND)
    with pytest.raises(NothingProposed):
        declining.drop(office.env, number, SECOND)
    with pytest.raises(NothingProposed):
        declining.show(office.env, number)
    with pytest.raises(NothingProposed):
        declining.confirm(office.env, number, SECOND)


# Its place in the way of a request -----------------------------------------------------------------------------------


def test_from_the_confirmation_on_no_step_begins(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    number = planned(office, somebody(subjects, 1))
    approved(office, number)
    declining.propose(office.env, number, DeclineReason.UNFOUNDED, FACTS, OFFICER)
    declining.confirm(office.env, number, SECOND)
    with pytest.raises(Declined):
        closing.resume(office.env, number)
    with pytest.raises(Declined):
        turns.begin(office.env, number)
    with pytest.raises(Declined):
        withdrawing.withdraw(office.env, number, OFFICER)
    ended(office, number)
    with pytest.raises(Declined):
        closing.resume(office.env, number)
    with pytest.raises(RequestClosed):
        declining.propose(office.env, number, DeclineReason.UNFOUNDED, FACTS, OFFICER)


def test_what_has_begun_is_not_declined_any_more(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office = own_stores
    erasure = planned(office, somebody(subjects, 0))
    declining.propose(office.env, erasure, DeclineReason.UNFOUNDED, FACTS, OFFICER)
    approving.approve(office.env, erasure)
    approving.take(office.env, erasure, name_of_plan(office, erasure), OFFICER)
    assert approving.approve(office.env, erasure) is None
    objection = planned_objection(office, somebody(subjects, 1))
    stopping.suppress(office.env, objection)
    for number in (erasure, objection):
        for again in (
            lambda number=number: declining.propose(office.env, number, DeclineReason.UNFOUNDED, FACTS, OFFICER),
            lambda number=number: declining.confirm(office.env, number, SECOND),
        ):
            with pytest.raises(TooLateToDecline):
                again()
    assert declining.letter(office.env, erasure) == []
    # Nor once it has stopped half way: a store may have been changed.
    erasing.run(office.env, "crm", [erasure])
    closing.stop(office.env, erasure, OFFICER)
    with pytest.raises(TooLateToDecline):
        declining.confirm(office.env, erasure, SECOND)


def planned_objection(office: Office, person: SubjectTruth) -> str:
    number = office.register_subject(person, right="objection", to="marketing")
    office.identify({number: person})
    planning.make(office.env, [number])
    return number


def test_of_an_answer_and_a_refusal_at_once_only_one_goes_out(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    """The outbox has one answer per request; whoever is second sees it."""
    person = somebody(subjects, 1)
    number = office.register_subject(person)
    office.identify({number: person})
    office.collect(number)
    assert validating.run(office.env, [number])[number].verdict.passed
    declining.propose(office.env, number, DeclineReason.UNFOUNDED, FACTS, OFFICER)
    declining.confirm(office.env, number, SECOND)
    prepared = answering.run(office.env, number)
    assert [prepared.message_id] == declining.letter(office.env, number)
    read = ended(office, number)
    assert "wijzen uw verzoek af" in read
    assert len(office.mailbox.mails(number)) == 1
    answered = office.register_subject(person)
    office.identify({answered: person})
    office.collect(answered)
    assert validating.run(office.env, [answered])[answered].verdict.passed
    answering.run(office.env, answered)
    with pytest.raises(TooLateToDecline):
        declining.propose(office.env, answered, DeclineReason.UNFOUNDED, FACTS, OFFICER)


def test_confirming_at_once_and_again_makes_one_letter(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    number = unverified(office, somebody(subjects))
    declining.propose(office.env, number, DeclineReason.UNFOUNDED, FACTS, OFFICER)
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: declining.confirm(office.env, number, SECOND)[1], range(4)))
    assert len({one.at for one in done}) == 1
    assert len(happened(office, number, "request.declined")) == 1
    ended(office, number)
    request, _ = declining.confirm(office.env, number, SECOND)
    assert request.status is Status.CLOSED
    assert len([mail for mail in office.queued(number) if mail.kind == "answer"]) == 1


def test_a_stopped_request_can_be_declined(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    number = unverified(office, somebody(subjects))
    closing.stop(office.env, number, OFFICER)
    declined(office, number, DeclineReason.UNFOUNDED, FACTS)
    assert office.request(number).outcome is Outcome.REFUSED


def test_a_request_of_before_the_procedure_is_declined_like_any_other(
    office: Office, register: Any, subjects: Sequence[SubjectTruth]
) -> None:
    person = somebody(subjects)
    number = unverified(office, person)
    old = {"email": person.identifiers["email"], "name": person.name, "customer_number": None, "phone": None}
    # As it was sealed before there were others who ask.
    sealed = office.env.keyring.seal_json({**old, "other": {}})
    with psycopg.connect(register.superuser_dsn) as conn:
        conn.execute("UPDATE request SET subject_sealed = %s WHERE number = %s", (sealed, number))
    assert identify.identify(office.env, [number])[number].waiting is Waiting.VERIFICATION  # type: ignore[union-attr]
    sent(office, number)
    assert "wijzen uw verzoek af" in declined(office, number, DeclineReason.UNFOUNDED, FACTS)
