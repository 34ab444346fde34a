"""Intake: what passes, and one clear line for what does not."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow import asked, fields, intake
from avgflow.intake import Intake, Language, Right, Verification, parse

TODAY = date(2026, 11, 25)


def taken(**changes: object) -> Intake:
    return parse(**{"right": "access", "email": "j.jansen@bedrijf.nl", "today": TODAY, **changes})  # type: ignore[arg-type]


def refused(kind: type[fields.IntakeRefused], **changes: object) -> str:
    with pytest.raises(kind) as refusal:
        taken(**changes)
    line = str(refusal.value)
    assert "\n" not in line
    assert line.endswith(".")
    return line


def test_the_least_that_is_needed_is_a_right_and_an_address() -> None:
    request = taken()
    assert (request.right, request.received, request.verified_by) == (Right.ACCESS, TODAY, None)
    assert request.language is Language.DUTCH
    assert request.subject.identifiers == {"email": "j.jansen@bedrijf.nl"}


def test_everything_that_can_be_given_is_kept() -> None:
    request = taken(
        right=" ERASURE ",
        email="\u00a0J.Jansen@Bedrijf.nl\n",
        received="2026-11-20",
        verified_by="phone-callback",
        name="Renée van 't Hof",
        customer_number=" K-1002 ",
        phone="+31 6 12345678",
        identifiers={"portal_user": "jj"},
        language="en",
    )
    assert (request.right, request.received, request.language) == (Right.ERASURE, date(2026, 11, 20), Language.ENGLISH)
    assert request.verified_by is Verification.PHONE_CALLBACK
    subject = request.subject
    assert (subject.email, subject.name, subject.phone) == ("J.Jansen@Bedrijf.nl", "Renée van 't Hof", "+31 6 12345678")
    # A name or a telephone number never selects a person.
    assert subject.identifiers == {"email": "J.Jansen@Bedrijf.nl", "customer_number": "K-1002", "portal_user": "jj"}
    assert intake.Subject.from_json(subject.to_json()) == subject


@pytest.mark.parametrize("blank", ["", "  ", "\t\r\n", "\u00a0", None])
def test_a_blank_optional_field_is_not_given_and_a_blank_address_is_refused(blank: str | None) -> None:
    given_blank = taken(name=blank, customer_number=blank, phone=blank, verified_by=blank, received=blank)
    assert given_blank == taken()
    assert taken(identifiers={"portal_user": blank or ""}).subject.other == {}
    assert "is blank" in refused(fields.InvalidEmail, email=blank)


@pytest.mark.parametrize(
    "address",
    [
        "jan",
        "jan@",
        "@bedrijf.nl",
        "jan@bedrijf",
        "jan@@bedrijf.nl",
        "jan@bed@rijf.nl",
        "jan jansen@bedrijf.nl",
        "jan@bedrijf .nl",
        "jan@bedrijf..nl",
        "jan@.bedrijf.nl",
        "jan@bedrijf.nl.",
        "Jan <jan@bedrijf.nl>",
        "jan@bedrijf.nl, piet@bedrijf.nl",
        "jan@bedrijf.nl\nBcc: piet@bedrijf.nl",
        "jan@[192.168.1.1]",
        "jan@192.168.1.1",
        "jan@local",
        "jan@.local",
        "'; DROP TABLE request; --@x.nl",
        "jan@bedrijf.nl\x00",
        f"{'j' * 64}@{'b' * 200}.nl",
        f"{'j' * 65}@bedrijf.nl",
        "%@bedrijf nl",
    ],
)
def test_a_malformed_address_is_refused_without_repeating_it(address: str) -> None:
    assert address not in refused(fields.InvalidEmail, email=address)


@pytest.mark.parametrize(
    "address",
    [
        "jan@bedrijf.nl",
        "j.o'brien+avg@sub.bedrijf.co.uk",
        "jan@café.nl",
        "josé@bedrijf.nl",
        "jan@Kantoor.LOCAL",
        "x@y.test",
    ],
)
def test_an_address_that_a_mail_server_would_take_passes(address: str) -> None:
    assert taken(email=address).subject.email == address


def test_an_unknown_right_is_answered_with_those_there_are() -> None:
    for wrong in ("forget-me", "", None, "Access!"):
        assert "access, rectification, erasure" in refused(intake.UnknownRight, right=wrong)


def test_an_unknown_way_of_verifying_is_answered_with_those_there_are() -> None:
    assert "portal-login, known-email" in refused(intake.UnknownVerification, verified_by="passport-copy")


def test_an_unknown_language_is_refused() -> None:
    assert "nl, en" in refused(intake.UnknownLanguage, language="de")


@pytest.mark.parametrize("received", ["2026-11-26", date(2026, 11, 26), "2999-01-01"])
def test_a_date_of_receipt_in_the_future_is_refused(received: object) -> None:
    assert "lies in the future" in refused(fields.InvalidReceived, received=received)


@pytest.mark.parametrize("received", ["25-11-2026", "2026-02-30", "20261125", "2026-W48-3", "yesterday", "2026-1-5"])
def test_what_is_no_date_is_refused(received: str) -> None:
    assert "is not a date" in refused(fields.InvalidReceived, received=received)


def test_a_request_cannot_be_older_than_the_avg() -> None:
    assert taken(received="2018-05-25").received == date(2018, 5, 25)
    assert "2018-05-25" in refused(fields.InvalidReceived, received="0206-11-01")


def test_the_day_of_receipt_is_that_in_the_netherlands() -> None:
    just_after_midnight = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert taken(received=just_after_midnight).received == TODAY


@pytest.mark.parametrize("field", ["name", "customer_number", "phone"])
@pytest.mark.parametrize("value", ["a\r\nBcc: x", "a\x00b", "a\u2028b", "x" * 201])
def test_text_that_cannot_stand_on_one_line_is_refused(field: str, value: str) -> None:
    assert value not in refused(fields.InvalidText, **{field: value})


@pytest.mark.parametrize("kind", ["jan@bedrijf.nl", "Portal User", "", "email", "phone", "x" * 41])
def test_the_kind_of_a_further_identifier_is_a_word_of_its_own(kind: str) -> None:
    assert kind == "" or len(kind) == 5 or kind not in refused(fields.InvalidText, identifiers={kind: "1"})


def test_neither_an_intake_nor_its_subject_shows_the_person() -> None:
    request = taken(name="Kanarie", customer_number="K-1")
    for shown in (repr(request), str(request), repr(request.subject), str(request.subject), f"{request.subject}"):
        assert "jansen" not in shown
        assert "Kanarie" not in shown


@given(st.text(), st.text(), st.text())
def test_whatever_is_typed_is_taken_or_refused_by_name(email: str, name: str, received: str) -> None:
    with suppress(fields.IntakeRefused):
        taken(email=email, name=name, received=received)


def test_what_selects_a_person_apart_from_a_request_is_checked_likewise() -> None:
    given = intake.identifiers(
        email=" j.jansen@bedrijf.nl ", customer_number="\t", others={"visitor_id": "V-1", "card": " "}
    )
    assert given == {"email": "j.jansen@bedrijf.nl", "visitor_id": "V-1"}
    assert intake.identifiers() == intake.identifiers(email=" ") == {}
    with pytest.raises(fields.InvalidEmail):
        intake.identifiers(email="j.jansen")
    with pytest.raises(fields.InvalidText):
        intake.identifiers(others={"email": "j.jansen@bedrijf.nl"})


# What an objection is to ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", list(intake.Scope))
def test_an_objection_says_what_it_is_to(scope: intake.Scope) -> None:
    taken = intake.parse(right="objection", email="jan@example.nl", to=f" {scope.upper()} ")
    assert taken.scope is scope


@pytest.mark.parametrize("to", [None, "", "newsletter", "everything"])
def test_an_objection_to_nothing_known_is_refused_with_the_words_there_are(to: str | None) -> None:
    with pytest.raises(intake.UnknownScope, match="marketing, surveys, cookies, all-processing"):
        intake.parse(right="objection", email="jan@example.nl", to=to)


def test_no_other_right_is_to_anything() -> None:
    with pytest.raises(asked.AskedMisplaced, match="--to"):
        intake.parse(right="access", email="jan@example.nl", to="marketing")
    assert intake.parse(right="erasure", email="jan@example.nl").scope is None


# What a restriction, a rectification and a portability ask besides ---------------------------------------------------


@pytest.mark.parametrize("ground", list(intake.RestrictionGround))
def test_a_restriction_says_why(ground: intake.RestrictionGround) -> None:
    assert intake.parse(right="restriction", email="jan@example.nl", ground=f" {ground.upper()}").ground is ground


def test_a_restriction_without_a_ground_is_told_which_there_are() -> None:
    assert "accuracy, unlawful, claims, objection" in refused(intake.UnknownGround, right="restriction")


def test_what_is_wrong_and_what_is_right_is_kept_by_attribute() -> None:
    taken = intake.parse(
        right="rectification",
        email="jan@example.nl",
        correct={"phone": " 06-1 ", "last_name": "Jansen"},
        was={"phone": "06-2"},
        statement="Eerste regel.\r\nTweede regel.",
    )
    assert [(one.attribute, one.new, one.old) for one in taken.asked.corrections] == [
        ("phone", "06-1", "06-2"),
        ("last_name", "Jansen", None),
    ]
    assert taken.asked.statement == "Eerste regel.\nTweede regel."
    assert asked.Asked.from_json(taken.asked.to_json()) == taken.asked
    assert "06-1" not in repr(taken)
    assert "regel" not in repr(taken)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "Say what is to be corrected"),
        ({"correct": {"phone": " "}}, "The right phone is blank"),
        ({"correct": {"phone": "06-1"}, "was": {"phone": "06-1"}}, "the same as the former one"),
        ({"correct": {"phone": "06-1"}, "was": {"email": "a@b.nl"}}, "Add --correct email"),
        ({"correct": {"06-12345678": "phone"}}, "not named as the catalog names it"),
        ({"statement": "a\x00b"}, "cannot be printed"),
        ({"statement": "a" * 4001}, "longer than 4000 characters"),
    ],
)
def test_a_rectification_that_cannot_be_carried_out_is_refused(given: dict[str, object], said: str) -> None:
    message = refused(fields.IntakeRefused, right="rectification", **given)
    assert said in message
    assert "12345678" not in message


def test_no_other_right_has_what_a_rectification_restriction_or_portability_has() -> None:
    assert "rectification" in refused(asked.AskedMisplaced, right="access", correct={"phone": "1"})
    assert "rectification" in refused(asked.AskedMisplaced, right="access", statement="Nee.")
    assert "restriction" in refused(asked.AskedMisplaced, right="erasure", ground="accuracy")
    assert "portability" in refused(asked.AskedMisplaced, right="access", destination="a@b.nl")


def test_portable_data_go_to_another_controller_where_that_is_asked() -> None:
    taken = intake.parse(right="portability", email="jan@example.nl", destination=" data@ander.nl ")
    assert taken.asked.destination == "data@ander.nl"
    assert intake.parse(right="portability", email="jan@example.nl").asked.destination is None
