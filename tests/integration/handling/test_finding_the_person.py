"""Step 1 on real stores: who is found, who never is, and when a human is asked."""

from __future__ import annotations

from typing import Any

import pytest
from handling_world import OFFICER, Office, personal_in, refused, theirs, with_trait

from avgflow.demo.truth import SubjectTruth
from avgflow.handling import candidates, collecting, identify, planning, verifying
from avgflow.handling.environment import Environment
from avgflow.handling.identify import NotSettled, StillInDoubt
from avgflow.handling.registering import UnknownKind
from avgflow.handling.waiting import ChoiceRefused, Question, Waiting
from avgflow.identity import SubjectTooWide
from avgflow.intake import Verification
from avgflow.register import events
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.plans import PlanMissing
from avgflow.register.requests import RequestClosed, Status
from avgflow.stores.resolve import MOST_PEOPLE


def asked(office: Office, number: str) -> Question | None:
    return identify.identify(office.env, [number])[number]


def planned_rows(office: Office, number: str) -> int:
    return planning.make(office.env, [number])[number].rows


def rows_owned(person: SubjectTruth) -> int:
    """Rows of the tables that an access copy holds."""
    return sum(held.rows for table, held in person.owned.items() if table != "marketing.public.active_subscriber")


@pytest.mark.parametrize("trait", ["other_case", "blanks_around"])
def test_identifiers_are_found_however_the_store_and_the_person_write_them(office, subjects, trait) -> None:
    person = with_trait(subjects, trait)
    for email in (person.identifiers["email"].swapcase(), f"\u00a0\t{person.identifiers['email'].upper()}\r\n"):
        number = office.register_subject(person, email=email)
        assert asked(office, number) is None
        assert planned_rows(office, number) == rows_owned(person)


def test_a_name_finds_nobody(office, subjects) -> None:
    number = office.register(email="nobody@example.com", name=with_trait(subjects, "namesake").name)
    assert asked(office, number) is None
    assert planned_rows(office, number) == 0


def test_a_namesake_gets_nothing_of_the_other(office, subjects) -> None:
    one, other = [person for person in subjects if "namesake" in person.traits][:2]
    assert one.name == other.name
    for person, not_them in ((one, other), (other, one)):
        number = office.register_subject(person, name=person.name)
        assert asked(office, number) is None
        planning.make(office.env, [number])
        footprint = planning.stored(office.env, [number])[number].footprint
        assert footprint.held["email"] & {not_them.identifiers["email"]} == frozenset()
        assert planned_rows(office, number) == rows_owned(person)


def test_a_telephone_number_finds_nobody(office) -> None:
    ((number,),) = office.query("crm", "SELECT phone FROM call WHERE contact_id IS NULL AND phone <> '' LIMIT 1")
    request = office.register(email="nobody@example.com", phone=number)
    assert asked(office, request) is None
    assert planned_rows(office, request) == 0


def test_blank_addresses_in_the_stores_are_nobodys(office, subjects) -> None:
    blank = with_trait(subjects, "blank_email")
    ((in_crm,),) = office.query("crm", "SELECT count(*) FROM contact WHERE btrim(email) = ''")
    assert in_crm >= 2
    number = office.register_subject(blank)
    assert asked(office, number) is None
    planning.make(office.env, [number])
    footprint = planning.stored(office.env, [number])[number].footprint
    assert all(value.strip() for found in footprint.identifiers.values() for value in found)
    assert planned_rows(office, number) == rows_owned(blank)


def test_two_people_behind_one_address_are_a_human_question_that_names_nobody(office, subjects) -> None:
    sharing = [person for person in subjects if person.ambiguous_email][:2]
    number = office.register(email=sharing[0].identifiers["email"])
    question = asked(office, number)
    assert question == Question(number, Waiting.CHOICE, candidates=3)
    assert office.request(number).status is Status.WAITING
    assert personal_in(repr(question), sharing[0]) == []


def test_each_choice_among_two_people_leads_to_their_own_rows(office, subjects) -> None:
    for person in [person for person in subjects if person.ambiguous_email][:2]:
        number = office.register_subject(person)
        assert asked(office, number) == Question(number, Waiting.CHOICE, candidates=len(office.candidates(number)))
        verifying.choose(office.env, number, theirs(office.candidates(number), person), OFFICER)
        assert asked(office, number) is None
        made = planning.make(office.env, [number])[number]
        assert made.rows == rows_owned(person)
        assert made.shared_rows > 0  # there are rows on the shared mailbox alone, and they are nobody's


def test_candidates_are_shown_on_record_and_without_rows_of_others(office, subjects) -> None:
    sharing = [person for person in subjects if person.ambiguous_email][:2]
    number = office.register(email=sharing[0].identifiers["email"])
    asked(office, number)
    shown = candidates.show(office.env, number, OFFICER)
    assert all(any(person.name in line for line in shown) for person in sharing)
    with transaction(office.env.register) as register:
        names = [event.name for event in events.history(register, number)]
    assert names.count(EventName.CANDIDATES_SHOWN) == 1


@pytest.mark.parametrize("picked", [frozenset(), frozenset({0}), frozenset({99}), frozenset({1, 99}), frozenset({-1})])
def test_a_choice_of_somebody_who_is_no_candidate_is_refused(office, subjects, picked) -> None:
    person = with_trait(subjects, "shared_mailbox")
    number = office.register(email=person.identifiers["email"])
    asked(office, number)
    with refused(ChoiceRefused, person, match="Choose one or more"):
        verifying.choose(office.env, number, picked, OFFICER)
    assert asked(office, number) is not None


