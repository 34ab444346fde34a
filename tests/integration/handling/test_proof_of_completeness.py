"""Step 4 on real stores: whatever is not as it was collected is found and named, and nothing is sent.

The kinds of fault: a row that went, came or changed between collecting and checking; a work file that was cut off,
changed, exchanged or lost; a table or column that the catalog does not know; rows that the database hides.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from handling_world import Office, personal_in, refused, with_trait

from avgflow.catalog.drift import CatalogDrift
from avgflow.catalog.names import TableName
from avgflow.demo.truth import SubjectTruth
from avgflow.errors import AvgflowError, StoreRefused, StoreUnreachable
from avgflow.handling import answering, closing, collecting, planning, validating
from avgflow.handling.answering import NotProven
from avgflow.handling.collecting import ReceiptDiffers
from avgflow.handling.environment import Environment
from avgflow.handling.validating import CheckFailed, Validated
from avgflow.redaction import Redactor
from avgflow.register import events, evidence, receipts
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Status
from avgflow.workfile import Reader, Row, WorkLost, path_of, writing

NOTE = "UPDATE note SET {} WHERE note_id = (SELECT min(note_id) FROM note WHERE contact_id = %s)"


@pytest.fixture
def person(subjects) -> SubjectTruth:
    """Somebody of whom every store has rows, many of them."""
    return with_trait(subjects, "very_much")


@pytest.fixture
def collected(own_stores, person) -> str:
    """The request of this person, collected from every store and not yet checked."""
    number = own_stores.register_subject(person)
    own_stores.identify({number: person})
    own_stores.collect(number)
    return number


def contact_of(person: SubjectTruth) -> int:
    ((contact,),) = person.owned["crm.public.contact"].keys or ()
    return int(contact)


def failed_places(done: Validated) -> set[tuple[str, str, str]]:
    return {(f.store, f.table, f.check.name) for f in done.verdict.failures}


def nothing_was_sent(office: Office, number: str, person: SubjectTruth, *places: str) -> None:
    """No answer can be made; the request stops; the officer's mail names the places, and nothing of the person."""
    with refused(NotProven, person):
        answering.run(office.env, number)
    closed = closing.run(office.env, number)
    assert closed.missing
    assert closed.request.status is Status.STOPPED
    office.deliver(closing.tell_officer(office.env, number, closed.missing))
    (mail,) = office.mailbox.mails(number)
    assert mail["To"].addresses[0].addr_spec == office.env.policy.officer_mailbox
    text = "\n".join(part.get_content() for part in mail.walk() if part.get_content_maintype() == "text")
    assert all(place in text for place in places)
    assert personal_in(str(mail) + text, person) == []


