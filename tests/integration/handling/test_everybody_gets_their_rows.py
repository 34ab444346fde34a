"""The acceptance test of inzage: two hundred people ask, and each gets exactly their rows, as they are stored.

Twenty-five of them each time, with every trait that the demonstration has among them; the others by `make test-faults`.

The answer is judged as the person gets it: the zip of the mail that the mail server accepted, opened with the
passphrase. What is theirs comes from the truth of the demonstration, what is stored from a plain psycopg.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import pypdf
import pytest
import stored_rows
from handling_world import (
    OFFICER,
    SOME,
    SUBJECTS,
    Export,
    Office,
    in_batches,
    keys_of,
    personal_in,
    rarest_first,
    traits_of,
    wanted_keys,
    with_trait,
)
from stored_rows import StoredTable

from avgflow.demo import truth
from avgflow.demo.truth import SubjectTruth
from avgflow.handling import planning, validating
from avgflow.register import passphrases, receipts
from avgflow.register.database import transaction

AT_ONCE = 25
LEFT_OUT = "marketing.public.active_subscriber"
"""A plain view of the subscribers, which the catalog leaves out of an access copy and says why."""
EVENTS = "marketing.public.event"
EVENT_COLUMNS = ("subscriber_id", "campaign_id", "kind", "url", "user_agent", "at")


@pytest.fixture(scope="session")
def stored(stores) -> Mapping[str, StoredTable]:
    return stored_rows.read(stores.shared)


def as_typed(subject: SubjectTruth, place: int) -> dict[str, str]:
    """How the person may write at intake: every other one in capitals with blanks around, and without a name."""
    email = subject.identifiers["email"]
    return {"email": f" \u00a0{email.upper()}\t"} if place % 2 else {"email": email, "name": subject.name}


def answered(office: Office, people: Sequence[SubjectTruth]) -> dict[str, SubjectTruth]:
    """Their requests, by number, handled as one batch to the accepted mail."""
    asked = {office.register_subject(person, **as_typed(person, n)): person for n, person in enumerate(people)}
    office.identify(asked)
    office.answer(*asked)
    return asked


def not_theirs(subject: SubjectTruth, export: Export) -> Iterator[str]:
    """Every table whose delivered rows are not the ones of the truth, a line each."""
    owned = {table: held for table, held in subject.owned.items() if table != LEFT_OUT}
    rows = export.rows
    if set(rows) != set(owned):
        yield f"{subject.id} {subject.traits}: rows of {sorted(set(rows) ^ set(owned))}"
    for table in set(rows) & set(owned):
        if table == EVENTS:
            digest = truth.digest(
                [[*(row[column] for column in EVENT_COLUMNS[:-1]), _moment(row["at"])] for row in rows[table]]
            )
            if (len(rows[table]), digest) != (owned[table].rows, owned[table].sha256):
                yield f"{subject.id} {subject.traits} {table}"
        elif keys_of(rows[table], table) != wanted_keys(owned[table]):
            yield f"{subject.id} {subject.traits} {table}"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def readable_others(subject: SubjectTruth, delivered: str) -> Iterator[str]:
    """Others of the truth who can be read in any delivered value."""
    others = subject.others
    for value in stored_rows.readable([*others.names, *others.emails, *others.phones], delivered):
        yield f"{subject.id} {subject.traits}: {value}"


@pytest.mark.parametrize("first", in_batches(SUBJECTS, AT_ONCE))
def test_each_person_gets_exactly_their_own_rows_as_they_are_stored(office, subjects, stored, first) -> None:
    people = rarest_first(subjects)
    asked = answered(office, people[first : first + AT_ONCE])
    assert len(asked) == AT_ONCE
    assert traits_of(people[:SOME]) == traits_of(people)
    rows, values, others = [], [], []
    for number, subject in asked.items():
        export = office.export(number)
        rows += not_theirs(subject, export)
        values += stored_rows.differences(subject, export.rows, stored, export.attachments)
        delivered = "\n".join(stored_rows.texts_in(export.rows))
        if int(subject.id[2:]) % 4 == 0:  # the same values again, and slow to decrypt
            delivered += export.csv()
        others += readable_others(subject, delivered)
    assert rows == []
    assert values == []
    assert others == []


def test_nobody_gets_a_row_that_somebody_else_gets(subjects) -> None:
    """The truth of the tests above gives every row to one person at most."""
    given = [(table, key) for person in subjects for table, held in person.owned.items() for key in held.keys or ()]
    assert len(subjects) == SUBJECTS
    assert len(given) == len(set(given)) > 5000


def test_everybody_who_is_named_is_in_reach(stores, subjects) -> None:
    """A name is known by some store's columns of names; one that no store holds as a name could not be recognised."""
    known = stored_rows.names_of_people(stores.shared)
    named = [name for person in subjects for name in person.others.names]
    assert [name for name in named if stored_rows.flat(name) not in known] == []
    assert len(named) > 1000


