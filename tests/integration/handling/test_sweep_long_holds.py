"""A hold outlives the rows by which its person is known, and still keeps what it was placed for (art. 17(3)(e))."""

from __future__ import annotations

from datetime import date, timedelta

from handling_world import OFFICER, Office

from avgflow.handling import holding, previewing_sweep, sweeping
from avgflow.register import sweeps
from avgflow.register.database import transaction

TODAY = date(2026, 11, 29)
EMAIL, NUMBER = "lang.geleden@voorbeeld.example", "C-999999"


def sweep(office: Office, day: date) -> None:
    made = previewing_sweep.preview(office.env, f"scheduled__{day}", day)
    with transaction(office.env.register) as register:
        sweeps.approve(register, office.env.keyring, made.number, made.digest, OFFICER)
    for store in office.env.catalog.stores:
        sweeping.carry_out(office.env, made.number, store)


def test_what_a_hold_on_one_class_keeps_stays_though_the_contact_is_past_their_term(own_stores: Office) -> None:
    """The hold knows an address, the order a contact number; the CRM alone knows that these are of one person."""
    office = own_stores
    office.change(
        "crm",
        "INSERT INTO contact (contact_number, email, relation_ended_on, created_at) VALUES (%s, %s, %s, %s)",
        NUMBER,
        EMAIL,
        date(2020, 1, 1),
        date(2015, 1, 1),
    )
    office.change(
        "orders",
        """INSERT INTO "order"
        (order_no, customer_id, contact_number, status, "user", ordered_at, closed_on, invoiced_on)
        SELECT 'B-HOLD', min(customer_id), %s, 'closed', 'x', %s, %s, %s FROM customer""",
        NUMBER,
        *[date(2016, 1, 1)] * 3,
    )
    hold = holding.place(office.env, {"email": EMAIL}, "R4", None, "litigation", OFFICER)
    for week in range(3):
        sweep(office, TODAY + timedelta(days=7 * week))
        assert office.query("orders", "SELECT count(*) FROM \"order\" WHERE order_no = 'B-HOLD'") == [(1,)], week
    holding.release(office.env, hold.id, OFFICER)
    sweep(office, TODAY + timedelta(days=21))
    assert office.query("orders", "SELECT count(*) FROM \"order\" WHERE order_no = 'B-HOLD'") == [(0,)]
    assert office.query("crm", "SELECT count(*) FROM contact WHERE contact_number = %s", NUMBER) == [(0,)]