def test_a_choice_that_nobody_asked_for_is_refused(office, subjects) -> None:
    number = office.register_subject(subjects[0])
    asked(office, number)
    with refused(ChoiceRefused, subjects[0], match="no choice"):
        verifying.choose(office.env, number, frozenset({1}), OFFICER)


def test_an_address_that_leads_to_a_crowd_is_refused(own_stores, subjects) -> None:
    own_stores.change(
        "crm",
        "INSERT INTO contact (contact_number, last_name, email, created_at)"
        " SELECT 'C-crowd-' || n, 'Menigte', 'iedereen@example.nl', now() FROM generate_series(0, %s) n",
        MOST_PEOPLE,
    )
    number = own_stores.register(email="iedereen@example.nl")
    with pytest.raises(SubjectTooWide, match=f"more than {MOST_PEOPLE} people") as caught:
        asked(own_stores, number)
    assert "iedereen" not in str(caught.value)


def test_known_email_with_an_address_that_no_store_has_asks_a_human(office, subjects) -> None:
    person = with_trait(subjects, "old_address")
    assert "customer_number" in person.identifiers
    number = office.register_subject(person, email="somebody-else@example.com", verified_by="known-email")
    assert asked(office, number) == Question(number, Waiting.ADDRESS)
    assert office.request(number).status is Status.WAITING
    with refused(NotSettled, person, match="avgflow request approve"):
        planning.make(office.env, [number])
    verifying.accept_address(office.env, number, OFFICER)
    assert asked(office, number) is None
    assert planned_rows(office, number) == rows_owned(person)


def test_known_email_with_an_old_address_that_a_store_still_has_goes_on(office, subjects) -> None:
    person = with_trait(subjects, "old_email")
    assert asked(office, office.register_subject(person, verified_by="known-email")) is None


def test_known_email_of_somebody_of_whom_nothing_is_held_goes_on(office, subjects) -> None:
    number = office.register(email="never-seen@example.com", verified_by="known-email")
    assert asked(office, number) is None


def refuses(connection: str) -> str:
    raise AssertionError(f"a store was reached: {connection}")


def test_an_unverified_request_reaches_no_store(office, subjects) -> None:
    person = subjects[0]
    unreached = Office(Environment(office.env.settings, refuses), office.mailbox, office.stores)
    number = unreached.register_subject(person, verified_by=None)
    assert asked(unreached, number) == Question(number, Waiting.VERIFICATION)
    with refused(NotSettled, person, match="verify"):
        planning.make(unreached.env, [number])
    with refused(PlanMissing, person):
        collecting.run(unreached.env, "crm", [number])
    unreached.env.dispose()


def test_a_request_goes_on_once_the_person_is_verified(office, subjects) -> None:
    number = office.register_subject(subjects[0], verified_by=None)
    assert asked(office, number) == Question(number, Waiting.VERIFICATION)
    with pytest.raises(ChoiceRefused, match="Say how"):
        verifying.take(office.env, number, None, (), OFFICER)
    verifying.take(office.env, number, Verification.PHONE_CALLBACK, (), OFFICER)
    assert asked(office, number) is None
    assert office.request(number).verified_by is Verification.PHONE_CALLBACK


def test_an_unanswered_choice_is_not_stepped_over(office, subjects) -> None:
    person = with_trait(subjects, "shared_mailbox")
    number = office.register(email=person.identifiers["email"])
    asked(office, number)
    with refused(NotSettled, person, match="avgflow request choose"):
        planning.make(office.env, [number])


def test_somebody_who_shows_up_behind_the_address_later_puts_the_request_in_doubt(own_stores, subjects) -> None:
    person = subjects[0]
    number = own_stores.register_subject(person)
    assert asked(own_stores, number) is None
    own_stores.change(
        "crm",
        "INSERT INTO contact (contact_number, last_name, email, created_at) VALUES ('C-new', 'Nieuw', %s, now())",
        person.identifiers["email"].upper(),
    )
    with refused(StillInDoubt, person, match=number):
        planning.make(own_stores.env, [number])


def test_an_identifier_of_a_kind_that_no_store_has_is_refused(office) -> None:
    with pytest.raises(UnknownKind, match="shoe_size"):
        office.register(email="a@example.com", identifiers={"shoe_size": "43"})


def test_a_duplicate_blocks_nobody(office, subjects) -> None:
    person = subjects[0]
    stranger = office.register_subject(person, verified_by=None)
    real = office.register_subject(person)
    assert asked(office, stranger) is not None
    assert asked(office, real) is None
    assert planned_rows(office, real) == rows_owned(person)


def test_a_closed_request_is_not_taken_up_again(office, subjects) -> None:
    person = subjects[2]
    number = office.register_subject(person)
    office.identify({number: person})
    office.answer(number)
    with refused(RequestClosed, person):
        asked(office, number)


def test_one_wide_or_doubtful_request_does_not_keep_a_batch_from_being_asked(office, subjects) -> None:
    people = [with_trait(subjects, "shared_mailbox"), subjects[0], subjects[1]]
    numbers = [office.register(email=person.identifiers["email"]) for person in people]
    unverified = office.register(email="a@example.com", verified_by=None)
    questions: dict[str, Any] = identify.identify(office.env, [*numbers, unverified])
    assert [questions[number] for number in numbers[1:]] == [None, None]
    assert questions[numbers[0]].waiting is Waiting.CHOICE
    assert questions[unverified].waiting is Waiting.VERIFICATION
