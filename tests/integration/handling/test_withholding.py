"""What is left out of an access copy for the time being (UAVG art. 41(1)): one row, by two officers, and said to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from handling_world import OFFICER, Office, keys_of
from test_approving import SECOND, happened, with_erasure

from avgflow.demo.truth import SubjectTruth
from avgflow.handling import withholding
from avgflow.handling.waiting import ChoiceRefused
from avgflow.handling.withholding import NoSuchRow, WrongUntil
from avgflow.intake import day_in_amsterdam
from avgflow.register import chain, withholdings
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome
from avgflow.register.withholdings import UnknownWithholding, WithholdingGround

NOTE = "crm.public.note"
CRIME = WithholdingGround.CRIME


def noted(subjects: Sequence[SubjectTruth]) -> tuple[SubjectTruth, list[str]]:
    """Somebody about whom staff wrote more than once, and the keys of that."""
    for one in subjects:
        if not one.traits and NOTE in one.owned and len(one.owned[NOTE].keys or ()) > 1:
            return one, sorted(str(key[0]) for key in one.owned[NOTE].keys or ())
    raise AssertionError("nobody has two notes")


def given(office: Office, subject: SubjectTruth) -> tuple[str, list[str], Outcome | None]:
    """The request of a person for a copy, with the notes in it and what it came to."""
    number = office.register_subject(subject)
    office.identify({number: subject})
    office.answer(number)
    rows = office.export(number).rows.get(NOTE, [])
    return number, [key[0] for key in keys_of(rows, NOTE)], office.request(number).outcome


def test_case_21_what_an_inquiry_is_about_is_withheld_and_the_rest_is_given(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    with_erasure(office.env, officers=(OFFICER, SECOND))
    subject, (first, *rest) = noted(subjects)
    placed = withholding.place(office.env, NOTE, [first], CRIME, None, OFFICER)
    assert given(office, subject)[1] == sorted([first, *rest])
    with pytest.raises(ChoiceRefused, match=SECOND):
        withholding.confirm(office.env, placed.id, OFFICER)
    withholding.confirm(office.env, placed.id, SECOND)
    number, keys, outcome = given(office, subject)
    assert keys == sorted(rest)
    assert outcome is Outcome.PARTLY_FULFILLED
    export = office.export(number)
    assert export.manifest["withheld"] is True
    assert happened(office, number).count("items.withheld") == 1
    other = next(one for one in subjects if not one.traits and NOTE in one.owned and one.id != subject.id)
    assert office.export(given(office, other)[0]).manifest["withheld"] is False
    with transaction(office.env.register) as register:
        withholdings.release(register, office.env.keyring, placed.id, SECOND)
    assert given(office, subject)[1] == sorted([first, *rest])
    with transaction(office.env.register) as register:
        assert chain.verify(register, office.env.keyring).ok


def test_it_ends_by_itself_on_its_last_day(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    subject, keys = noted(subjects)
    today = day_in_amsterdam()
    placed = withholding.place(office.env, NOTE, [keys[0]], CRIME, today, OFFICER)
    withholding.confirm(office.env, placed.id, OFFICER)
    assert given(office, subject)[1] == keys[1:]
    with pytest.raises(WrongUntil):
        withholding.place(office.env, NOTE, [keys[0]], CRIME, today - timedelta(1), OFFICER)


def test_which_row_it_is_stands_nowhere_readable(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    _, (first, *_) = noted(subjects)
    with transaction(office.env.register) as register:
        placed = withholdings.place(
            register,
            office.env.keyring,
            "crm",
            next(iter(office.env.catalog.stores["crm"].tables)),
            (first,),
            CRIME,
            None,
            OFFICER,
        )
        assert placed.state == "proposed"
        stored = register.exec_driver_sql("SELECT row_hash, store, table_name FROM withholding").one()
        events = register.exec_driver_sql("SELECT detail::text FROM event WHERE name LIKE 'withholding%%'").scalars()
        assert len(stored.row_hash) == 64
        assert all(f'"{first}"' not in detail for detail in events)


@pytest.mark.parametrize(
    ("where", "key"),
    [
        ("crm.public.nota", ["1"]),
        ("note", ["1"]),
        (NOTE, ["1", "2"]),
        (NOTE, ["987654321"]),
        ("crm.public.employee", ["1"]),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(office: Office, where: str, key: list[str]) -> None:
    with pytest.raises(NoSuchRow) as told:
        withholding.place(office.env, where, key, CRIME, None, OFFICER)
    assert "\n" not in str(told.value)
    with pytest.raises(UnknownWithholding):
        withholding.confirm(office.env, 999, OFFICER)
