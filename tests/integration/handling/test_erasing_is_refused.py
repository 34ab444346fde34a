"""An erasure that is not approved, or not of the stores as they are now, changes nothing; what stops it is named."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import erasure_oracle
import psycopg
import pytest
from erasure_oracle import ACCOUNT, ADDRESS, CONTACT, ORDER, SUBSCRIBER, TICKET
from handling_world import OFFICER, Office, refused, with_trait

from avgflow.catalog.drift import CatalogDrift
from avgflow.demo.truth import SubjectTruth
from avgflow.errors import AvgflowError, StoreBusy
from avgflow.handling import carried, erasing, planning
from avgflow.handling.environment import Environment
from avgflow.handling.erasing import NotApproved
from avgflow.intake import day_in_amsterdam
from avgflow.register import approvals, events, holds, receipts
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.stores.erase import StoreChanged, UnexpectedChange

STORES = ("crm", "orders", "accounts", "marketing")


@pytest.fixture
def person(stores, subjects) -> SubjectTruth:
    """Somebody whose contact row goes, and who has a bit of everything."""
    rows = erasure_oracle.read(stores.shared)

    def fits(one: SubjectTruth) -> bool:
        owned = erasure_oracle.owned_by(one, rows)
        return (
            {CONTACT, TICKET, ADDRESS, ORDER, SUBSCRIBER, ACCOUNT} <= set(owned)
            and not erasure_oracle.runs(rows, owned, day_in_amsterdam())
            and any(rows[ORDER][key]["invoiced_on"] is not None for key in owned[ORDER])
            and {rows[CONTACT][key]["email"] for key in owned[CONTACT]} == {one.identifiers["email"]}
        )

    return next(one for one in subjects if fits(one))


@pytest.fixture
def number(own_stores, person) -> str:
    """Their request, planned and not approved."""
    made = own_stores.register_subject(person, right="erasure")
    own_stores.identify({made: person})
    planning.make(own_stores.env, [made])
    return str(made)


@pytest.fixture
def approved(own_stores, number) -> str:
    """The same, approved."""
    approve(own_stores, number)
    return str(number)


def approve(office: Office, number: str) -> None:
    plan = planning.stored(office.env, [number])[number]
    with transaction(office.env.register) as register:
        approvals.put_approval(register, office.env.keyring, number, plan.digest, OFFICER)


def erase_all(office: Office, *numbers: str) -> None:
    for store in STORES:
        erasing.run(office.env, store, numbers)


@contextmanager
def nothing_changes(office: Office, *stores: str) -> Iterator[None]:
    """In the named stores, or in any."""
    dsns = {store: office.stores[store] for store in stores or STORES}
    before = erasure_oracle.read(dsns)
    yield
    assert erasure_oracle.read(dsns) == before


def is_refused(office: Office, kind: type[AvgflowError], number: str, person: SubjectTruth, store: str = "crm") -> None:
    with nothing_changes(office), refused(kind, person):
        erasing.run(office.env, store, [number])
    with transaction(office.env.register) as register:
        assert not any(receipt.store == store for receipt in receipts.receipts(register, number))


def is_erased(office: Office, number: str, person: SubjectTruth, before: erasure_oracle.Tables) -> None:
    erase_all(office, number)
    must_be = erasure_oracle.wanted(before, [person], day_in_amsterdam())
    assert list(erasure_oracle.differences(must_be, erasure_oracle.read(office.stores))) == []


def test_without_an_approval_nothing_is_touched(own_stores, number, person) -> None:
    is_refused(own_stores, NotApproved, number, person)


def test_the_approval_of_an_earlier_plan_is_none(own_stores, approved, person) -> None:
    own_stores.change(
        "crm",
        "INSERT INTO note (contact_id, body, author, written_at) SELECT contact_id, 'x', 'y', now() FROM contact "
        "WHERE email = %s",
        person.identifiers["email"],
    )
    planning.make(own_stores.env, [approved])
    is_refused(own_stores, NotApproved, approved, person)


def test_a_refusal_voids_the_approval_that_was_before_it(own_stores, approved, person) -> None:
    plan = planning.stored(own_stores.env, [approved])[approved]
    with transaction(own_stores.env.register) as register:
        approvals.put_refusal(register, own_stores.env.keyring, approved, plan.digest, OFFICER)
    is_refused(own_stores, NotApproved, approved, person)


def test_one_unapproved_request_keeps_a_batch_from_running(own_stores, approved, person, subjects) -> None:
    other = with_trait(subjects, "soft_deleted")
    second = own_stores.register_subject(other, right="erasure")
    own_stores.identify({second: other})
    planning.make(own_stores.env, [second])
    with nothing_changes(own_stores), refused(NotApproved, person, match=second):
        erasing.run(own_stores.env, "crm", [approved, second])


def test_a_hold_that_is_placed_after_the_approval_stops_it_until_it_is_released(own_stores, approved, person) -> None:
    """On all of the person's records, on one class of them, or on a class of everybody's."""
    before = erasure_oracle.read(own_stores.stores)
    theirs = {"email": [person.identifiers["email"].upper()]}
    for on, of_class in ((theirs, None), (theirs, "R2"), (None, "R2")):
        with transaction(own_stores.env.register) as register:
            hold = holds.place(register, own_stores.env.keyring, on, of_class, None, "claim", OFFICER)
        is_refused(own_stores, StoreChanged, approved, person)
        with transaction(own_stores.env.register) as register:
            holds.release(register, own_stores.env.keyring, hold.id, OFFICER)
    is_erased(own_stores, approved, person, before)


def test_under_a_hold_a_new_plan_keeps_everything_as_it_is(own_stores, number, person) -> None:
    """Nothing is taken out of an invoiced order either, whose contact the books could do without."""
    with transaction(own_stores.env.register) as register:
        held = {"email": [person.identifiers["email"]]}
        holds.place(register, own_stores.env.keyring, held, None, None, "litigation", OFFICER)
    planning.make(own_stores.env, [number])
    approve(own_stores, number)
    with nothing_changes(own_stores):
        erase_all(own_stores, number)


ADDED = {
    "a row": (
        "crm",
        "INSERT INTO call (contact_id, started_at) SELECT contact_id, now() FROM contact WHERE email = %(email)s",
    ),
    "a row on an own row": (
        "crm",
        "INSERT INTO attachment (ticket_id, content, uploaded_at) SELECT max(ticket_id), '', now() FROM ticket "
        "JOIN contact ON opened_by = contact_id WHERE email = %(email)s",
    ),
    "a row fewer": (
        "crm",
        "DELETE FROM address WHERE contact_id IN (SELECT contact_id FROM contact WHERE email = %(email)s)",
    ),
    "a row of somebody else that points here": (
        "crm",
        "UPDATE contact SET household_contact_id = (SELECT contact_id FROM contact WHERE email = %(email)s) "
        "WHERE contact_id = (SELECT max(contact_id) FROM contact)",
    ),
    "a row of another class": (
        "orders",
        'UPDATE order_line SET invoiced_on = NULL FROM "order" o WHERE o.order_id = order_line.order_id '
        "AND o.invoiced_on IS NOT NULL AND (o.contact_email = %(email)s "
        "OR o.customer_id IN (SELECT customer_id FROM customer WHERE email = %(email)s))",
    ),
    "a row in a table of people": (
        "marketing",
        "INSERT INTO subscriber (email, subscribed_at) VALUES (upper(%(email)s), now())",
    ),
}


def test_a_store_that_changed_since_the_plan_is_left_alone_until_it_is_planned_anew(
    own_stores, approved, person
) -> None:
    email = person.identifiers["email"]
    for what, (store, statement) in ADDED.items():
        with psycopg.connect(own_stores.stores[store]) as connection:
            assert connection.execute(statement.encode(), {"email": email}).rowcount > 0, what
        is_refused(own_stores, StoreChanged, approved, person, store)
        planning.make(own_stores.env, [approved])
        is_refused(own_stores, NotApproved, approved, person, store)
        approve(own_stores, approved)
    erase_all(own_stores, approved)
    gone = "SELECT count(*) FROM contact WHERE lower(btrim(email)) = %s"
    assert own_stores.query("crm", gone, email) == [(0,)]


def test_a_change_that_is_no_matter_of_the_plan_does_not_stop_it(own_stores, approved, person) -> None:
    """What stands in a row that goes; a row of somebody else."""
    email = person.identifiers["email"]
    own_stores.change("accounts", "UPDATE portal_account SET locale = 'fy' WHERE lower(btrim(email)) = %s", email)
    own_stores.change("marketing", "INSERT INTO campaign (title, sent_at) VALUES ('x', now())")
    is_erased(own_stores, approved, person, erasure_oracle.read(own_stores.stores))


def test_a_store_that_is_busy_is_left_alone_and_says_so_on_the_register(own_stores, approved, person) -> None:
    before = erasure_oracle.read(own_stores.stores)
    with psycopg.connect(own_stores.stores["crm"]) as other:
        other.execute("SELECT 1 FROM contact WHERE email = %s FOR UPDATE", [person.identifiers["email"]])
        is_refused(own_stores, StoreBusy, approved, person)
        erasing.run(own_stores.env, "accounts", [approved])
    with transaction(own_stores.env.register) as register:
        failed = [event for event in events.history(register, approved) if event.name == EventName.STORE_FAILED]
    assert [event.detail for event in failed] == [{"store": "crm", "error": "StoreBusy"}]
    is_erased(own_stores, approved, person, before)


def test_a_trigger_that_nobody_knows_of_stops_one_store_and_not_the_others(own_stores, approved, person) -> None:
    before = erasure_oracle.read(own_stores.stores)
    own_stores.change(
        "crm",
        "CREATE FUNCTION spy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE employee SET team = team; RETURN NULL; END $$; "
        "CREATE TRIGGER spy AFTER DELETE ON ticket FOR EACH STATEMENT EXECUTE FUNCTION spy()",
    )
    is_refused(own_stores, UnexpectedChange, approved, person)
    erasing.run(own_stores.env, "orders", [approved])
    own_stores.change("crm", "DROP TRIGGER spy ON ticket")
    is_erased(own_stores, approved, person, before)


def test_a_table_that_the_catalog_does_not_know_stops_it(own_stores, approved, person) -> None:
    own_stores.change("crm", "CREATE TABLE contact_copy AS SELECT * FROM contact")
    is_refused(own_stores, CatalogDrift, approved, person)


def test_somebody_of_whom_nothing_is_held_is_erased_without_a_change(own_stores) -> None:
    number = own_stores.register(email="niemand@x.nl", right="erasure")
    own_stores.identify({number: None})
    planning.make(own_stores.env, [number])
    approve(own_stores, number)
    with nothing_changes(own_stores):
        erase_all(own_stores, number)
    with transaction(own_stores.env.register) as register:
        assert {one.store for one in receipts.receipts(register, number)} == set(STORES)


def test_two_workers_at_once_erase_once(own_stores, approved, person) -> None:
    before = erasure_oracle.read(own_stores.stores)
    together = threading.Barrier(2)

    def work() -> Sequence[object]:
        env = Environment(own_stores.env.settings, own_stores.env.dsn_of)
        try:
            together.wait()
            return [erasing.run(env, store, [approved])[approved] for store in STORES]
        finally:
            env.dispose()

    with ThreadPoolExecutor(2) as pool:
        first, second = [done.result() for done in [pool.submit(work) for _ in range(2)]]
    assert first == second
    is_erased(own_stores, approved, person, before)


@pytest.mark.parametrize("store", ["crm", "marketing"])
def test_a_run_that_is_killed_after_the_commit_is_not_done_again(
    own_stores, approved, person, store, monkeypatch
) -> None:
    before = erasure_oracle.read(own_stores.stores)

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(carried, "receipt", killed)
        with pytest.raises(Killed):
            erasing.run(own_stores.env, store, [approved])
    done = erasure_oracle.read({store: own_stores.stores[store]})
    erasing.run(own_stores.env, store, [approved])
    after = erasure_oracle.read({store: own_stores.stores[store]})
    # A materialised view is made anew when the receipt is written.
    assert {table for table in done if done[table] != after[table]} <= {erasure_oracle.SUMMARY}
    is_erased(own_stores, approved, person, before)
