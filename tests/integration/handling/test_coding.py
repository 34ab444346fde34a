"""A one-time code: to an address that the stores know, good for one use, three tries and some days (art. 12(6))."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from handling_world import OFFICER, Office, personal_in, refused, with_trait

from avgflow.demo.truth import SubjectTruth
from avgflow.handling import coding, identify, verifying
from avgflow.handling.coding import (
    Choice,
    Made,
    NoCodeNeeded,
    NoKnownAddress,
    NotThatAddress,
    WrongCode,
    WrongForm,
)
from avgflow.handling.waiting import ChoiceRefused, Waiting
from avgflow.intake import Verification, day_in_amsterdam
from avgflow.register import clock, events
from avgflow.register.codes import TRIES, NoCode
from avgflow.register.database import transaction


def plain(subjects: Sequence[SubjectTruth], place: int = 0) -> SubjectTruth:
    """Somebody with one address of their own and nothing awkward about them."""
    return [one for one in subjects if one.kind == "sole_proprietor" and not one.traits][place]


def unverified(office: Office, person: SubjectTruth, **given: Any) -> str:
    number = office.register_subject(person, verified_by=None, **given)
    question = identify.identify(office.env, [number])[number]
    assert question is not None
    assert question.waiting is Waiting.VERIFICATION
    return number


def sent(office: Office, number: str, pick: int | None = None) -> str:
    """Send a code and read it in the mailbox it went to."""
    made = coding.send(office.env, number, pick, OFFICER)
    assert isinstance(made, Made)
    return arrived(office, number, made)


def arrived(office: Office, number: str, made: Made) -> str:
    (mail,) = (mail for mail in office.queued(number) if mail.kind == f"code:{made.code.nth}")
    assert office.deliver(mail.message_id).accepted
    coding.settle(office.env, mail.message_id)
    letter = office.mailbox.mails(number)[-1]
    (digits,) = re.findall(r"^(\d{6})\r?$", letter.get_body(("plain",)).get_content(), re.MULTILINE)  # type: ignore[union-attr]
    return str(digits)


def happened(office: Office, number: str, name: str) -> list[Mapping[str, Any]]:
    with transaction(office.env.register) as register:
        return [event.detail for event in events.history(register, number) if event.name == name]


def another(digits: str) -> str:
    return f"{(int(digits) + 1) % 10**6:06d}"


def test_a_request_from_an_unknown_address_gets_its_code_at_the_known_one(office: Office, subjects) -> None:
    """Case 24: from an unknown Gmail; hold, and mail the known address."""
    person = plain(subjects)
    gmail = "iemand.zegt.dat@gmail.example"
    number = unverified(office, person, email=gmail)
    digits = sent(office, number)
    (letter,) = office.mailbox.mails(number)
    assert letter["Delivered-To"] == person.identifiers["email"].strip().lower()
    assert gmail not in str(letter)
    assert person.name not in str(letter)
    with transaction(office.env.register) as register:
        assert clock.of(register, [number])[number].asked == day_in_amsterdam()
    coding.check(office.env, number, f" {digits[:3]} {digits[3:]} ", OFFICER)
    verifying.take(office.env, number, Verification.KNOWN_EMAIL, [], OFFICER)
    assert office.request(number).verified_by is Verification.KNOWN_EMAIL
    assert happened(office, number, "clock.resumed")
    # The answer would go to an address that nobody knows: that is for a human to see.
    question = identify.identify(office.env, [number])[number]
    assert question is not None
    assert question.waiting is Waiting.ADDRESS


def test_who_is_logged_in_to_the_portal_is_asked_for_nothing_more(office: Office, subjects) -> None:
    """Case 25."""
    number = office.register_subject(plain(subjects), verified_by="portal-login")
    assert identify.identify(office.env, [number])[number] is None
    with pytest.raises(NoCodeNeeded):
        coding.send(office.env, number, None, OFFICER)


def test_the_officer_is_told_to_delete_an_identity_document_that_was_sent_unasked() -> None:
    """Case 26: verify otherwise, and delete the scan."""
    told = " ".join(Waiting.VERIFICATION.explanation.split())
    assert "ongevraagd een kopie van een identiteitsbewijs? Gebruik die niet, en wis hem meteen" in told


def test_nothing_of_the_code_stands_anywhere_but_in_the_sealed_mail(office: Office, register: Any, subjects) -> None:
    person = plain(subjects, 1)
    number = unverified(office, person)
    digits = sent(office, number)
    with pytest.raises(WrongCode) as wrong:
        coding.check(office.env, number, another(digits), OFFICER)
    coding.check(office.env, number, digits, OFFICER)
    with transaction(register.engine) as conn:
        told = str(events.history(conn, number))
        kept = str(conn.exec_driver_sql("SELECT * FROM code").all())
    for value in (digits, another(digits)):
        assert value not in str(wrong.value)
        assert value not in re.sub(r"[0-9a-f]{64}|\.\d{6}|, \d{6}, tz", "", told)
        assert value not in re.sub(r"[0-9a-f]{64}|, \d{6}, tz|, \d{1,2}, \d{1,6}, tz", "", kept)
    assert personal_in(told, person) == []


def test_the_third_wrong_code_voids_it(office: Office, subjects) -> None:
    person = plain(subjects, 2)
    number = unverified(office, person)
    digits = sent(office, number)
    for left in reversed(range(TRIES)):
        with refused(WrongCode, person, str(left) if left else "works no more"):
            coding.check(office.env, number, another(digits), OFFICER)
    with refused(NoCode, person, "wrong one was given 3 times"):
        coding.check(office.env, number, digits, OFFICER)
    assert [detail["tries_left"] for detail in happened(office, number, "code.refused")] == [2, 1, 0]
    assert office.request(number).verified_by is None
    again = sent(office, number)
    coding.check(office.env, number, again, OFFICER)


@pytest.mark.parametrize("given", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"])
def test_what_is_no_code_takes_no_try(office: Office, subjects, given: str) -> None:
    number = unverified(office, plain(subjects, 3))
    sent(office, number)
    with pytest.raises(WrongForm):
        coding.check(office.env, number, given, OFFICER)
    assert happened(office, number, "code.refused") == []


def test_a_code_works_once_and_a_new_one_voids_the_old(office: Office, subjects) -> None:
    number = unverified(office, plain(subjects, 4))
    with pytest.raises(NoCode, match="none was sent"):
        coding.check(office.env, number, "000000", OFFICER)
    first = sent(office, number)
    second = sent(office, number)
    if first != second:
        with pytest.raises(WrongCode):
            coding.check(office.env, number, first, OFFICER)
    coding.check(office.env, number, second, OFFICER)
    with pytest.raises(NoCode, match="was used"):
        coding.check(office.env, number, second, OFFICER)
    assert [detail["code"] for detail in happened(office, number, "code.sent")] == [1, 2]
    assert len(happened(office, number, "clock.stopped")) == 1


def test_a_code_works_until_the_end_of_its_last_day(office: Office, subjects, monkeypatch: pytest.MonkeyPatch) -> None:
    number = unverified(office, plain(subjects, 5))
    digits = sent(office, number)
    (made,) = happened(office, number, "code.made")
    until = date.fromisoformat(made["until"])
    assert until == day_in_amsterdam() + timedelta(office.env.policy.identity.code_days)
    monkeypatch.setattr(coding, "day_in_amsterdam", lambda: until + timedelta(1))
    with pytest.raises(NoCode, match=f"worked until {until.isoformat()}"):
        coding.check(office.env, number, digits, OFFICER)
    monkeypatch.setattr(coding, "day_in_amsterdam", lambda: until)
    coding.check(office.env, number, digits, OFFICER)


def test_of_two_at_once_one_uses_the_code(office: Office, subjects) -> None:
    number = unverified(office, plain(subjects, 6))
    digits = sent(office, number)

    def use(_: int) -> str:
        try:
            coding.check(office.env, number, digits, OFFICER)
        except NoCode:
            return "used"
        return "right"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(use, range(4))) == ["right", "used", "used", "used"]


def test_wrong_tries_at_once_are_counted_each(office: Office, subjects) -> None:
    number = unverified(office, plain(subjects, 7))
    digits = sent(office, number)

    def guess(n: int) -> str:
        try:
            coding.check(office.env, number, f"{(int(digits) + n + 1) % 10**6:06d}", OFFICER)
        except (WrongCode, NoCode) as no:
            return type(no).__name__
        return "right"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(guess, range(8))) == ["NoCode"] * 5 + ["WrongCode"] * 3


def test_of_several_known_addresses_a_human_chooses_by_what_is_left_of_them(office: Office, subjects) -> None:
    person = next(one for one in subjects if known(office, one) > 1)
    number = unverified(office, person)
    found = coding.send(office.env, number, None, OFFICER)
    assert isinstance(found, Choice)
    assert len(found.masked) == known(office, person)
    for masked in found.masked:
        assert re.fullmatch(r".•••@.•••\.[a-z]+", masked)
    assert happened(office, number, "addresses.shown") == [{"addresses": len(found.masked)}]
    assert office.queued(number) == []
    with pytest.raises(NotThatAddress, match=f"1 to {len(found.masked)}"):
        coding.send(office.env, number, len(found.masked) + 1, OFFICER)
    sent(office, number, 2)
    (made,) = happened(office, number, "code.made")
    assert (made["address"], made["addresses"]) == (2, len(found.masked))


def known(office: Office, person: SubjectTruth) -> int:
    number = office.register_subject(person, verified_by=None)
    identify.identify(office.env, [number])
    try:
        found = coding._known(office.env, number)
    except NoKnownAddress:
        return 0
    return len(found)


def test_where_no_address_is_known_one_line_says_what_else_to_do(office: Office, subjects) -> None:
    number = office.register(email="niemand.bekend@example.nl", verified_by=None)
    identify.identify(office.env, [number])
    with pytest.raises(NoKnownAddress, match="no store knows an e-mail address") as refusal:
        coding.send(office.env, number, None, OFFICER)
    assert f"avgflow request asked {number}" in str(refusal.value)
    assert "example.nl" not in str(refusal.value)
    assert office.queued(number) == []


def test_no_code_goes_to_a_mailbox_that_two_people_use(office: Office, subjects) -> None:
    person = with_trait(subjects, "shared_mailbox")
    number = office.register(email=person.identifiers["email"], verified_by=None)
    identify.identify(office.env, [number])
    with pytest.raises(NoKnownAddress, match="more than one person"):
        coding.send(office.env, number, None, OFFICER)


def test_who_asks_for_another_is_not_verified_by_a_code(office: Office, subjects) -> None:
    number = office.register_subject(plain(subjects, 8), email="mr@kantoor.example", verified_by=None, asks_as="lawyer")
    question = identify.identify(office.env, [number])[number]
    assert question is not None
    assert question.waiting is Waiting.MANDATE
    with pytest.raises(NoCodeNeeded):
        coding.send(office.env, number, None, OFFICER)
    with pytest.raises(ChoiceRefused, match="--verified-by mandate"):
        verifying.take(office.env, number, Verification.KNOWN_EMAIL, [], OFFICER)


def test_after_the_month_a_code_still_goes_out_and_stops_no_clock(office: Office, subjects) -> None:
    number = unverified(office, plain(subjects, 9), received=day_in_amsterdam() - timedelta(40))
    digits = sent(office, number)
    assert happened(office, number, "code.sent")
    assert happened(office, number, "clock.stopped") == []
    coding.check(office.env, number, digits, OFFICER)


@pytest.mark.parametrize(
    ("address", "masked"),
    [("jan.jansen@bedrijf.nl", "j•••@b•••.nl"), ("j@b.co.uk", "j•••@b•••.uk"), ("info@localhost", "i•••@•••localhost")],
)
def test_an_address_is_masked_to_what_tells_it_apart(address: str, masked: str) -> None:
    assert coding.mask(address) == masked
