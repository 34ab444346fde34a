"""Rectification (art. 16), from plan to letter: what becomes right, what stays with a note, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from handling_world import OFFICER, Office, refused
from test_answering_an_erasure import text_of, to, with_recipient
from test_approving import happened, name_of_plan, somebody, with_erasure

from avgflow.asked import InvalidCorrection
from avgflow.attributes import FullNameMissing, UnknownAttribute
from avgflow.demo.truth import SubjectTruth
from avgflow.handling import (
    annotating,
    answering_rectification,
    approving,
    carried,
    closing,
    correcting,
    erasing,
    identify,
    planning,
    previewing,
    recounting,
    withdrawing,
)
from avgflow.handling.answering import NotProven
from avgflow.handling.correcting import AlreadyBegun, NothingAskedToCorrect
from avgflow.handling.erasing import NotApproved
from avgflow.handling.rectifying import ValueTaken, WhichValue
from avgflow.handling.rehearsing import ValueRefused
from avgflow.handling.waiting import Question, Waiting
from avgflow.handling.withdrawing import TooLate
from avgflow.intake import parse
from avgflow.plan import Plan
from avgflow.register import evidence, notices, requests
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome, Status
from avgflow.stores.erase import StoreChanged, UnexpectedChange

CUSTOMER, CONTACT, ACCOUNT = "orders.public.customer", "crm.public.contact", "accounts.public.portal_account"
PHONE = "06-87654321"
NOBODY = "niemand.hier@example.nl"


def asked(office: Office, subject: SubjectTruth, right: Mapping[str, str], **more: Any) -> str:
    number = office.register_subject(subject, right="rectification", correct=right, **more)
    office.identify({number: subject})
    return number


def plan_of(office: Office, number: str) -> Plan:
    return planning.stored(office.env, [number])[number]


def approved(office: Office, number: str) -> None:
    assert approving.approve(office.env, number) == Question(number, Waiting.APPROVAL)
    approving.take(office.env, number, name_of_plan(office, number), OFFICER)
    assert approving.approve(office.env, number) is None


def carried_out(office: Office, number: str) -> None:
    for store in office.env.catalog.stores:
        erasing.run(office.env, store, [number])
    verdict = recounting.run(office.env, [number])[number].verdict
    assert verdict.passed, verdict.failures


def closed(office: Office, number: str) -> Outcome | None:
    for message_id in answering_rectification.run(office.env, number):
        office.deliver(message_id)
    done = closing.run(office.env, number)
    assert done.missing == ()
    assert done.request.status is Status.CLOSED
    return done.request.outcome


def corrected(office: Office, subject: SubjectTruth, right: Mapping[str, str], **more: Any) -> str:
    number = asked(office, subject, right, **more)
    planning.make(office.env, [number])
    approved(office, number)
    carried_out(office, number)
    return number


def letter(office: Office, number: str, address: str) -> str:
    return text_of(to(office, number, address)[0])


def of(office: Office, subject: SubjectTruth, table: str, column: str) -> list[Any]:
    """What a column holds in the rows of a person, by key."""
    store, name = table.split(".", 1)
    key = {CUSTOMER: "customer_id", CONTACT: "contact_id", ACCOUNT: "account_id"}[table]
    ids = [str(found[0]) for found in subject.owned[table].keys or ()] if table in subject.owned else []
    rows = office.query(store, f"SELECT {column} FROM {name} WHERE {key}::text = ANY(%s) ORDER BY {key}", ids)
    return [value for (value,) in rows]


def actions(plan: Plan) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for step in plan.steps:
        if step.rows and step.action not in ("refresh", "follow"):
            found[f"{step.store}.{step.table}", step.action] = found.get((f"{step.store}.{step.table}", step.action), 0)
            found[f"{step.store}.{step.table}", step.action] += step.rows
    return found


def same_phone(office: Office, subject: SubjectTruth, phone: str = "010-1112233") -> None:
    """Let every store hold one and the same telephone number of a person, each written in its own way."""
    written = {
        CUSTOMER: (phone, "orders", "customer", "customer_id"),
        CONTACT: (phone.replace("0", "+31 (0)", 1), "crm", "contact", "contact_id"),
        ACCOUNT: (phone.replace("-", ""), "accounts", "portal_account", "account_id"),
        "crm.public.organisation": (phone, "crm", "organisation", "organisation_id"),
    }
    for table, (value, store, name, key) in written.items():
        if table in subject.owned:
            ids = [str(found[0]) for found in subject.owned[table].keys or ()]
            office.change(store, f"UPDATE {name} SET phone = %s WHERE {key}::text = ANY(%s)", value, ids)


# What becomes right --------------------------------------------------------------------------------------------------


def test_a_number_that_each_store_writes_in_its_own_way_is_right_in_all_of_them(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    """Case 36: a new phone number, of a portal user."""
    office, subject = own_stores, somebody(subjects)
    same_phone(office, subject)
    number = corrected(office, subject, {"phone": PHONE})
    for table in (CUSTOMER, CONTACT, ACCOUNT):
        assert set(of(office, subject, table, "phone")) <= {PHONE}
    assert of(office, subject, CONTACT, "phone") == [PHONE]
    assert closed(office, number) is Outcome.FULFILLED
    text = letter(office, number, subject.identifiers["email"])
    for words in ("artikel 16", "WAT WIJ HEBBEN VERBETERD", "Telefoonnummer", "Klantrelatiesysteem", "Autoriteit"):
        assert words in text, words
    assert PHONE not in text
    assert "store.corrected" in happened(office, number)
    with transaction(office.env.register) as register:
        (proof,) = evidence.evidence(register, number)
    assert "Verbeterd" in proof.html
    assert PHONE not in proof.html


def test_the_same_number_written_another_way_is_a_correction_too(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    same_phone(office, subject)
    number = corrected(office, subject, {"phone": "+31 10 1112233"})
    assert of(office, subject, CONTACT, "phone") == ["+31 10 1112233"]
    assert closed(office, number) is Outcome.FULFILLED


def test_what_is_right_already_is_said_to_be(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, somebody(subjects)
    same_phone(office, subject)
    assert closed(office, corrected(office, subject, {"phone": PHONE})) is Outcome.FULFILLED
    number = corrected(office, subject, {"phone": PHONE})
    assert {action for _, action in actions(plan_of(office, number))} == {"same"}
    assert closed(office, number) is Outcome.FULFILLED
    assert "stond bij ons al goed" in letter(office, number, subject.identifiers["email"])


def test_what_no_store_holds_is_filled_in_where_a_row_stands_for_the_person(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    for store, table in (
        ("crm", "contact"),
        ("crm", "organisation"),
        ("orders", "customer"),
        ("accounts", "portal_account"),
    ):
        office.change(store, f"UPDATE {table} SET phone = NULL")
    corrected(office, subject, {"phone": PHONE})
    assert of(office, subject, CONTACT, "phone") == [PHONE]
    assert office.query("crm", "SELECT count(*) FROM contact WHERE phone IS NOT NULL") == [(1,)]


def test_of_two_addresses_only_the_wrong_one_is_corrected(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, somebody(subjects)
    (contact,) = (key[0] for key in subject.owned[CONTACT].keys or ())
    office.change("crm", "DELETE FROM address WHERE contact_id = %s", int(contact))
    office.change(
        "crm",
        "INSERT INTO address (contact_id, kind, street, house_number, postcode, city, valid) VALUES "
        "(%s, 'visiting', 'Lindelaan', '12', '3011 AA', 'Rotterdam', daterange(NULL, NULL)), "
        "(%s, 'postal', 'Kerkweg', '12', '3011 BB', 'Delft', daterange(NULL, NULL))",
        int(contact),
        int(contact),
    )
    number = asked(office, subject, {"street": "Eikenlaan", "house_number": "14"})
    with refused(WhichValue, subject, "correct AVG-.* --was street"):
        planning.make(office.env, [number])
    correcting.say_which(office.env, number, {"street": "lindelaan "}, OFFICER)
    planning.make(office.env, [number])
    approved(office, number)
    carried_out(office, number)
    found = office.query(
        "crm", "SELECT street, house_number FROM address WHERE contact_id = %s ORDER BY 1", int(contact)
    )
    assert found == [("Eikenlaan", "14"), ("Kerkweg", "12")]
    assert closed(office, number) is Outcome.FULFILLED
    assert "Een tweede adres" in letter(office, number, subject.identifiers["email"])
    assert "correction.stated" in happened(office, number)


def test_it_is_said_which_value_is_wrong_only_of_what_was_asked_and_before_the_work_begins(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    same_phone(office, subject)
    number = asked(office, subject, {"phone": PHONE})
    with pytest.raises(NothingAskedToCorrect):
        correcting.say_which(office.env, number, {"email": "a@b.nl"}, OFFICER)
    planning.make(office.env, [number])
    approved(office, number)
    with pytest.raises(AlreadyBegun):
        correcting.say_which(office.env, number, {"phone": "1"}, OFFICER)
    assert correcting.show(office.env, number, OFFICER).corrections[0].new == PHONE
    assert "asked.shown" in happened(office, number)


# What stays as it is -------------------------------------------------------------------------------------------------


def invoiced(office: Office, subjects: Sequence[SubjectTruth]) -> tuple[SubjectTruth, str]:
    """A sole proprietor with an invoice, and the name of their company as every store has it."""
    for subject in subjects:
        if subject.kind == "sole_proprietor" and not subject.traits and "orders.public.invoice" in subject.owned:
            name = of(office, subject, CUSTOMER, "name")[0]
            ids = [int(key[0]) for key in subject.owned["crm.public.organisation"].keys or ()]
            office.change("crm", "UPDATE organisation SET name = %s WHERE organisation_id = ANY(%s)", name, ids)
            invoices = [int(key[0]) for key in subject.owned["orders.public.invoice"].keys or ()]
            office.change("orders", "UPDATE invoice SET printed_name = %s WHERE invoice_id = ANY(%s)", name, invoices)
            return subject, name
    raise AssertionError("nobody has an invoice")


def test_an_issued_invoice_stays_as_it_is_with_a_note_beside_it(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    """Case 37: a name on an issued invoice."""
    office = own_stores
    subject, name = invoiced(office, subjects)
    before = office.query("orders", "SELECT invoice_id, printed_name, printed_address FROM invoice ORDER BY 1")
    number = corrected(office, subject, {"company_name": "De Juiste Naam"})
    assert office.query("orders", "SELECT invoice_id, printed_name, printed_address FROM invoice ORDER BY 1") == before
    assert of(office, subject, CUSTOMER, "name") == ["De Juiste Naam"]
    assert closed(office, number) is Outcome.PARTLY_FULFILLED
    text = letter(office, number, subject.identifiers["email"])
    for words in ("WAT BLIJFT ZOALS HET IS", "Facturen", "creditfactuur", "Algemene wet inzake rijksbelastingen"):
        assert words in text, words
    (note,) = (one for one in annotating.show(office.env, number, OFFICER) if one.where.table == "public.invoice")
    assert {key[0] for key in note.keys} == {str(key[0]) for key in subject.owned["orders.public.invoice"].keys or ()}
    assert note.right == (("company_name", "De Juiste Naam"),)
    (loose_ends,) = to(office, number, office.env.policy.officer_mailbox)
    assert f"avgflow annotation show {number}" in text_of(loose_ends)
    assert "annotations.shown" in happened(office, number)
    assert name not in text_of(loose_ends)


def test_an_opinion_stays_and_the_statement_of_the_person_is_put_beside_it(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    """Case 38: an agent's opinion is disputed; the statement is attached."""
    office = own_stores
    subject = next(one for one in subjects if not one.traits and "crm.public.note" in one.owned)
    before = office.query("crm", "SELECT note_id, body FROM note ORDER BY 1")
    number = corrected(office, subject, {}, statement="Dit klopt niet.\nIk was er niet bij.")
    assert office.query("crm", "SELECT note_id, body FROM note ORDER BY 1") == before
    assert closed(office, number) is Outcome.PARTLY_FULFILLED
    text = letter(office, number, subject.identifiers["email"])
    assert "Dat is een mening, en die veranderen wij niet." in text
    assert "Ik was er niet bij" not in text
    (note,) = annotating.show(office.env, number, OFFICER)
    assert (note.where.table, note.statement) == ("public.note", "Dit klopt niet.\nIk was er niet bij.")
    assert sorted(key[0] for key in note.keys) == sorted(
        str(key[0]) for key in subject.owned["crm.public.note"].keys or ()
    )


