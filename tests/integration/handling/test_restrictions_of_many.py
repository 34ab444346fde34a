"""Many people are restricted at once and let go again: a second witness, which knows only the truth about them and
the keys of the register, says what must have come of it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from itertools import cycle

import psycopg
import pytest
from handling_world import MANY, OFFICER, Office
from real_postgres import Register
from test_objections_of_many import many
from test_restricting import MARKABLE, closed, everything_else, marked, owned

from avgflow.demo.truth import SubjectTruth
from avgflow.handling import lifting, planning, recounting, stopping
from avgflow.register import restrictions
from avgflow.register.database import transaction

GROUNDS = ("accuracy", "unlawful", "claims", "objection")


def theirs(people: Sequence[SubjectTruth]) -> dict[str, set[str]]:
    return {store: {key for one in people for key in owned(one)[store]} for store in MARKABLE}


def restricted(office: Office, people: Sequence[SubjectTruth]) -> dict[str, SubjectTruth]:
    grounds = cycle(GROUNDS)
    asked = {office.register_subject(one, right="restriction", ground=next(grounds)): one for one in people}
    office.identify(asked)
    numbers = list(asked)
    planning.make(office.env, numbers)
    for number in numbers:
        stopping.suppress(office.env, number)
    for store in office.env.catalog.stores:
        stopping.run(office.env, store, numbers)
    for done in recounting.run(office.env, numbers).values():
        assert done.verdict.passed, done.verdict.failures
    return asked


def hashes(office: Office, people: Sequence[SubjectTruth]) -> set[tuple[str, str]]:
    """As another system computes them, from the key that the privacy officer gave it."""
    with transaction(office.env.register) as register:
        key = bytes.fromhex(restrictions.show_key(register, office.env.keyring, OFFICER))
    return {
        (kind, hmac.new(key, value.strip(" \t\r\n\u00a0").lower().encode(), hashlib.sha256).hexdigest())
        for one in people
        for kind, value in one.identifiers.items()
    }


def in_view(register: Register) -> set[tuple[str, str]]:
    with psycopg.connect(register.superuser_dsn) as reader:
        return set(reader.execute("SELECT kind, hash FROM restricted").fetchall())


@pytest.mark.parametrize("many_at_once", MANY)
def test_exactly_those_who_asked_are_restricted_and_let_go(
    own_stores: Office, register: Register, subjects: Sequence[SubjectTruth], many_at_once: int
) -> None:
    office, people = own_stores, many(subjects, many_at_once)
    before = everything_else(office)
    asked = restricted(office, people)
    assert marked(office) == theirs(people)
    assert everything_else(office) == before
    others = [one for one in subjects if one not in people and not one.shared_with]
    assert hashes(office, people) <= in_view(register)
    assert not hashes(office, others) & in_view(register)
    some = list(asked)[:8]
    ends = {"accuracy": "accurate", "unlawful": "lawful", "claims": "claim-over", "objection": "objection-handled"}
    for number in some:
        closed(office, number)
        lifting.end(office.env, number, ends[str(office.request(number).ground)], OFFICER)
        office.deliver(str(lifting.letter(office.env, number)))
        for message_id in lifting.lift(office.env, number):
            office.deliver(message_id)
    left = [asked[number] for number in asked if number not in some]
    assert marked(office) == theirs(left)
    assert everything_else(office) == before
    assert hashes(office, left) <= in_view(register)
    assert not hashes(office, [asked[number] for number in some]) & in_view(register)
