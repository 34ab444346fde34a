"""Many people have their e-mail address and telephone number corrected at once: a second witness, which knows only
the truth about them and plain SQL, says what every row of every table must be after it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from handling_world import MANY, OFFICER, Office, rarest_first

from avgflow.demo.stores import STORES
from avgflow.demo.truth import SubjectTruth
from avgflow.handling import answering_rectification, closing, erasing, planning, recounting
from avgflow.register import annotations as noted
from avgflow.register import approvals
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome

EMAILS = {
    "crm.public.contact": "email",
    "orders.public.customer": "email",
    "orders.public.quote": "contact_email",
    'orders.public."order"': "contact_email",
    "accounts.public.portal_account": "email",
    "marketing.public.subscriber": "email",
}
PHONES = {
    "crm.public.organisation": "phone",
    "crm.public.contact": "phone",
    "orders.public.customer": "phone",
    "accounts.public.portal_account": "phone",
}
HISTORY = "crm.audit.contact_history"
Rows = dict[str, Counter[tuple[tuple[str, ...], str]]]


def many(subjects: Sequence[SubjectTruth], number: int) -> Sequence[SubjectTruth]:
    """Those whose address is theirs alone, and in no column twice that takes it once."""
    alone = [one for one in rarest_first(subjects) if not one.shared_with and not one.ambiguous_email]
    found = [one for one in alone if "subscribed_twice" not in one.traits][:number]
    assert len(found) == number
    return found


def everything(office: Office) -> dict[str, dict[tuple[str, ...], list[dict[str, Any]]]]:
    """Every row of every table of every store, by key; alike rows of a table without one together."""
    found: dict[str, dict[tuple[str, ...], list[dict[str, Any]]]] = {}
    for store, described in STORES.items():
        kinds = office.query(store, "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('v', 'm')")
        views = {f"public.{name}" for (name,) in kinds}
        for table, key in described.keys.items():
            if table in views:
                continue
            rows: dict[tuple[str, ...], list[dict[str, Any]]] = {}
            for (row,) in office.query(store, f"SELECT to_jsonb(t) FROM {table} t"):
                rows.setdefault(tuple(str(row[name]) for name in key), []).append(row)
            found[f"{store}.{table}"] = rows
    return found


def digits(phone: str | None) -> str:
    return re.sub(r"^(\+31|0031)", "0", re.sub(r"[^0-9+]", "", (phone or "").replace("(0)", "")))


def normal(email: str | None) -> str:
    return (email or "").strip(" \t\r\n\u00a0").lower()


def phone_of(state: Mapping[str, Any], subject: SubjectTruth) -> str | None:
    """A telephone number that some row of theirs holds."""
    for table, column in PHONES.items():
        for key in (subject.owned[table].keys or ()) if table in subject.owned else ():
            for row in state[table][tuple(map(str, key))]:
                if row[column]:
                    return str(row[column]).strip()
    return None


def wanted(
    state: Mapping[str, Any], asked: Mapping[str, tuple[SubjectTruth, Mapping[str, str], Mapping[str, str]]]
) -> tuple[dict[str, Any], int]:
    """What the tables must hold afterwards, and how many rows of the CRM's contacts are changed."""
    expected = {
        table: {key: [dict(row) for row in rows] for key, rows in found.items()} for table, found in state.items()
    }
    contacts = 0
    for subject, right, wrong in asked.values():
        for places, kind, form in ((EMAILS, "email", normal), (PHONES, "phone", digits)):
            for table, column in places.items() if kind in right else ():
                for key in (subject.owned[table].keys or ()) if table in subject.owned else ():
                    for row in expected[table][tuple(map(str, key))]:
                        if row[column] is not None and form(row[column]) == form(wrong[kind]):
                            row[column] = right[kind]
    for key, rows in expected["crm.public.contact"].items():
        contacts += rows != state["crm.public.contact"][key]
    return expected, contacts


@pytest.mark.parametrize("many_at_once", MANY)
def test_many_people_are_corrected_and_nobody_else(
    own_stores: Office, subjects: Sequence[SubjectTruth], many_at_once: int
) -> None:
    office, people = own_stores, many(subjects, many_at_once)
    before = everything(office)
    asked = {}
    for place, subject in enumerate(people):
        right, wrong = {"email": f"nieuw.{place}@juist.example"}, {"email": subject.identifiers["email"]}
        if phone := phone_of(before, subject):
            right["phone"], wrong["phone"] = f"06-{10000000 + place}", phone
        number = office.register_subject(subject, right="rectification", correct=right, was=wrong)
        asked[number] = (subject, right, wrong)
    office.identify({number: subject for number, (subject, _, _) in asked.items()})
    numbers = list(asked)
    planning.make(office.env, numbers)
    for number, plan in planning.stored(office.env, numbers).items():
        with transaction(office.env.register) as register:
            approvals.put_approval(register, office.env.keyring, number, plan.digest, OFFICER)
    for store in office.env.catalog.stores:
        erasing.run(office.env, store, numbers)
    for done in recounting.run(office.env, numbers).values():
        assert done.verdict.passed, done.verdict.failures
    after = everything(office)
    expected, contacts = wanted(before, asked)
    assert contacts > many_at_once / 3
    for table, rows in expected.items():
        if table != HISTORY:
            assert after[table] == rows, table
    assert len(after[HISTORY]) == len(before[HISTORY]) + contacts
    assert {key: after[HISTORY][key] for key in before[HISTORY]} == before[HISTORY]
    old = {normal(wrong["email"]) for _, _, wrong in asked.values()}
    left = {normal(email) for (email,) in office.query("marketing", "SELECT email FROM subscriber_summary")}
    assert not left & (
        old - {normal(row["email"]) for rows in after["marketing.public.subscriber"].values() for row in rows}
    )
    outcomes = Counter()
    for number in numbers[:20]:
        for message_id in answering_rectification.run(office.env, number):
            office.deliver(message_id)
        closed = closing.run(office.env, number)
        assert closed.missing == ()
        outcomes[closed.request.outcome] += 1
    assert set(outcomes) <= {Outcome.FULFILLED, Outcome.PARTLY_FULFILLED}
    with transaction(office.env.register) as register:
        assert noted.find_annotations(register) == []  # an invoice shows neither an address of this kind nor a number
