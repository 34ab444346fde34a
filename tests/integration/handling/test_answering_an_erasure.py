"""The end of an erasure: its letter, all that goes with it, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any

import pytest
from handling_world import OFFICER, Office
from test_approving import approved, happened, planned, somebody

from avgflow.demo.truth import SubjectTruth
from avgflow.handling import answering_erasure, approving, closing, erasing, identify, notifying, planning, recounting
from avgflow.handling.answering import NotProven
from avgflow.register import notices, suppressions
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome, Status

TOLD = "it-companies"


def erased(office: Office, subject: SubjectTruth) -> str:
    """A request whose stores are done and re-counted."""
    number = planned(office, subject)
    approved(office, number)
    assert approving.approve(office.env, number) is None
    for store in office.env.catalog.stores:
        erasing.run(office.env, store, [number])
    assert recounting.run(office.env, [number])[number].verdict.passed
    return number


def with_recipient(office: Office, **changes: Any) -> None:
    """Let the policy know one recipient by mail; the others are told by hand."""
    policy = office.env.policy
    recipients = [one.model_copy(update=changes) if one.id == TOLD else one for one in policy.recipients]
    office.env.__dict__["policy"] = policy.model_copy(update={"recipients": tuple(recipients)})


def answered(office: Office, number: str) -> None:
    for message_id in answering_erasure.run(office.env, number):
        office.deliver(message_id)


def to(office: Office, number: str, address: str) -> list[EmailMessage]:
    return [mail for mail in office.mailbox.mails(number) if mail["Delivered-To"] == address]


def text_of(mail: EmailMessage) -> str:
    return " ".join(mail.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]


def test_the_person_gets_a_letter_and_the_request_is_closed(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    number = erased(office, subject)
    answered(office, number)
    closed = closing.run(office.env, number)
    assert closed.missing == ()
    assert (closed.request.status, closed.request.outcome) == (Status.CLOSED, Outcome.PARTLY_FULFILLED)
    (letter,) = to(office, number, subject.identifiers["email"])
    assert "nageteld" in text_of(letter)
    assert "Autoriteit Persoonsgegevens" in text_of(letter)


def test_all_that_goes_with_the_letter_is_done_once(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, somebody(subjects)
    with_recipient(office, email="privacy@leverancier.example", known_by=("customer_number",))
    number = erased(office, subject)
    for _ in range(2):
        answered(office, number)
    (notice,) = to(office, number, "privacy@leverancier.example")
    assert subject.identifiers["customer_number"].lower() in text_of(notice)
    assert subject.identifiers["email"] not in notice.as_string()
    classes = office.env.policy.classes
    named = {name for name, of_class in classes.items() if f"- {of_class.title.nl} " in text_of(notice)}
    assert named
    assert named <= set(office.env.policy.recipient(TOLD).classes)
    (loose_ends,) = to(office, number, office.env.policy.officer_mailbox)
    assert f"avgflow recipient confirm {number} suppliers" in text_of(loose_ends)
    assert f"confirm {number} {TOLD}" not in text_of(loose_ends)
    with transaction(office.env.register) as register:
        told = {notice.recipient: notice.message_id is not None for notice in notices.notices(register, number)}
        address = subject.identifiers["email"].upper()
        suppressed = suppressions.suppressed(register, office.env.keyring, "email", [address, "ander@example.nl"])
    assert told[TOLD] is True
    assert told["suppliers"] is False
    assert "police" not in told
    assert suppressed == {address}
    assert happened(office, number).count("answer.made") == 1


def test_a_recipient_that_refuses_our_mail_is_told_by_hand(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office = own_stores
    with_recipient(office, email="weg@leverancier.example")
    number = erased(office, somebody(subjects))
    _, notice, _ = answering_erasure.run(office.env, number)
    (message_id,) = notifying.tell_by_hand(office.env, number, [notice])
    office.deliver(message_id)
    (mail,) = to(office, number, office.env.policy.officer_mailbox)
    assert f"avgflow recipient confirm {number} {TOLD}" in text_of(mail)
    assert notifying.tell_by_hand(office.env, number, []) == []


def test_nothing_is_answered_before_the_recount_has_passed(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office = own_stores
    number = planned(office, somebody(subjects))
    approved(office, number)
    with pytest.raises(NotProven):
        answering_erasure.run(office.env, number)
    assert office.queued(number) == []
    assert "suppression.added" not in happened(office, number)


def test_what_is_missing_is_named_in_the_words_of_an_erasure(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    number = planned(office, somebody(subjects))
    missing = [one.en for one in closing.run(office.env, number).missing]
    assert missing[0] == "the plan is not approved"
    assert "no receipt of store crm" in missing
    assert "no proof of erasure" in missing
    assert office.request(number).status is Status.STOPPED


def test_a_person_of_whom_nothing_is_held_hears_so(own_stores: Office) -> None:
    office = own_stores
    number = office.register(right="erasure", email="niemand.hier@example.nl", name="Nemo Niemand")
    assert identify.identify(office.env, [number])[number] is None
    planning.make(office.env, [number])
    approved(office, number, OFFICER)
    assert approving.approve(office.env, number) is None
    for store in office.env.catalog.stores:
        erasing.run(office.env, store, [number])
    assert recounting.run(office.env, [number])[number].verdict.passed
    answered(office, number)
    assert closing.run(office.env, number).request.outcome is Outcome.NOTHING_FOUND
    (letter,) = to(office, number, "niemand.hier@example.nl")
    assert "geen gegevens" in text_of(letter)
