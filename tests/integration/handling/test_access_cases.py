"""The worked cases of an access request, on real stores."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import pypdf
import pytest
from handling_world import OFFICER, Office

from avgflow.demo.truth import SubjectTruth
from avgflow.demo.world import staff
from avgflow.intake import Verification
from avgflow.policy.recipients import Recipient
from avgflow.register import passphrases
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome

SEED = 23
"""Of the world in these stores (`conftest`)."""
STAFF = {one.name for one in staff(SEED)}
"""Names of staff are no reason to call an answer partial: they are not the person's data (C-579/21)."""


def contact_person(subjects: Iterable[SubjectTruth], **names: bool) -> SubjectTruth:
    """A contact person in whose rows nobody else but staff is named, or somebody is."""
    found = (one for one in subjects if one.kind == "contact_person" and not one.traits)
    return next(one for one in found if bool(set(one.others.names) - STAFF) is names["others"])


def answered(office: Office, person: SubjectTruth) -> str:
    number = office.register_subject(person, verified_by=Verification.PORTAL_LOGIN)
    office.identify({number: person})
    office.answer(number)
    return number


def test_a_contact_person_gets_a_copy_of_everything(office: Office, subjects: Sequence[SubjectTruth]) -> None:
    """Case 16: fulfilled, a copy with (a) to (h)."""
    person = contact_person(subjects, others=False)
    number = answered(office, person)
    assert office.request(number).outcome is Outcome.FULFILLED
    given = {table: len(rows) for table, rows in office.export(number).rows.items()}
    owned = {table: held.rows for table, held in person.owned.items() if table != "marketing.public.active_subscriber"}
    assert given == owned


def test_others_in_the_rows_are_replaced_and_never_a_reason_to_refuse(
    office: Office, subjects: Sequence[SubjectTruth]
) -> None:
    """Case 18: a ticket names a colleague; partly fulfilled, the colleague redacted."""
    person = contact_person(subjects, others=True)
    number = answered(office, person)
    assert office.request(number).outcome is Outcome.PARTLY_FULFILLED
    export = office.export(number)
    told: Any = str(export.rows)
    for name in person.others.names:
        assert name not in told
    assert {table: len(rows) for table, rows in export.rows.items()} == {
        table: held.rows for table, held in person.owned.items() if table != "marketing.public.active_subscriber"
    }


@pytest.mark.parametrize("named", ["Deurwaarder Knal B.V."])
def test_recipients_are_given_by_name(office: Office, subjects: Sequence[SubjectTruth], named: str) -> None:
    """Case 19: the recipients were asked for; they are named (C-154/21)."""
    policy = office.env.policy
    recipients: tuple[Recipient, ...] = tuple(
        one.model_copy(update={"named": (named,)}) if one.id == "bailiffs" else one for one in policy.recipients
    )
    office.env.__dict__["policy"] = policy.model_copy(update={"recipients": recipients})
    number = answered(office, next(one for one in subjects if "orders.public.invoice" in one.owned))
    report = pypdf.PdfReader(io.BytesIO(office.export(number).pdf))
    with transaction(office.env.register) as register:
        assert report.decrypt(passphrases.show_passphrase(register, office.env.keyring, number, OFFICER))
    assert named in " ".join(" ".join(page.extract_text() for page in report.pages).replace("\u200b", "").split())
