"""Every right for a hundred people each, put in at once under the real scheduler; every store, package, letter and
register entry looked at afterwards by witnesses that know only the truth about the people (`make test-many`).
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import erasure_oracle
import portable_oracle
import pytest
import stored_rows
from erasure_oracle import HISTORY, Tables
from handling_world import Mailbox, Office, theirs
from homes import a_home
from test_everybody_gets_their_rows import not_theirs
from test_rectifying_many import EMAILS, PHONES, digits, normal
from test_taking_along import opened

from avgflow import answers
from avgflow.airflow_api import AirflowApi, AirflowUnreachable
from avgflow.cli.stack import start
from avgflow.demo import load as demo
from avgflow.demo import truth
from avgflow.demo.truth import SubjectTruth
from avgflow.demo.world import World
from avgflow.handling import approving, environment, registering
from avgflow.handling.answering import ANSWER
from avgflow.handling.waiting import Waiting
from avgflow.intake import day_in_amsterdam, parse
from avgflow.register import evidence, outbox, requests, restrictions
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome, Request, Status

pytestmark = pytest.mark.many

MANY = int(os.environ.get("AVGFLOW_MANY", "100"))
"""People for each right."""
RIGHTS = ("access", "portability", "rectification", "objection", "restriction", "erasure")
GROUNDS = ("accuracy", "unlawful", "claims", "objection")
OFFICER = "officer"
AT_ONCE = 8
"""Questions that are answered side by side."""
LONGEST = 3600.0
"""Seconds until all must have ended."""

MARKED = {"marketing.public.subscriber": "unsubscribed_at", "marketing.public.consent": "withdrawn_at"}
"""What an objection to marketing ends, where it did not end before."""
RESTRICTABLE = ("crm.public.contact", "accounts.public.portal_account", "marketing.public.subscriber")
"""The tables that know of a restriction themselves, by `restricted_at`."""


@dataclass
class Hall:
    """The stack with everybody's requests."""

    office: Office
    before: Tables
    stored: Mapping[str, Any]
    portable: Any
    asked: dict[str, tuple[str, SubjectTruth]] = field(default_factory=dict)
    right: dict[str, dict[str, str]] = field(default_factory=dict)
    wrong: dict[str, dict[str, str]] = field(default_factory=dict)

    def of(self, right: str) -> dict[str, SubjectTruth]:
        """The people of one right, by number."""
        return {number: one for number, (asked, one) in self.asked.items() if asked == right}