@pytest.mark.parametrize("trait", ["odd_values", "namesake", "nulls"])
def test_the_report_opens_with_the_passphrase_and_names_no_others(office, subjects, trait) -> None:
    person = with_trait(subjects, trait)
    ((number, _),) = answered(office, [person]).items()
    export = office.export(number)
    report = pypdf.PdfReader(io.BytesIO(export.pdf))
    assert report.is_encrypted
    with transaction(office.env.register) as register:
        assert report.decrypt(passphrases.show_passphrase(register, office.env.keyring, number, OFFICER))
    text = " ".join(page.extract_text() for page in report.pages)
    assert stored_rows.readable([*person.others.names, *person.others.emails], text) == []
    assert export.rows


def test_the_mail_itself_says_no_more_than_name_and_number(office, subjects) -> None:
    person = subjects[0]
    ((number, _),) = answered(office, [person]).items()
    (mail,) = office.mailbox.mails(number)
    assert personal_in(str(mail["Subject"]), person) == []
    text = mail.get_body(("plain",)).get_content()
    assert personal_in(text.replace(person.name, ""), person) == []
    assert {part.get_filename() for part in mail.iter_attachments()} == {
        f"inzage-{number}.pdf",
        f"inzage-{number}.zip",
    }


def test_sql_null_and_json_null_are_told_apart_in_the_csv(office, subjects, stored) -> None:
    """In JSON both are null."""
    kept = {
        (str(account), key): value
        for account, key, value in office.query("accounts", "SELECT account_id, key, value::text FROM preference")
    }
    held = {
        person.id: {tuple(map(str, key)) for key in person.owned[table].keys or ()}
        for person in subjects
        if (table := "accounts.public.preference") in person.owned
    }
    person = next(one for one in subjects if {None, "null"} <= {kept[key] for key in held.get(one.id, ())})
    ((number, _),) = answered(office, [person]).items()
    lines = office.export(number).read("csv/accounts.preference.csv").decode("utf-8-sig").splitlines()
    told = {(row["account_id"], row["key"]): row["value"] for row in csv.DictReader(lines, delimiter=";")}
    assert set(told) == held[person.id]
    assert {key: {"": None}.get(value, value) for key, value in told.items()} == {key: kept[key] for key in told}


def test_a_batch_and_one_by_one_give_the_same(office, subjects) -> None:
    people = [with_trait(subjects, trait) for trait in ("shared_mailbox", "odd_values", "history_only")]
    batch = {office.register_subject(person): person for person in people}
    single = {office.register_subject(person): person for person in people}
    office.identify(batch)
    office.collect(*batch)
    validating.run(office.env, list(batch))
    for number, person in single.items():
        office.identify({number: person})
        office.collect(number)
        validating.run(office.env, [number])
    for one, other in zip(batch, single, strict=True):
        plans = planning.stored(office.env, [one, other])
        assert plans[one].steps == plans[other].steps
        assert plans[one].footprint == plans[other].footprint
        assert collected(office, one) == collected(office, other)
        assert office.finish(one).missing == office.finish(other).missing == ()
        assert office.export(one).rows == office.export(other).rows


def collected(office: Office, number: str) -> dict[str, tuple[str, Mapping[str, int]]]:
    with transaction(office.env.register) as register:
        return {receipt.store: (receipt.digest, receipt.counts) for receipt in receipts.receipts(register, number)}
