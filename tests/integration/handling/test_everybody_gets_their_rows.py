"""The acceptance test of inzage: two hundred people ask, and each gets exactly their rows, as they are stored.

The answer is judged as the person gets it: the zip of the mail that the mail server accepted, opened with the
passphrase. What is theirs comes from the truth of the demonstration, what is stored from a plain psycopg.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pytest
import stored_rows
from handling_world import SUBJECTS, Export, Office, keys_of, wanted_keys
from stored_rows import StoredTable

from avgflow.demo import truth
from avgflow.demo.truth import SubjectTruth

AT_ONCE = 20
LEFT_OUT = "marketing.public.active_subscriber"
"""A plain view of the subscribers, which the catalog leaves out of an access copy and says why."""
EVENTS = "marketing.public.event"
EVENT_COLUMNS = ("subscriber_id", "campaign_id", "kind", "url", "user_agent", "at")


@pytest.fixture(scope="session")
def stored(stores) -> Mapping[str, StoredTable]:
    return stored_rows.read(stores.shared)


@pytest.fixture(scope="session")
def known_names(stores) -> tuple[set[str], set[str]]:
    return stored_rows.names_of_people(stores.shared)


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


def _moment(text: str) -> object:
    from datetime import datetime

    return datetime.fromisoformat(text)


def readable_others(subject: SubjectTruth, export: Export, names: tuple[set[str], set[str]]) -> Iterator[str]:
    """Others of the truth who can be read in any delivered value; who is nobody's name in any store is out of reach."""
    full, first = names
    reach = [
        name
        for name in subject.others.names
        if stored_rows.flat(name) in full or stored_rows.flat(name).split()[0] in first
    ]
    text = "\n".join([*stored_rows.texts_in(export.rows), export.csv()])
    for value in stored_rows.readable([*reach, *subject.others.emails, *subject.others.phones], text):
        yield f"{subject.id} {subject.traits}: {value}"


@pytest.mark.parametrize("first", range(0, SUBJECTS, AT_ONCE))
def test_each_person_gets_exactly_their_own_rows_as_they_are_stored(
    office, subjects, stored, known_names, first
) -> None:
    asked = answered(office, subjects[first : first + AT_ONCE])
    assert len(asked) == AT_ONCE
    rows, values, others = [], [], []
    for number, subject in asked.items():
        export = office.export(number)
        rows += not_theirs(subject, export)
        values += stored_rows.differences(subject, export.rows, stored, export.attachments)
        others += readable_others(subject, export, known_names)
    assert rows == []

    assert values == []
    assert others == []
