"""The acceptance test of erasure: two hundred people ask, and the stores end exactly as the law has it.

Every fourth of them each time; the others by `make test-faults`.

What must be left is said by a second witness (`erasure_oracle`); whatever is nobody's or somebody else's is compared
whole, every table and every column of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

import erasure_oracle
import psycopg
import pytest
from erasure_oracle import (
    ADDRESS,
    CANCELLATION,
    CONSENT,
    CONTACT,
    CUSTOMER,
    INVOICE,
    LINE,
    ORDER,
    ORGANISATION,
    PAYMENT,
    QUOTE,
    SUBSCRIBER,
    WASTE,
    Tables,
)
from handling_world import OFFICER, SUBJECTS, Office, Open, with_trait

from avgflow.demo.cast import CAST
from avgflow.demo.stores import STORES
from avgflow.demo.truth import SubjectTruth
from avgflow.handling import erasing, planning, recounting
from avgflow.intake import day_in_amsterdam
from avgflow.plan import Plan
from avgflow.register import approvals, receipts
from avgflow.register.database import transaction

BATCHES = 4
KEPT = frozenset(
    {
        *(ADDRESS, CANCELLATION, CONSENT, CONTACT, CUSTOMER, INVOICE, LINE, ORDER, ORGANISATION, PAYMENT, QUOTE),
        *(SUBSCRIBER, WASTE),
    }
)
"""Tables of which something of a person can stay."""
NOT_INVOICED = (
    "DELETE FROM payment USING invoice WHERE invoice.invoice_id = payment.invoice_id AND order_id = %(order)s",
    "DELETE FROM invoice WHERE order_id = %(order)s",
    "DELETE FROM waste_document WHERE order_id = %(order)s",
    "UPDATE order_line SET invoiced_on = NULL WHERE order_id = %(order)s",
    'UPDATE "order" SET invoiced_on = NULL, closed_on = %(closed_on)s WHERE order_id = %(order)s',
)
"""What makes an order one that was delivered and not invoiced yet."""
NOBODYS = frozenset({"crm.public.employee", "marketing.public.campaign", "marketing.public.survey"})


def asked(office: Office, people: Sequence[SubjectTruth]) -> dict[str, SubjectTruth]:
    """Their requests, by number, each person found."""
    requests = {office.register_subject(person, right="erasure"): person for person in people}
    office.identify(requests)
    return requests


def approved(office: Office, numbers: Sequence[str]) -> dict[str, Plan]:
    """Their plans, approved as they are."""
    plans = planning.make(office.env, numbers)
    with transaction(office.env.register) as register:
        for number, plan in plans.items():
            approvals.put_approval(register, office.env.keyring, number, plan.digest, OFFICER)
    return plans


def erased(office: Office, people: Sequence[SubjectTruth]) -> dict[str, Plan]:
    """Erased as one batch in every store; the plans by number."""
    plans = approved(office, list(asked(office, people)))
    for store in office.env.catalog.stores:
        erasing.run(office.env, store, list(plans))
    return plans


@contextmanager
def other_stores(pg: Any, stores: Any, open_office: Open) -> Iterator[Office]:
    """A second installation with stores of its own."""
    mark = secrets.token_hex(4)
    made = {name: f"erasure_{mark}_{name}" for name in STORES}
    dsns = {
        name: pg.create_database(database, owner=name, template=stores.templates[name])
        for name, database in made.items()
    }
    office = open_office(**dsns)
    yield office
    office.env.dispose()
    for database in made.values():
        pg.drop_database(database)


def not_as_it_should(office: Office, must_be: Tables) -> list[str]:
    """Every difference between the stores and what they must hold."""
    return sorted(erasure_oracle.differences(must_be, erasure_oracle.read(office.stores)))


def changed(before: Tables, after: Tables) -> Mapping[str, int]:
    """How many rows of each table are not what they were, by table; those of which none are, are left out."""
    found = {
        table: len({*rows, *after[table]}) - sum(after[table].get(key) == row for key, row in rows.items())
        for table, rows in before.items()
    }
    return {table: count for table, count in found.items() if count}


@pytest.mark.parametrize("first", [0, *(pytest.param(n, marks=pytest.mark.faults) for n in range(1, BATCHES))])
def test_the_stores_end_exactly_as_the_law_has_it_and_nobody_else_is_touched(own_stores, subjects, first) -> None:
    """Who belong together (a household, a mailbox, colleagues) ask in different batches: the others stay."""
    people = subjects[first::BATCHES]
    before = erasure_oracle.read(own_stores.stores)
    erased(own_stores, people)
    must_be = erasure_oracle.wanted(before, people, day_in_amsterdam())
    assert len(people) == SUBJECTS // BATCHES
    assert not_as_it_should(own_stores, must_be) == []


def test_people_who_belong_together_can_be_erased_in_one_batch(own_stores, subjects) -> None:
    """A household, two behind one mailbox, all of an office: each one's rows point to another's."""
    people = subjects[: len(CAST)]
    before = erasure_oracle.read(own_stores.stores)
    plans = erased(own_stores, people)
    assert not_as_it_should(own_stores, erasure_oracle.wanted(before, people, day_in_amsterdam())) == []
    # Each is proven by itself, though one transaction did the work of all.
    recounted = recounting.run(own_stores.env, list(plans)).values()
    assert [one.verdict.failures for one in recounted if not one.verdict.passed] == []


def test_one_after_the_other_the_stores_end_as_in_one_batch(own_stores, subjects) -> None:
    people = [with_trait(subjects, trait) for trait in ("household", "subscribed_twice", "history_only", "odd_values")]
    before = erasure_oracle.read(own_stores.stores)
    for n, person in enumerate(people, 1):
        (number,) = erased(own_stores, [person])
        # The product's own re-count comes to the same.
        assert recounting.run(own_stores.env, [number])[number].verdict.failures == ()
        assert not_as_it_should(own_stores, erasure_oracle.wanted(before, people[:n], day_in_amsterdam())) == []


def test_what_was_delivered_is_in_the_books_with_its_lines_before_it_is_invoiced(own_stores, stores, subjects) -> None:
    """Seven years from the end of the year in which the order was closed, and not a year longer."""
    year = day_in_amsterdam().year
    rows = erasure_oracle.read(stores.shared)

    def closed(person: SubjectTruth) -> list[str]:
        owned = erasure_oracle.owned_by(person, rows)
        if erasure_oracle.runs(rows, owned, day_in_amsterdam()):
            return []
        return [key for (key,) in owned.get(ORDER, ()) if rows[ORDER][key,]["status"] == "closed"]

    person = next(person for person in subjects if len(closed(person)) > 1)
    within, beyond = closed(person)[:2]
    with psycopg.connect(own_stores.stores["orders"]) as orders:
        for order, closed_on in ((within, date(year - 7, 1, 1)), (beyond, date(year - 8, 12, 31))):
            for statement in NOT_INVOICED:
                orders.execute(statement.encode(), {"order": order, "closed_on": closed_on})
    erased(own_stores, [person])
    left = erasure_oracle.read({"orders": own_stores.stores["orders"]})
    assert (within,) in left[ORDER]
    assert (beyond,) not in left[ORDER]
    lines = [key for key in rows[LINE] if key[0] in (within, beyond)]
    assert [key for key in lines if key in left[LINE]] == [key for key in lines if key[0] == within]


def test_the_same_stores_give_the_same_plan_in_a_batch_and_alone(own_stores, subjects) -> None:
    """Else what is approved would never be what is carried out."""
    numbers = list(asked(own_stores, subjects[:6]))
    batch = planning.make(own_stores.env, numbers)
    again = planning.make(own_stores.env, list(reversed(numbers)))
    alone = {number: planning.make(own_stores.env, [number])[number] for number in numbers[2:4]}
    digests = {number: plan.digest for number, plan in batch.items()}
    assert {number: plan.digest for number, plan in again.items()} == digests
    assert {number: plan.digest for number, plan in alone.items()}.items() <= digests.items()
    assert len(set(digests.values())) == len(numbers)


def test_the_world_has_whatever_the_rules_are_about(stores, subjects) -> None:
    """Else the tests above would be content with too little."""
    before = erasure_oracle.read(stores.shared)
    today = day_in_amsterdam()
    found = erasure_oracle.fates(before, subjects, today)
    every_way = {table: {fate for name, fate in found if name == table} for table, _ in found}
    both = {"gone", "whole"}
    assert every_way[CONTACT] == every_way[ORGANISATION] == every_way[ADDRESS] == every_way[QUOTE] == both
    assert every_way[CUSTOMER] == every_way[ORDER] == {"gone", "whole", "less"}
    assert every_way[LINE] == every_way[INVOICE] == every_way[PAYMENT] == every_way[WASTE] == both
    assert every_way[CANCELLATION] == {"gone", "whole", "less"}
    assert every_way[CONSENT] == {"whole"}
    assert every_way[SUBSCRIBER] == {"less"}
    for table in set(every_way) - KEPT:
        assert every_way[table] == {"gone"}, table
    assert set(every_way) | erasure_oracle.VIEWS | NOBODYS == set(before)
    after = erasure_oracle.wanted(before, subjects[::BATCHES], today)
    for table, pointer, _ in erasure_oracle.EMPTIED_POINTERS:
        lost = [key for key, row in after[table].items() if row[pointer] != before[table][key][pointer]]
        assert lost, (table, pointer)


def test_what_stands_in_the_place_of_an_address_is_random(pg, stores, open_office, subjects) -> None:
    """The same person erased in two copies of the same stores: nothing is made from what stood there."""
    person = with_trait(subjects, "subscribed_twice")
    keys = [tuple(map(str, key)) for key in person.owned[SUBSCRIBER].keys]
    addresses = []
    for _ in range(2):
        with other_stores(pg, stores, open_office) as office:
            erased(office, [person])
            rows = erasure_oracle.read({"marketing": office.stores["marketing"]})[SUBSCRIBER]
            addresses += [rows[key]["email"] for key in keys]
    assert len(keys) == 2
    assert len(set(addresses)) == len(addresses)


def test_nothing_of_the_person_is_left_but_what_the_law_keeps(own_stores, subjects) -> None:
    """The person's own identifiers stand nowhere in any store, however they are written, or hashed."""
    people = [with_trait(subjects, trait) for trait in ("subscribed_twice", "history_only", "asked_a_quote")]
    erased(own_stores, people)
    left = "\n".join(
        str(value).lower()
        for rows in erasure_oracle.read(own_stores.stores).values()
        for row in rows.values()
        for value in row.values()
        if value is not None
    )
    for person in people:
        for value in person.identifiers.values():
            assert [trace[:3] for trace in erasure_oracle.traces(value) if trace.lower() in left] == [], person.id