def test_a_text_that_still_holds_what_was_wrong_is_named_to_the_officer(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office = own_stores
    subject = next(
        one for one in subjects if not one.traits and "crm.public.ticket" in one.owned and ACCOUNT in one.owned
    )
    same_phone(office, subject)
    (ticket, *_) = (int(key[0]) for key in subject.owned["crm.public.ticket"].keys or ())
    office.change("crm", "UPDATE ticket SET body = 'Bel 010-1112233 s.v.p.' WHERE ticket_id = %s", ticket)
    number = corrected(office, subject, {"phone": PHONE}, was={"phone": "010-1112233"})
    assert closed(office, number) is not None
    (mail,) = to(office, number, office.env.policy.officer_mailbox)
    assert "crm.public.ticket, kolom body: 1 rij" in text_of(mail)
    assert "010-1112233" not in mail.as_string()
    assert "Een medewerker kijkt of dat moet worden aangepast" in letter(office, number, subject.identifiers["email"])
    assert recounting.mentions(office.env, number, OFFICER) == [f"crm.public.ticket.body  ticket_id {ticket}"]


def test_an_access_copy_shows_what_the_person_let_us_know(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office = own_stores
    subject, _ = invoiced(office, subjects)
    number = corrected(office, subject, {"company_name": "De Juiste Naam"}, statement="Zo heet ik al jaren.")
    assert closed(office, number) is Outcome.PARTLY_FULFILLED
    access = office.register_subject(subject)
    office.identify({access: subject})
    office.answer(access)
    noted = office.export(access).manifest["noted"]
    assert {"Bedrijfsnaam": "De Juiste Naam"} in [one["right"] for one in noted if one["title"] == "Facturen"]
    other = office.register_subject(next(one for one in subjects if one.id != subject.id and not one.traits))
    assert identify.identify(office.env, [other])[other] is None
    office.answer(other)
    assert office.export(other).manifest["noted"] == []


# Who hears of it -----------------------------------------------------------------------------------------------------


def test_both_addresses_hear_that_the_address_was_changed(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, somebody(subjects)
    old, new = subject.identifiers["email"], "nieuw.adres@juist.example"
    number = corrected(office, subject, {"email": new}, was={"email": old})
    assert closed(office, number) is not None
    answer, *told = to(office, number, old)
    assert "artikel 16" in text_of(answer)
    (old_told,), (new_told,) = told, to(office, number, new)
    for mail in (old_told, new_told):
        assert "Vroeg u hier niet om?" in text_of(mail)
    assert new not in old_told.as_string()
    assert old not in new_told.as_string()


def test_recipients_get_the_right_value_if_they_know_the_person(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    same_phone(office, subject)
    with_recipient(office, email="privacy@leverancier.example", known_by=("customer_number",))
    number = corrected(office, subject, {"phone": PHONE})
    assert closed(office, number) is not None
    (notice,) = to(office, number, "privacy@leverancier.example")
    assert "te verbeteren" in text_of(notice)
    assert PHONE in text_of(notice)
    assert subject.identifiers["customer_number"].lower() in text_of(notice)
    assert subject.identifiers["email"] not in notice.as_string()
    with transaction(office.env.register) as register:
        told = {(one.recipient, one.told) for one in notices.notices(register, number)}
    assert ("it-companies", notices.Told.CORRECTED) in told
    (loose_ends,) = to(office, number, office.env.policy.officer_mailbox)
    assert "zijn verbeterd" in text_of(loose_ends)


def test_of_whom_nothing_is_held_hears_so(own_stores: Office) -> None:
    office = own_stores
    number = office.register(right="rectification", correct={"phone": PHONE}, email=NOBODY)
    assert identify.identify(office.env, [number])[number] is None
    planning.make(office.env, [number])
    approved(office, number)
    carried_out(office, number)
    assert closed(office, number) is Outcome.NOTHING_FOUND
    text = letter(office, number, NOBODY)
    assert "niets van u gevonden om te verbeteren" in text
    assert "WAAR WIJ HEBBEN GEZOCHT" in text


# What is refused before anything is changed --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("right", "kind"),
    [
        ({"phone": "bel maar"}, InvalidCorrection),
        ({"iban": "NL00BANK0123456789"}, InvalidCorrection),
        ({"vat_number": "BE-onbekend"}, InvalidCorrection),
        ({"email": "geen adres"}, InvalidCorrection),
        ({"birth_date": "31-12-1980"}, InvalidCorrection),
        ({"customer_number": "K-1"}, UnknownAttribute),
        ({"shoe_size": "43"}, UnknownAttribute),
        ({"last_name": "Jansen"}, FullNameMissing),
    ],
)
def test_a_value_that_cannot_be_one_is_refused_at_the_desk(
    office: Office, right: Mapping[str, str], kind: type[Exception]
) -> None:
    (value,) = right.values()
    for entry in (lambda given: office.register(**given), lambda given: previewing.plan(office.env, parse(**given))):
        with pytest.raises(kind) as told:
            entry({"right": "rectification", "email": "jan@example.nl", "correct": right})
        assert value not in str(told.value)
        assert str(told.value).endswith("Nothing was registered.")
    with transaction(office.env.register) as register:
        assert requests.find(register) == []


def test_an_address_of_somebody_else_is_refused_before_anything_is_changed(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject, other = own_stores, somebody(subjects), somebody(subjects, 1)
    number = asked(
        office, subject, {"email": other.identifiers["email"].upper()}, was={"email": subject.identifiers["email"]}
    )
    with refused(ValueTaken, subject, "in use by another person"):
        planning.make(office.env, [number])


@pytest.mark.parametrize(
    ("rule", "says"), [("CHECK (city <> 'Te Lang Dorp')", "form"), ("UNIQUE (city)", "one row only")]
)
def test_what_a_database_does_not_take_is_known_before_anything_is_changed_anywhere(
    own_stores: Office, subjects: Sequence[SubjectTruth], rule: str, says: str
) -> None:
    office, subject = own_stores, somebody(subjects)
    was = of(office, subject, CUSTOMER, "city")[0]
    if "UNIQUE" in rule:
        office.change("orders", "UPDATE customer SET city = customer_id::text WHERE city <> %s", was)
        ids = [int(key[0]) for key in subject.owned[CUSTOMER].keys or ()]
        office.change("orders", "UPDATE customer SET city = customer_id::text WHERE customer_id <> ALL(%s)", ids)
        office.change(
            "orders",
            "INSERT INTO customer (customer_number, legal_form, name, city, created_at) "
            "VALUES ('K-X', 'b.v.', 'X', 'Te Lang Dorp', now())",
        )
    office.change("orders", f"ALTER TABLE customer ADD CONSTRAINT fits {rule}")
    before = [
        office.query(store, f"SELECT t::text FROM {table} t ORDER BY 1")
        for store, table in (("crm", "address"), ("orders", "customer"))
    ]
    number = asked(office, subject, {"city": "Te Lang Dorp"}, was={"city": was})
    planning.make(office.env, [number])
    with refused(ValueRefused, subject, says):
        approving.approve(office.env, number)
    after = [
        office.query(store, f"SELECT t::text FROM {table} t ORDER BY 1")
        for store, table in (("crm", "address"), ("orders", "customer"))
    ]
    assert after == before


def test_a_trigger_that_changes_more_is_found_out_before_anything_is_changed(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    same_phone(office, subject)
    office.change(
        "orders",
        "CREATE FUNCTION reach() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE quote SET status = status; RETURN NEW; END $$",
    )
    office.change("orders", "CREATE TRIGGER reach AFTER UPDATE ON customer EXECUTE FUNCTION reach()")
    number = asked(office, subject, {"phone": PHONE})
    planning.make(office.env, [number])
    with refused(UnexpectedChange, subject, "quote"):
        approving.approve(office.env, number)


def test_nothing_is_changed_that_nobody_approved_or_that_changed_since(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    same_phone(office, subject)
    number = asked(office, subject, {"phone": PHONE})
    planning.make(office.env, [number])
    with pytest.raises(NotApproved, match="Nothing was changed"):
        erasing.run(office.env, "crm", [number])
    approved(office, number)
    ids = [int(key[0]) for key in subject.owned[CONTACT].keys or ()]
    office.change("crm", "UPDATE contact SET phone = '010-9998877' WHERE contact_id = ANY(%s)", ids)
    with refused(StoreChanged, subject):
        erasing.run(office.env, "crm", [number])
    assert of(office, subject, CONTACT, "phone") == ["010-9998877"]
    with pytest.raises(NotProven):
        answering_rectification.run(office.env, number)


# Faults on the way ---------------------------------------------------------------------------------------------------


def test_a_store_that_fails_leaves_the_rest_open_and_visible(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    same_phone(office, subject)
    number = asked(office, subject, {"phone": PHONE})
    planning.make(office.env, [number])
    approved(office, number)
    for store in ("crm", "accounts", "marketing"):
        erasing.run(office.env, store, [number])
    done = closing.run(office.env, number)
    assert done.request.status is Status.STOPPED
    assert any("orders" in one.en for one in done.missing)
    assert of(office, subject, CONTACT, "phone") == [PHONE]
    planning.make(office.env, [number])
    approved_again = plan_of(office, number)
    assert {s.store for s in approved_again.steps if s.action == "correct"} == {"orders"}
    assert {step.store for step in approved_again.done} >= {"crm"}
    assert approving.approve(office.env, number) == Question(number, Waiting.APPROVAL)
    approving.take(office.env, number, name_of_plan(office, number), OFFICER)
    carried_out(office, number)
    assert closed(office, number) is Outcome.FULFILLED
    text = letter(office, number, subject.identifiers["email"])
    assert "Orderadministratie" in text
    assert "Klantrelatiesysteem" in text


def test_a_run_that_was_killed_after_the_store_committed_corrects_nothing_twice(
    own_stores: Office, subjects: Sequence[SubjectTruth], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, subject = own_stores, somebody(subjects)
    same_phone(office, subject)
    number = asked(office, subject, {"phone": PHONE})
    planning.make(office.env, [number])
    approved(office, number)

    def killed(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(carried, "receipt", killed)
        with pytest.raises(KeyboardInterrupt):
            erasing.run(office.env, "crm", [number])
    (history,) = office.query("crm", "SELECT count(*) FROM audit.contact_history")
    for _ in range(2):
        carried_out(office, number)
    assert office.query("crm", "SELECT count(*) FROM audit.contact_history") == [history]
    assert happened(office, number).count("store.corrected") == len(office.env.catalog.stores)


def test_it_can_be_taken_back_until_the_first_store_is_changed(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    same_phone(office, subject)
    number = asked(office, subject, {"phone": PHONE})
    planning.make(office.env, [number])
    approved(office, number)
    other = asked(office, subject, {"phone": "06-11112222"})
    planning.make(office.env, [other])
    withdrawing.withdraw(office.env, other, OFFICER)
    for message_id in withdrawing.confirmation(office.env, other):
        office.deliver(message_id)
    assert "Wij hebben niets veranderd." in letter(office, other, subject.identifiers["email"])
    carried_out(office, number)
    with pytest.raises(TooLate):
        withdrawing.withdraw(office.env, number, OFFICER)


def test_the_time_to_think_over_an_erasure_is_not_for_a_correction(
    own_stores: Office, subjects: Sequence[SubjectTruth]
) -> None:
    office, subject = own_stores, somebody(subjects)
    same_phone(office, subject)
    with_erasure(office.env, cooling_off_days=7)
    number = asked(office, subject, {"phone": PHONE})
    planning.make(office.env, [number])
    approved(office, number)


def test_a_preview_registers_and_changes_nothing(own_stores: Office, subjects: Sequence[SubjectTruth]) -> None:
    office, subject = own_stores, somebody(subjects)
    same_phone(office, subject)
    known = dict(subject.identifiers)
    own = {kind: known.pop(kind) for kind in ("email", "customer_number") if kind in known}
    before = of(office, subject, CONTACT, "phone")
    made = previewing.plan(office.env, parse(right="rectification", correct={"phone": PHONE}, identifiers=known, **own))
    assert (f"{CONTACT}", "correct") in actions(made)
    assert of(office, subject, CONTACT, "phone") == before
    with transaction(office.env.register) as register:
        assert requests.find(register) == []
