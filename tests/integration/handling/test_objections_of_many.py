"""Many people object at once: a second witness, which knows only the truth about them, says what must have come of
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from handling_world import MANY, Office, rarest_first
from test_objecting import answered, closed

from avgflow.demo.truth import SubjectTruth
from avgflow.handling import planning, recounting, stopping

SUBSCRIBER, CONSENT, VISIT = ("marketing.public.subscriber", "marketing.public.consent", "marketing.public.web_visit")
STATE = {
    SUBSCRIBER: "SELECT subscriber_id::text, unsubscribed_at::text, (to_jsonb(t) - 'unsubscribed_at')::text FROM {} t",
    CONSENT: "SELECT consent_id::text, withdrawn_at::text, (to_jsonb(t) - 'withdrawn_at')::text FROM {} t",
    VISIT: "SELECT visit_id::text, NULL, to_jsonb(t)::text FROM {} t",
}
State = dict[str, dict[str, tuple[Any, ...]]]


def state(office: Office) -> State:
    """Every row by key: when it ended, and all the rest of it."""
    return {
        name: {key: tuple(rest) for key, *rest in office.query("marketing", sql.format(name.split(".", 1)[1]))}
        for name, sql in STATE.items()
    }


def many(subjects: Sequence[SubjectTruth], number: int) -> Sequence[SubjectTruth]:
    """Those who share a mailbox object one after the other; here all do at once."""
    found = [one for one in rarest_first(subjects) if not one.shared_with][:number]
    assert len(found) == number
    return found


def theirs(people: Sequence[SubjectTruth], name: str) -> set[str]:
    return {str(key[0]) for one in people if name in one.owned for key in one.owned[name].keys or ()}


def objected(office: Office, people: Sequence[SubjectTruth], scope: str) -> dict[str, SubjectTruth]:
    asked = {office.register_subject(one, right="objection", to=scope): one for one in people}
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


@pytest.mark.parametrize("number", MANY)
def test_marketing_ends_for_exactly_those_who_asked(
    own_stores: Office, subjects: Sequence[SubjectTruth], number: int
) -> None:
    office, people = own_stores, many(subjects, number)
    before = state(office)
    asked = objected(office, people, "marketing")
    after = state(office)
    for name in (SUBSCRIBER, CONSENT):
        own = theirs(people, name)
        assert own
        for key, (ended, rest) in before[name].items():
            now, rest_now = after[name][key]
            assert rest_now == rest
            if key in own and ended is None:
                assert now is not None, (name, key)
            else:
                assert now == ended, (name, key)
        assert after[name].keys() == before[name].keys()
    assert after[VISIT] == before[VISIT]
    some = next(iter(asked))
    answered(office, some)
    assert closed(office, some) is not None


@pytest.mark.parametrize("number", MANY)
def test_cookies_are_forgotten_of_exactly_those_who_asked(
    own_stores: Office, subjects: Sequence[SubjectTruth], number: int
) -> None:
    office, people = own_stores, many(subjects, number)
    before = state(office)
    objected(office, people, "cookies")
    after = state(office)
    gone = theirs(people, VISIT)
    assert gone
    assert before[VISIT].keys() - after[VISIT].keys() == gone
    assert after[VISIT].items() <= before[VISIT].items()
    assert (after[SUBSCRIBER], after[CONSENT]) == (before[SUBSCRIBER], before[CONSENT])