def test_a_second_run_changes_nothing_and_has_the_same_receipt(own_stores, subjects) -> None:
    people = [with_trait(subjects, trait) for trait in ("soft_deleted", "subscribed_twice")]
    plans = approved(own_stores, list(asked(own_stores, people)))
    stores = own_stores.env.catalog.stores
    first = {store: erasing.run(own_stores.env, store, list(plans)) for store in stores}
    after = erasure_oracle.read(own_stores.stores)
    second = {store: erasing.run(own_stores.env, store, list(plans)) for store in stores}
    assert second == first
    assert erasure_oracle.read(own_stores.stores) == after


def test_the_receipts_tell_what_was_changed(own_stores, subjects) -> None:
    """The rows of a receipt are those that are not as they were, whoever's they are."""
    person = with_trait(subjects, "household")
    before = erasure_oracle.read(own_stores.stores)
    (number,) = erased(own_stores, [person])
    found = changed(before, erasure_oracle.read(own_stores.stores))
    with transaction(own_stores.env.register) as register:
        told = {
            f"{one.store}.{table}".replace('"', ""): rows
            for one in receipts.receipts(register, number)
            for table, rows in one.counts.items()
            if rows
        }
    assert told == {table: rows for table, rows in found.items() if table not in erasure_oracle.VIEWS}