CHANGES = {
    "a row that went": (
        "crm",
        "DELETE FROM note WHERE note_id = (SELECT min(note_id) FROM note WHERE contact_id = %s)",
        "public.note",
        {"complete", "exact"},
    ),
    "a row that came": (
        "crm",
        "INSERT INTO note (contact_id, body, author, written_at) VALUES (%s, 'nieuw', 'Iemand', '2020-01-01')",
        "public.note",
        {"complete", "exact"},
    ),
    "a value that changed": ("crm", NOTE.format("body = body || ' '"), "public.note", {"exact"}),
    "a NULL that became empty": (
        "crm",
        "UPDATE call SET transcript = '' WHERE call_id = (SELECT min(call_id) FROM call"
        " WHERE contact_id = %s AND transcript IS NULL)",
        "public.call",
        {"exact"},
    ),
    "a row that moved to somebody else": (
        "crm",
        "UPDATE ticket SET opened_by = (SELECT max(contact_id) FROM contact) WHERE ticket_id ="
        " (SELECT max(ticket_id) FROM ticket t WHERE opened_by = %s"
        " AND NOT EXISTS (SELECT FROM attachment a WHERE a.ticket_id = t.ticket_id))",
        "public.ticket",
        {"complete", "exact"},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_happens_between_collecting_and_checking_is_found_and_named(own_stores, collected, person, change) -> None:
    store, statement, table, checks = CHANGES[change]
    own_stores.change(store, statement, contact_of(person))
    done = validating.run(own_stores.env, [collected])[collected]
    assert not done.verdict.passed
    assert failed_places(done) == {(store, table, check) for check in checks}
    assert personal_in(str(CheckFailed(done.verdict)), person) == []
    assert f"{store}.{table}" in str(CheckFailed(done.verdict))
    nothing_was_sent(own_stores, collected, person, f"{store}.{table}")


def test_a_number_where_there_was_none_is_found(own_stores, collected) -> None:
    own_stores.change("orders", "UPDATE payment SET bank_reference = 0 WHERE bank_reference IS NULL")
    done = validating.run(own_stores.env, [collected])[collected]
    assert failed_places(done) == {("orders", "public.payment", "exact")}


def test_an_event_without_key_that_is_there_once_more_is_found(own_stores, collected, person) -> None:
    own_stores.change(
        "marketing",
        "INSERT INTO event SELECT e.* FROM event e JOIN subscriber USING (subscriber_id) WHERE email = %s LIMIT 1",
        person.identifiers["email"],
    )
    done = validating.run(own_stores.env, [collected])[collected]
    assert ("marketing", "public.event", "complete") in failed_places(done)


def test_the_evidence_of_a_failed_check_holds_figures_only(own_stores, collected, person) -> None:
    own_stores.change("crm", NOTE.format("body = 'anders'"), contact_of(person))
    validating.run(own_stores.env, [collected])
    with transaction(own_stores.env.register) as register:
        (proof,) = evidence.evidence(register, collected)
    assert not proof.passed
    assert personal_in(json.dumps(proof.result) + proof.html, person) == []


def test_collecting_anew_after_a_change_answers_with_the_change(own_stores, collected, person) -> None:
    own_stores.change("crm", NOTE.format("body = 'zoals het nu is'"), contact_of(person))
    assert not validating.run(own_stores.env, [collected])[collected].verdict.passed
    own_stores.answer(collected)
    bodies = [row["body"] for row in own_stores.export(collected).rows["crm.public.note"]]
    assert bodies.count("zoals het nu is") == 1


def test_one_bad_request_of_a_batch_is_named_and_the_others_pass(own_stores, person, subjects) -> None:
    people = [person, subjects[0], subjects[2]]
    asked = {own_stores.register_subject(one): one for one in people}
    own_stores.identify(asked)
    own_stores.collect(*asked)
    own_stores.change("crm", NOTE.format("body = 'anders'"), contact_of(person))
    done = validating.run(own_stores.env, list(asked))
    assert [one.verdict.passed for one in done.values()] == [False, True, True]


def test_collecting_a_store_that_changed_after_its_receipt_asks_to_collect_all_anew(
    own_stores, collected, person
) -> None:
    own_stores.change("crm", NOTE.format("body = 'anders'"), contact_of(person))
    with refused(ReceiptDiffers, person, match="'crm' changed"):
        collecting.run(own_stores.env, "crm", [collected])
    with refused(ReceiptDiffers, person):
        validating.run(own_stores.env, [collected])


# Work files ----------------------------------------------------------------------------------------------------------


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def cut_off_at_a_line(file: Path) -> None:
    file.write_bytes(b"".join(line + b"\n" for line in file.read_bytes().splitlines()[:-1]))


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def one_bit_changed(file: Path) -> None:
    lines = file.read_bytes().splitlines()
    middle = lines[len(lines) // 2]
    lines[len(lines) // 2] = middle[:60] + bytes([middle[60] ^ 1]) + middle[61:]
    file.write_bytes(b"".join(line + b"\n" for line in lines))


def rows_taken_out(file: Path) -> None:
    lines = file.read_bytes().splitlines()
    del lines[len(lines) // 2]
    file.write_bytes(b"".join(line + b"\n" for line in lines))


def two_lines_exchanged(file: Path) -> None:
    lines = file.read_bytes().splitlines()
    same_length = {len(line): i for i, line in enumerate(lines[:-1])}
    i, j = next((i, same_length[len(line)]) for i, line in enumerate(lines[:-1]) if same_length[len(line)] != i)
    lines[i], lines[j] = lines[j], lines[i]
    file.write_bytes(b"".join(line + b"\n" for line in lines))


def lost(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize(
    "harm", [cut_off, cut_off_at_a_line, emptied, one_bit_changed, rows_taken_out, two_lines_exchanged, lost]
)
@pytest.mark.parametrize("when", ["before the check", "after the check"])
def test_a_work_file_that_is_not_whole_any_more_is_named(office, subjects, harm, when) -> None:
    person = with_trait(subjects, "namesake")
    number = office.register_subject(person)
    office.identify({number: person})
    office.collect(number)
    step = validating.run if when == "before the check" else lambda env, numbers: answering.run(env, numbers[0])
    if when == "after the check":
        assert validating.run(office.env, [number])[number].verdict.passed
    harm(path_of(office.env.settings.work, number, "orders"))
    with refused(WorkLost, person, match="'orders'"):
        step(office.env, [number])
    assert office.queued(number) == []


def test_the_work_file_of_somebody_else_is_not_taken(office, subjects) -> None:
    asked = {office.register_subject(one): one for one in (subjects[0], subjects[6])}
    office.identify(asked)
    office.collect(*asked)
    one, other = (path_of(office.env.settings.work, number, "crm") for number in asked)
    one.write_bytes(other.read_bytes())
    with refused(ReceiptDiffers, subjects[0]):
        validating.run(office.env, list(asked)[:1])


def test_who_is_who_that_is_lost_asks_to_check_again(office, subjects) -> None:
    number = office.register_subject(subjects[0])
    office.identify({number: subjects[0]})
    office.collect(number)
    validating.run(office.env, [number])
    (office.env.settings.work / number / validating.KNOWN_FILE).unlink()
    with refused(NotProven, subjects[0]):
        answering.run(office.env, number)
    validating.run(office.env, [number])
    assert office.finish(number).missing == ()


# What a mistake in collecting or redacting would make -----------------------------------------------------------------


def with_a_row_of_another(rows: list[Row], others: list[Row]) -> list[Row]:
    return sorted([*rows, others[0]], key=lambda row: (row.values[0] or "").encode())


def with_a_row_twice(rows: list[Row], others: list[Row]) -> list[Row]:
    return [rows[0], *rows]


def with_a_row_left_out(rows: list[Row], others: list[Row]) -> list[Row]:
    return rows[:-1]


def with_an_empty_text_for_null(rows: list[Row], others: list[Row]) -> list[Row]:
    return [Row(row.record_class, tuple("" if value is None else value for value in row.values)) for row in rows]


def with_another_class(rows: list[Row], others: list[Row]) -> list[Row]:
    return [Row("R1", row.values) for row in rows]


def without_its_key(rows: list[Row], others: list[Row]) -> list[Row]:
    return [Row(rows[0].record_class, (None, *rows[0].values[1:])), *rows[1:]]


MISTAKES = {
    with_a_row_of_another: {"own", "as_planned", "complete", "exact"},
    with_a_row_twice: {"once", "as_planned", "complete", "exact"},
    with_a_row_left_out: {"as_planned", "complete"},
    with_an_empty_text_for_null: {"exact"},
    with_another_class: {"exact"},
    without_its_key: {"keyed", "exact"},
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_collecting_is_found_by_its_check(office, subjects, mistake) -> None:
    asked = {office.register_subject(one): one for one in (with_trait(subjects, "very_much"), subjects[0])}
    office.identify(asked)
    office.collect(*asked)
    number, other = asked
    ticket = TableName("public", "ticket")
    readers = [
        Reader(path_of(office.env.settings.work, n, "crm"), office.env.keyring, n, "crm") for n in (number, other)
    ]
    others = list(readers[1].rows(ticket))
    digest = rewritten(office, readers[0], number, ticket, lambda rows: mistake(rows, others))
    assert digest != readers[0].digest
    done = validating.run(office.env, [number])[number]
    assert {name for *_, name in failed_places(done)} == MISTAKES[mistake]
    assert {place[:2] for place in failed_places(done)} == {("crm", "public.ticket")}


def crm_of(office: Office, number: str) -> Reader:
    return Reader(path_of(office.env.settings.work, number, "crm"), office.env.keyring, number, "crm")


def rewritten(
    office: Office, reader: Reader, number: str, changed: TableName, change: Callable[[list[Row]], list[Row]]
) -> str:
    """Put a work file with other rows of one table in the place of the collected one, with a receipt that fits it."""
    tables = {name: (reader.header(name), list(reader.rows(name))) for name in reader.counts}
    with writing(path_of(office.env.settings.work, number, "crm"), office.env.keyring) as writer:
        for name, (header, rows) in tables.items():
            writer.table(header)
            for row in change(rows) if name == changed else rows:
                writer.row(row)
        digest = writer.finish()
    with transaction(office.env.register) as register:
        kept = receipts.receipts(register, number)
        receipts.supersede_receipts(register, office.env.keyring, number)
        for one in kept:
            now = digest if one.store == "crm" else one.digest
            receipts.put_receipt(
                register, office.env.keyring, number, receipts.Step.COLLECT, one.store, one.counts, now
            )
    return digest


def test_a_redaction_that_does_not_work_is_found(office, subjects, monkeypatch) -> None:
    person = with_trait(subjects, "very_much")
    number = office.register_subject(person)
    office.identify({number: person})
    office.collect(number)
    monkeypatch.setattr(Redactor, "_text", lambda self, name, value: value)
    done = validating.run(office.env, [number])[number]
    assert {name for *_, name in failed_places(done)} == {"redacted"}
    with refused(NotProven, person):
        answering.run(office.env, number)


# The stores' schema --------------------------------------------------------------------------------------------------

DRIFTS = {
    "an unknown column": ("crm", "ALTER TABLE note ADD COLUMN hobby text", "crm.public.note", "hobby"),
    "an unknown table": ("orders", 'CREATE TABLE "Lead" (email text)', 'orders.public."Lead"', "unknown table"),
    "an unknown view": ("crm", "CREATE VIEW mails AS SELECT email FROM contact", "crm.public.mails", "unknown table"),
    "a table that went": ("accounts", "DROP TABLE preference", "accounts.public.preference", "missing table"),
    "a column that went": ("orders", "ALTER TABLE payment DROP COLUMN iban", "orders.public.payment", "iban"),
    "a column that got another name": ("crm", "ALTER TABLE note RENAME body TO text", "crm.public.note", "text"),
    "an unknown schema": (
        "marketing",
        "CREATE SCHEMA archive; CREATE TABLE archive.subscriber (email text)",
        "marketing.archive.subscriber",
        "unknown table",
    ),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_store_that_is_not_as_in_the_catalog_stops_the_plan_by_name(own_stores, subjects, drift) -> None:
    store, statement, table, what = DRIFTS[drift]
    number = own_stores.register_subject(subjects[0])
    own_stores.identify({number: subjects[0]})
    own_stores.change(store, statement)
    with refused(CatalogDrift, subjects[0], match="avgflow catalog check") as caught:
        planning.make(own_stores.env, [number])
    assert table in str(caught.value)
    assert what in str(caught.value)
    with transaction(own_stores.env.register) as register:
        history = events.history(register, number)
    drifts = [event.detail for event in history if event.name == EventName.STORE_DRIFTED]
    assert (store, table.partition(".")[2]) in {(detail["store"], detail["table"]) for detail in drifts}


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("ALTER TABLE note ADD COLUMN hobby text", None),
        ("ALTER TABLE note RENAME body TO text", AvgflowError),
        ("CREATE TABLE hobby (email text)", CatalogDrift),
    ],
)
def test_a_store_that_drifts_after_collecting_is_not_proven(own_stores, collected, person, statement, kind) -> None:
    own_stores.change("crm", statement)
    if kind is None:
        done = validating.run(own_stores.env, [collected])[collected]
        assert failed_places(done) == {("crm", "public.note", "columns_known")}
    else:
        with refused(kind, person):
            validating.run(own_stores.env, [collected])
    nothing_was_sent(own_stores, collected, person)


def test_rows_that_the_database_hides_stop_the_request_instead_of_being_skipped(own_stores, subjects) -> None:
    own_stores.change(
        "crm",
        "CREATE POLICY even_ones ON note USING (note_id % 2 = 0); ALTER TABLE note ENABLE ROW LEVEL SECURITY;"
        " ALTER TABLE note FORCE ROW LEVEL SECURITY",
    )
    number = own_stores.register_subject(subjects[0])
    own_stores.identify({number: subjects[0]})
    with refused(StoreRefused, subjects[0], match="'crm' refused a statement .SQLSTATE 42501."):
        planning.make(own_stores.env, [number])


def test_a_table_that_may_not_be_read_is_refused_by_the_name_of_its_store(own_stores, subjects) -> None:
    number = own_stores.register_subject(subjects[0])
    own_stores.change("accounts", "REVOKE ALL ON session FROM accounts")
    with refused(StoreRefused, subjects[0], match="'accounts'"):
        own_stores.identify({number: subjects[0]})
        planning.make(own_stores.env, [number])


def test_a_table_without_any_rows_is_declared_with_none(own_stores, subjects) -> None:
    person = subjects[0]
    own_stores.change("orders", "TRUNCATE cancellation")
    number = own_stores.register_subject(person)
    own_stores.identify({number: person})
    own_stores.answer(number)
    export = own_stores.export(number)
    assert export.tables["orders.public.cancellation"]["row_count"] == 0
    declared = {f"{entry['store']}.{entry['table']}": entry["rows"] for entry in export.manifest["tables"]}
    assert declared["orders.public.cancellation"] == 0
    catalogued = {f"{store.store}.{name}" for store, name, table in own_stores.env.catalog.tables() if table.subject}
    assert set(declared) == catalogued
    plan = planning.stored(own_stores.env, [number])[number]
    assert plan.read_of("orders", TableName("public", "cancellation")) == 0


def test_a_person_of_whom_nothing_is_held_is_told_so_in_one_mail(office) -> None:
    """Case 17: a negative confirmation."""
    number = office.register(email="never-seen@example.com", name="Nooit Gezien")
    office.identify({number: None})
    office.answer(number)
    (mail,) = office.mailbox.mails(number)
    assert list(mail.iter_attachments()) == []
    assert mail["To"].addresses[0].addr_spec == "never-seen@example.com"
    assert office.request(number).outcome == "nothing_found"


@pytest.mark.parametrize("step", ["identify", "plan", "collect", "validate"])
def test_a_store_that_is_down_is_named_in_every_step(office, open_office, subjects, step) -> None:
    person = subjects[0]
    number = office.register_subject(person)
    if step != "identify":
        office.identify({number: person})
    if step in ("collect", "validate"):
        planning.make(office.env, [number])
    if step == "validate":
        office.collect(number)
    down = Environment(office.env.settings, lambda c: office.env.dsn_of(c) if c != "store_orders" else nowhere())
    steps = {
        "identify": lambda: Office(down, office.mailbox, {}).identify({number: person}),
        "plan": lambda: planning.make(down, [number]),
        "collect": lambda: collecting.run(down, "orders", [number]),
        "validate": lambda: validating.run(down, [number]),
    }
    with refused(StoreUnreachable, person, match="'orders' cannot be reached"):
        steps[step]()
    if step == "collect":
        with transaction(office.env.register) as register:
            failed = [
                event.detail for event in events.history(register, number) if event.name == EventName.STORE_FAILED
            ]
        assert failed == [{"store": "orders", "error": "StoreUnreachable"}]
    down.dispose()


def nowhere() -> str:
    return "postgresql://orders:not-the-password@127.0.0.1:1/orders"


def test_the_officer_is_told_once_however_often_the_request_is_closed(own_stores, collected, person) -> None:
    own_stores.change("crm", NOTE.format("body = 'anders'"), contact_of(person))
    validating.run(own_stores.env, [collected])
    for _ in range(2):
        closed = closing.run(own_stores.env, collected)
        own_stores.deliver(closing.tell_officer(own_stores.env, collected, closed.missing))
    assert len(own_stores.mailbox.mails(collected)) == 1