class Folder(Mailbox):
    """The mailbox of the stack."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """Everybody has asked, whoever waited for a human got an answer, and all runs have ended."""
    file = tmp_path_factory.mktemp("truth") / "truth.jsonl"
    with a_home("avgflow-many-") as home:
        where = start(lambda line: None)
        dsns = dict(where.as_json()["stores"])
        demo.load(dsns, World(seed=41, subjects=MANY * len(RIGHTS) * 3 // 2), file, lambda phase, done, total: None)
        office = Office(environment.of_settings(), Folder(home / "mailbox"), dsns)
        made = Hall(office, erasure_oracle.read(dsns), stored_rows.read(dsns), portable_oracle.portable(office))
        people = alone(list(truth.read_subjects(file)))
        assert len(people) >= MANY * len(RIGHTS)
        for place, one in enumerate(people[: MANY * len(RIGHTS)]):
            ask(made, RIGHTS[place % len(RIGHTS)], one, place)
        finish(made)
        yield made


def alone(subjects: Sequence[SubjectTruth]) -> list[SubjectTruth]:
    """Those whose address is theirs alone, and in no column twice that takes it once."""
    fit = [one for one in subjects if not one.shared_with and not one.ambiguous_email]
    return [one for one in fit if "subscribed_twice" not in one.traits]


def ask(hall: Hall, right: str, one: SubjectTruth, place: int) -> None:
    """Register a request and start its run, as every entry does."""
    known = dict(one.identifiers)
    given: dict[str, Any] = {kind: known.pop(kind) for kind in ("email", "customer_number") if kind in known}
    if right == "objection":
        given["to"] = "marketing"
    if right == "restriction":
        given["ground"] = GROUNDS[place % len(GROUNDS)]
    if right == "rectification":
        correct, was = {"email": f"nieuw.{place}@juist.example"}, {"email": one.identifiers["email"]}
        if phone := phone_of(hall.before, one):
            correct["phone"], was["phone"] = f"06-{10000000 + place}", phone
        given |= {"correct": correct, "was": was}
    intake = parse(right=right, verified_by="portal-login", identifiers=known, **given)
    request = registering.register(hall.office.env, intake, OFFICER).request
    registering.start(hall.office.env, request)
    hall.asked[request.number] = (right, one)
    if right == "rectification":
        hall.right[request.number], hall.wrong[request.number] = given["correct"], given["was"]


def phone_of(before: Tables, one: SubjectTruth) -> str | None:
    for table in PHONES:
        for key in (one.owned[table].keys or ()) if table in one.owned else ():
            if value := (before[table][tuple(map(str, key))]["phone"] or "").strip():
                return value
    return None


def finish(hall: Hall) -> None:
    """Answer what waits for a human, some at a time, until nothing is open."""
    env, deadline = hall.office.env, time.monotonic() + LONGEST
    with ThreadPoolExecutor(AT_ONCE) as officers:
        while True:
            with transaction(env.register) as register:
                open_ = [one for one in requests.find(register) if one.status not in (Status.CLOSED, Status.STOPPED)]
            if not open_:
                return
            assert time.monotonic() < deadline, Counter((one.right, one.status, one.waiting_for) for one in open_)
            list(officers.map(lambda one: answer(hall, one), open_))
            time.sleep(1)


def answer(hall: Hall, one: Request) -> None:
    """As a human does; where Airflow has not asked its question yet, another time."""
    env, inputs = hall.office.env, {}
    if one.waiting_for == Waiting.APPROVAL:
        inputs["plan"] = approving.check(env, one.number, None, OFFICER)
    elif one.waiting_for == Waiting.CHOICE:
        people = hall.office.candidates(one.number)
        inputs["persons"] = ",".join(map(str, sorted(theirs(people, hall.asked[one.number][1]))))
    elif one.waiting_for != Waiting.ADDRESS:
        return
    with suppress(answers.NothingAsked, AirflowUnreachable):
        answers.give(env, AirflowApi.of(env.settings), registering.DAGS[one.right], one.number, "Verder", inputs)


def test_every_request_is_closed_with_its_proof_and_one_answer(hall: Hall) -> None:
    outcomes: Counter[tuple[str, Outcome | None]] = Counter()
    for number, (right, _) in hall.asked.items():
        with transaction(hall.office.env.register) as register:
            request = requests.get(register, number)
            proofs = evidence.evidence(register, number)
            answered = [mail for mail in outbox.mails(register, number) if mail.kind == ANSWER]
        assert request.status is Status.CLOSED, (number, right, request.reason)
        assert proofs[-1].passed, (number, right)
        assert [mail.accepted_at is not None for mail in answered] == [True], (number, right)
        outcomes[right, request.outcome] += 1
    assert not {outcome for _, outcome in outcomes} & {None, Outcome.WITHDRAWN}
    assert {right for right, _ in outcomes} == set(RIGHTS)


def test_each_letter_reached_its_person_once(hall: Hall) -> None:
    for number, (right, one) in hall.asked.items():
        to = [mail for mail in hall.office.mailbox.mails(number) if mail["Delivered-To"] == one.identifiers["email"]]
        letters = [mail for mail in to if "e-mailadres is veranderd" not in str(mail["Subject"])]
        assert len(letters) == 1, (number, right)


def test_each_access_copy_holds_the_persons_rows_and_nobody_elses(hall: Hall) -> None:
    wrong: list[str] = []
    for number, one in hall.of("access").items():
        if hall.office.request(number).outcome is Outcome.NOTHING_FOUND:
            assert not one.owned
            continue
        export = hall.office.export(number)
        wrong += not_theirs(one, export)
        wrong += stored_rows.differences(one, export.rows, hall.stored, export.attachments)
    assert wrong == []


def test_each_package_to_take_along_holds_what_may_go_and_nothing_else(hall: Hall) -> None:
    wrong: list[str] = []
    for number, one in hall.of("portability").items():
        if hall.office.request(number).outcome in (Outcome.NOTHING_FOUND, Outcome.REFUSED):
            continue
        export = opened(hall.office, number)
        events = portable_oracle.events_of(hall.office, one)
        wrong += portable_oracle.differences(one, export, hall.stored, hall.portable, events)
    assert wrong == []


def test_the_stores_are_as_all_that_was_asked_has_it_and_nobody_else_is_touched(hall: Hall) -> None:
    after = erasure_oracle.read(hall.office.stores)
    must_be = erasure_oracle.wanted(hall.before, hall.of("erasure").values(), day_in_amsterdam())
    for number, one in hall.of("rectification").items():
        correct(must_be, one, hall.right[number], hall.wrong[number])
    ended = {(table, key) for one in hall.of("objection").values() for table, key in to_end(hall.before, one)}
    for table, key in ended:
        column = MARKED[table]
        assert after[table][key][column] is not None, (table, column)
        must_be[table][key] = {**must_be[table][key], column: after[table][key][column]}
    for table, key in restricted(hall.of("restriction").values()):
        since = after[table][key]["restricted_at"]
        assert since is not None, table
        must_be[table][key] = {**must_be[table][key], "restricted_at": since}
    # What a correction adds to the history of contacts is told by its own tests.
    after[HISTORY] = {key: row for key, row in after[HISTORY].items() if key in hall.before[HISTORY]}
    assert sorted(erasure_oracle.differences(must_be, after)) == []


def correct(must_be: Tables, one: SubjectTruth, right: Mapping[str, str], wrong: Mapping[str, str]) -> None:
    for places, kind, form in ((EMAILS, "email", normal), (PHONES, "phone", digits)):
        for quoted, column in places.items() if kind in right else ():
            table = quoted.replace('"', "")
            for key in (one.owned[quoted].keys or ()) if quoted in one.owned else ():
                place = tuple(map(str, key))
                row = must_be[table][place]
                if row[column] is not None and form(row[column]) == form(wrong[kind]):
                    must_be[table][place] = {**row, column: right[kind]}


def restricted(people: Iterable[SubjectTruth]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for one in people:
        for table in RESTRICTABLE:
            for key in (one.owned[table].keys or ()) if table in one.owned else ():
                yield table, tuple(map(str, key))


def test_the_register_says_of_exactly_those_who_asked_that_their_data_may_not_be_used(hall: Hall) -> None:
    env = hall.office.env
    with transaction(env.register) as register:
        said = {
            one.id for _, one in hall.asked.values() if restrictions.on(register, env.keyring, dict(one.identifiers))
        }
    assert said == {one.id for one in hall.of("restriction").values()}


def to_end(before: Tables, one: SubjectTruth) -> Iterator[tuple[str, tuple[str, ...]]]:
    for table, column in MARKED.items():
        for key in (one.owned[table].keys or ()) if table in one.owned else ():
            place = tuple(map(str, key))
            row = before[table][place]
            purposes = ("newsletter", "profiling")
            if row[column] is None and (table != "marketing.public.consent" or row["purpose"] in purposes):
                yield table, place
