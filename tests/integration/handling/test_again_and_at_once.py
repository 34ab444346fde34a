"""Every step can be killed and run again, also twice at once, and ends in the same state with one mail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
from handling_world import OFFICER, Office, refused, with_trait

from avgflow.crypto import new_passphrase
from avgflow.demo.truth import SubjectTruth
from avgflow.dossier import package
from avgflow.handling import answering, closing, collecting, identify, planning, validating
from avgflow.handling.environment import Environment
from avgflow.handling.waiting import Waiting
from avgflow.register import chain, events, passphrases, receipts
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Outcome, Status
from avgflow.stores.collect import collect
from avgflow.workfile import UNFINISHED, WorkLost, path_of, writing

STORES = ("accounts", "crm", "marketing", "orders")

Step = Callable[[Environment, str], object]

STEPS: dict[str, Step] = {
    "identify": lambda env, number: identify.identify(env, [number]),
    "plan": lambda env, number: planning.make(env, [number]),
    **{store: lambda env, number, store=store: collecting.run(env, store, [number]) for store in STORES},
    "validate": lambda env, number: validating.run(env, [number]),
    "answer": answering.run,
    "close": closing.run,
}


@pytest.fixture
def person(subjects) -> SubjectTruth:
    return with_trait(subjects, "soft_deleted")


@pytest.fixture
def number(office, person) -> str:
    return office.register_subject(person)


@contextmanager
def another(office: Office) -> Iterator[Environment]:
    """The same installation in another worker."""
    env = Environment(office.env.settings, office.env.dsn_of)
    yield env
    env.dispose()


def twice_at_once(office: Office, step: Step, number: str) -> list[object]:
    """The step in two workers that begin at the same moment; what each came to (a fault is raised)."""
    together = threading.Barrier(2)

    def work() -> object:
        with another(office) as env:
            together.wait()
            return step(env, number)

    with ThreadPoolExecutor(2) as pool:
        return [done.result() for done in [pool.submit(work) for _ in range(2)]]


def send_all(office: Office, number: str) -> None:
    for mail in office.queued(number):
        office.deliver(mail.message_id)


def missing(office: Office, number: str) -> list[str]:
    """What keeps the request from being closed."""
    return [line.en for line in closing.run(office.env, number).missing]


def fulfilled_once(office: Office, number: str, person: SubjectTruth) -> None:
    """The request is closed, with one mail that holds everything, one receipt a store, and an unbroken chain."""
    request = office.request(number)
    assert (request.status, request.outcome) in {
        (Status.CLOSED, Outcome.FULFILLED),
        (Status.CLOSED, Outcome.PARTLY_FULFILLED),
    }
    with transaction(office.env.register) as register:
        assert chain.verify(register, office.env.keyring).ok
        names = [event.name for event in events.history(register, number)]
        written = [receipt.store for receipt in receipts.receipts(register, number)]
    assert names.count(EventName.REQUEST_CLOSED) == 1
    assert names.count(EventName.MAIL_ACCEPTED) == 1
    assert sorted(written) == sorted(STORES)
    delivered = sum(len(rows) for rows in office.export(number).rows.values())
    owned = {table: held.rows for table, held in person.owned.items() if not table.endswith("active_subscriber")}
    assert delivered == sum(owned.values())


def test_each_step_twice_in_a_row_ends_in_the_same_state(office, number, person) -> None:
    for name, step in STEPS.items():
        if name == "close":
            send_all(office, number)
            send_all(office, number)
        step(office.env, number)
        if name not in ("identify", "close"):
            step(office.env, number)
    assert closing.run(office.env, number).missing == ()
    fulfilled_once(office, number, person)


def test_the_whole_way_twice_ends_in_the_same_state(office, number, person) -> None:
    for _ in range(2):
        for name, step in STEPS.items():
            if name != "close":
                step(office.env, number)
        send_all(office, number)
    assert closing.run(office.env, number).missing == ()
    fulfilled_once(office, number, person)


def test_each_step_in_two_workers_at_once_ends_in_the_same_state(office, number, person) -> None:
    for name, step in STEPS.items():
        if name == "close":
            twice_at_once(office, lambda env, number: send_all(office, number), number)
        twice_at_once(office, step, number)
    fulfilled_once(office, number, person)
    work = office.env.settings.work / number
    assert {file.suffix for file in work.iterdir()} == {".pdf", ".zip"}


@pytest.mark.parametrize("store", STORES)
def test_killed_between_work_file_and_receipt_the_store_is_collected_again(office, number, person, store) -> None:
    identify.identify(office.env, [number])
    plan = planning.make(office.env, [number])[number]
    with office.env.view(store) as view:
        done = collect(
            view.connections[store],
            view.targets(store),
            {number: plan.footprint},
            office.env.settings.work,
            office.env.keyring,
        )[number]
    for other in STORES:
        if other != store:
            collecting.run(office.env, other, [number])
    with refused(WorkLost, person, match=f"Run task '{store}' again"):
        validating.run(office.env, [number])
    assert missing(office, number)[0] == f"no receipt of store {store}"
    assert collecting.run(office.env, store, [number])[number].digest == done.digest
    assert validating.run(office.env, [number])[number].verdict.passed
    assert office.finish(number).missing == ()
    fulfilled_once(office, number, person)


def test_killed_while_writing_a_work_file_nothing_takes_its_name(office, number) -> None:
    path = path_of(office.env.settings.work, number, "crm")
    with pytest.raises(KeyboardInterrupt), writing(path, office.env.keyring):
        raise KeyboardInterrupt
    assert list(path.parent.iterdir()) == []


def test_what_a_killed_process_left_is_tidied_at_the_end(office, number, person) -> None:
    office.identify({number: person})
    office.collect(number)
    left = office.env.settings.work / number / f".crm.sealed.abc{UNFINISHED}"
    left.write_bytes(b"half")
    validating.run(office.env, [number])
    assert office.finish(number).missing == ()
    assert not left.exists()


def test_killed_between_passphrase_package_and_mail_there_is_one_passphrase_and_one_mail(
    office, number, person
) -> None:
    office.identify({number: person})
    office.collect(number)
    validating.run(office.env, [number])
    with transaction(office.env.register) as register:
        phrase = passphrases.put_passphrase(register, office.env.keyring, number, new_passphrase())
    begun = answering.begin(office.env, number)
    assert isinstance(begun, answering.Begun)
    answer = answering.content(office.env, begun)
    package.build(answer, phrase, office.env.settings.work / number)
    assert office.queued(number) == []
    assert office.finish(number).missing == ()
    fulfilled_once(office, number, person)


def test_a_package_that_was_handed_over_is_not_asked_for_again(office, number, person) -> None:
    small = replace(office.env, settings=office.env.settings.model_copy(update={"attachment_limit_mb": 0}))
    office.identify({number: person})
    office.collect(number)
    validating.run(office.env, [number])
    asked = answering.run(small, number)
    assert asked.question is not None
    assert asked.question.waiting is Waiting.HANDOVER
    answering.hand_over(small, number, OFFICER)
    assert answering.run(small, number) == answering.Prepared(None)
    assert closing.run(small, number).missing == ()
    small.dispose()


def test_killed_between_mail_and_close_the_mail_is_not_sent_again(office, number, person) -> None:
    office.identify({number: person})
    office.collect(number)
    validating.run(office.env, [number])
    first = answering.run(office.env, number)
    office.deliver(first.message_id)
    assert answering.run(office.env, number) == first
    assert office.deliver(first.message_id).attempts == 1
    assert closing.run(office.env, number).missing == ()
    fulfilled_once(office, number, person)


def test_a_mail_server_that_is_down_keeps_the_answer_in_the_outbox_and_gets_it_once(office, number, person) -> None:
    office.identify({number: person})
    office.collect(number)
    validating.run(office.env, [number])
    office.mailbox.stop()
    message = answering.run(office.env, number).message_id
    failed = office.deliver(message)
    assert (failed.accepted, failed.failure) == (False, "ConnectionRefusedError")
    assert missing(office, number) == ["the mail server has not accepted the answer"]
    assert office.request(number).status is Status.STOPPED
    office.mailbox.start()
    assert answering.run(office.env, number).message_id == message
    assert office.deliver(message).accepted
    assert office.deliver(message).accepted
    assert closing.run(office.env, number).missing == ()
    fulfilled_once(office, number, person)


def test_a_request_is_not_closed_before_the_mail_server_accepts(office, number, person) -> None:
    office.identify({number: person})
    office.collect(number)
    validating.run(office.env, [number])
    answering.run(office.env, number)
    assert missing(office, number) == ["the mail server has not accepted the answer"]
    assert office.request(number).status is Status.STOPPED


def test_a_request_that_was_not_begun_is_not_closed(office, number) -> None:
    assert missing(office, number) == [
        *(f"no receipt of store {store}" for store in STORES),
        "no proof of completeness",
        "no answer went out",
    ]


def test_a_new_plan_asks_for_new_work(office, number, person) -> None:
    office.identify({number: person})
    office.collect(number)
    planning.make(office.env, [number])
    with refused(WorkLost, person):
        validating.run(office.env, [number])
    for store in STORES:
        collecting.run(office.env, store, [number])
    assert validating.run(office.env, [number])[number].verdict.passed


def test_an_answer_needs_the_proof_of_this_very_work(own_stores, person) -> None:
    """A proof of earlier work says nothing of what was collected since."""
    office = own_stores
    number = office.register_subject(person)
    office.identify({number: person})
    office.collect(number)
    assert validating.run(office.env, [number])[number].verdict.passed
    own_stores.change("crm", "UPDATE contact SET phone = '06-90999999'")
    office.collect(number)
    with refused(answering.NotProven, person):
        answering.run(office.env, number)
