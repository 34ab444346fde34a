"""What the demonstration stores hold after people were erased: the rules written out by hand, from the law.

A second witness, which knows no catalog, policy, plan or code that reads or changes a store: it takes the truth of the
demonstration (whose rows are whose) and every table as a plain psycopg reads it, and says how each table must end.

The rules (AVG art. 17 and what limits it):

* A contract runs while an order of the person is not completed, or an invoice of the last five years (BW 3:307) is not
  paid in full. Then contact details (organisation, contact, addresses, customer) and what was ordered, offered or
  cancelled without an invoice stay whole; what such a person was before (the history table) does not.
* Sales records stay seven years from the end of their year (AWR 52(4)): what was invoiced, the invoices, the payments,
  cancellations that cost something, and what was delivered without an invoice yet (with no end while it is not closed).
  Who was the contact, and remarks, are not needed for that and are emptied.
* Waste documents stay five years (Wm 10.38).
* Consents stay five years after their use (AVG 7(1)); the subscriber then stays as an empty shell.
* What a row that stays points to, stays with it and as it does.
* Everything else of the person goes. Pointers of others to what is gone are empty. Nobody else's row changes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from avgflow.demo.truth import SubjectTruth, digest

AMSTERDAM = ZoneInfo("Europe/Amsterdam")

Key = tuple[str, ...]
Row = Mapping[str, Any]
"""Values as PostgreSQL prints them; where a value is random, a `Form` in what is expected."""
Tables = dict[str, dict[Key, Row]]
"""Rows by table (`crm.public.contact`), by primary key; of a table without one, by the whole row and a number."""

CONTACT, ORGANISATION, ADDRESS = "crm.public.contact", "crm.public.organisation", "crm.public.address"
TICKET = "crm.public.ticket"
CUSTOMER, QUOTE, ORDER, LINE = (f"orders.public.{name}" for name in ("customer", "quote", "order", "order_line"))
INVOICE, PAYMENT = "orders.public.invoice", "orders.public.payment"
CANCELLATION, WASTE = "orders.public.cancellation", "orders.public.waste_document"
SUBSCRIBER, CONSENT, EVENT = (f"marketing.public.{name}" for name in ("subscriber", "consent", "event"))
ACTIVE, SUMMARY = "marketing.public.active_subscriber", "marketing.public.subscriber_summary"
VIEWS = frozenset({ACTIVE, SUMMARY})
HISTORY = "crm.audit.contact_history"
ACCOUNT = "accounts.public.portal_account"

OPEN_ORDERS = frozenset({"placed", "planned", "carried out"})
POINTERS = {
    LINE: (("order_id",), ORDER, ("order_id", "parent_line_no"), LINE),
    INVOICE: (("customer_id",), CUSTOMER, ("order_id",), ORDER),
    PAYMENT: (("invoice_id",), INVOICE),
    CANCELLATION: (("order_id",), ORDER),
    WASTE: (("order_id", "line_no"), LINE),
    ORDER: (("customer_id",), CUSTOMER),
    QUOTE: (("customer_id",), CUSTOMER),
    CONTACT: (("organisation_id",), ORGANISATION),
    CONSENT: (("subscriber_id",), SUBSCRIBER),
}
EMPTIED_POINTERS = (
    (ORGANISATION, "primary_contact_id", CONTACT),
    (CONTACT, "household_contact_id", CONTACT),
    (TICKET, "parent_ticket_id", TICKET),
)
NOT_NEEDED = {
    ORDER: ("contact_number", "contact_email", "contact_name", "remark"),
    QUOTE: ("contact_number", "contact_email", "contact_name"),
    CUSTOMER: ("email", "phone", "iban", "credit_limit", "risk_score"),
    CANCELLATION: ("reason",),
}
"""What the books and the waste registration do without (Wet OB 35a names what an invoice needs)."""


@dataclass(frozen=True)
class Form:
    """A value that is random or of the moment: what it must look like."""

    name: str
    fits: Callable[[str | None], bool]


def read(dsns: Mapping[str, str]) -> Tables:
    """Every table and view of every store, whole."""
    found: Tables = {}
    for store, dsn in dsns.items():
        with psycopg.connect(dsn) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for schema, table, columns, key in connection.execute(_TABLES).fetchall():
                name = f"{store}.{schema}.{table}"
                found[name] = dict(_rows(connection, schema, table, columns, key or _VIEW_KEYS.get(name, ())))
    return found


_VIEW_KEYS = {ACTIVE: ("subscriber_id",), SUMMARY: ("subscriber_id",)}
_TABLES = """
    SELECT n.nspname::text, c.relname::text,
           array_agg(a.attname::text ORDER BY a.attnum),
           (SELECT array_agg(k.attname::text ORDER BY array_position(i.indkey::int2[], k.attnum))
            FROM pg_index i JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = ANY (i.indkey)
            WHERE i.indrelid = c.oid AND i.indisprimary)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
      AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    GROUP BY n.nspname, c.relname, c.oid
"""


def _rows(
    connection: psycopg.Connection[Any], schema: str, table: str, columns: Sequence[str], key: Sequence[str]
) -> Iterator[tuple[Key, Row]]:
    printed = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(name)) for name in columns)
    query = sql.SQL("SELECT {} FROM {}").format(printed, sql.Identifier(schema, table))
    alike: Counter[tuple[Any, ...]] = Counter()
    for values in connection.execute(query):
        row = dict(zip(columns, values, strict=True))
        if key:
            yield tuple(row[part] for part in key), row
        else:
            alike[values] += 1
            yield (*map(str, values), str(alike[values])), row


def wanted(before: Tables, people: Iterable[SubjectTruth], today: date) -> Tables:
    """How the tables must be after these people were erased on a day; views are left out (`stale`)."""
    after = {table: dict(rows) for table, rows in before.items() if table not in VIEWS}
    for person in people:
        owned = owned_by(person, before)
        stays = _staying(before, owned, today)
        for table, keys in owned.items():
            for key in keys:
                if (table, key) not in stays:
                    del after[table][key]
                elif not stays[table, key]:
                    after[table][key] = _less(table, before[table][key])
    for table, pointer, target in EMPTIED_POINTERS:
        for key, row in after[table].items():
            if row[pointer] is not None and (row[pointer],) not in after[target]:
                after[table][key] = {**row, pointer: None}
    return after


def fates(before: Tables, people: Iterable[SubjectTruth], today: date) -> Counter[tuple[str, str]]:
    """How many rows of each table go (`gone`), stay whole (`whole`) or stay with less in them (`less`)."""
    found: Counter[tuple[str, str]] = Counter()
    for person in people:
        owned = owned_by(person, before)
        stays = _staying(before, owned, today)
        for table, keys in owned.items():
            for key in keys:
                whole = stays.get((table, key))
                if whole is False and _less(table, before[table][key]) == before[table][key]:
                    whole = True
                found[table, {None: "gone", False: "less", True: "whole"}[whole]] += 1
    return found


def owned_by(person: SubjectTruth, before: Tables) -> dict[str, list[Key]]:
    """The person's rows by table; the truth counts those of the table without key, which hang on the subscriber."""
    owned: dict[str, list[Key]] = {}
    for quoted, held in person.owned.items():
        table = quoted.replace('"', "")
        if table in VIEWS:
            continue
        if held.keys is not None:
            owned[table] = [tuple(map(str, key)) for key in held.keys]
            continue
        assert table == EVENT
        subscribers = {str(key) for (key,) in person.owned[SUBSCRIBER].keys or ()}
        owned[EVENT] = [key for key, row in before[EVENT].items() if row["subscriber_id"] in subscribers]
        assert (len(owned[EVENT]), _events(before, owned[EVENT])) == (held.rows, held.sha256)
    return owned


def _events(before: Tables, keys: Iterable[Key]) -> str:
    """Their digest as the truth has it."""
    rows = (before[EVENT][key] for key in keys)
    return digest(
        [
            int(row["subscriber_id"]),
            row["campaign_id"] and int(row["campaign_id"]),
            row["kind"],
            row["url"],
            row["user_agent"],
            datetime.fromisoformat(row["at"]),
        ]
        for row in rows
    )


def runs(before: Tables, owned: Mapping[str, Sequence[Key]], today: date) -> bool:
    """Whether something ordered is not completed, or not paid and still claimable."""
    if any(before[ORDER][key]["status"] in OPEN_ORDERS for key in owned.get(ORDER, ())):
        return True
    for key in owned.get(INVOICE, ()):
        invoice = before[INVOICE][key]
        paid = sum(int(row["amount_cents"]) for row in before[PAYMENT].values() if (row["invoice_id"],) == key)
        if _day(invoice["issued_on"]) > _years(today, -5) and Decimal(invoice["total"]) * 100 > paid:
            return True
    return False


def _staying(before: Tables, owned: Mapping[str, Sequence[Key]], today: date) -> dict[tuple[str, Key], bool]:
    """The person's rows that stay, and whether as they are; False: less what the books do without."""
    running = runs(before, owned, today)
    stays: dict[tuple[str, Key], bool] = {}
    for table, keys in owned.items():
        for key in keys:
            row = before[table][key]
            if running and _of_the_contract(table, row):
                stays[table, key] = True
            elif _by_law(before, table, row, today):
                stays[table, key] = False
    mine = {(table, key) for table, keys in owned.items() for key in keys}
    queue = list(stays)
    while queue:
        table, key = queue.pop()
        for to in _pointed_to(table, before[table][key]):
            # One who is kept less than another that points to it, is kept as that one.
            if to in mine and (to not in stays or (stays[table, key] and not stays[to])):
                stays[to] = stays[table, key]
                queue.append(to)
    return stays


def _of_the_contract(table: str, row: Row) -> bool:
    if table in (CONTACT, ORGANISATION, ADDRESS, CUSTOMER, QUOTE):
        return True
    if table in (ORDER, LINE):
        return row["invoiced_on"] is None
    return table == CANCELLATION and not _cost(row)


def _by_law(before: Tables, table: str, row: Row, today: date) -> bool:
    """Whether the books, the waste registration or the proof of consent need it on that day."""
    if table in (ORDER, LINE) and row["invoiced_on"] is not None:
        return _in_the_books(row["invoiced_on"], today)
    if table in (ORDER, LINE):
        # What was delivered is in the books before it is invoiced, and so is what exactly that was.
        order = before[ORDER][row["order_id"],]
        delivered = order["invoiced_on"] is None and order["status"] in ("carried out", "closed")
        return delivered and (order["closed_on"] is None or _in_the_books(order["closed_on"], today))
    if table == INVOICE:
        return _in_the_books(row["issued_on"], today)
    if table == PAYMENT:
        return _in_the_books(row["paid_at"], today)
    if table == CANCELLATION:
        return _cost(row) and _in_the_books(row["cancelled_at"], today)
    if table == WASTE:
        return _years(_day(row["transported_on"]), 5) >= today
    if table == CONSENT:
        return row["withdrawn_at"] is None or _years(_day(row["withdrawn_at"]), 5) >= today
    return False


def _cost(cancellation: Row) -> bool:
    return cancellation["fee"] is not None and Decimal(cancellation["fee"]) != 0


def _in_the_books(moment: str, today: date) -> bool:
    return date(_day(moment).year + 7, 12, 31) >= today


def _day(text: str) -> date:
    """A day, or the day in the Netherlands of a moment."""
    return datetime.fromisoformat(text).astimezone(AMSTERDAM).date() if ":" in text else date.fromisoformat(text)


def _years(day: date, years: int) -> date:
    leap_day = (day.month, day.day) == (2, 29)
    return (day - timedelta(days=1) if leap_day else day).replace(year=day.year + years)


def _pointed_to(table: str, row: Row) -> Iterator[tuple[str, Key]]:
    pointers = POINTERS.get(table, ())
    for columns, target in zip(pointers[::2], pointers[1::2], strict=True):
        to = tuple(row[name] for name in columns)
        if None not in to:
            yield str(target), to


def _less(table: str, row: Row) -> Row:
    if table == SUBSCRIBER:
        return _shell(row)
    return {**row, **dict.fromkeys(NOT_NEEDED.get(table, ()))}


def _shell(row: Row) -> Row:
    """A subscriber of whom nothing is left, to whom nobody writes."""
    emptied = {name: None for name in row if name != "subscriber_id"}
    return {
        **row,
        **emptied,
        "email": Form("a random address", lambda value: _is_random_address(value, row)),
        "subscribed_at": "1900-01-01 00:00:00+00",
        "unsubscribed_at": Form("this moment", _is_now),
    }


def _is_random_address(value: str | None, row: Row) -> bool:
    match = re.fullmatch(r"([0-9a-f]{24,})@gewist\.invalid", value or "")
    return match is not None and not any(trace in (value or "") for trace in traces(str(row["email"])))


def traces(value: str) -> set[str]:
    """A value and the hashes by which it could be guessed back, long enough to be no chance."""
    forms = {value, value.strip(), value.lower(), value.strip().lower(), value.strip(" \t\r\n\u00a0").lower()}
    found = {form for form in forms if len(form) > 3}
    for form in forms:
        for kind in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
            hashed = hashlib.new(kind, form.encode()).digest()
            for text in (hashed.hex(), base64.b64encode(hashed).decode(), base64.urlsafe_b64encode(hashed).decode()):
                found |= {text[:12], text.upper()[:12]}
    return found


def _is_now(value: str | None) -> bool:
    if value is None:
        return False
    return abs(datetime.now(AMSTERDAM) - datetime.fromisoformat(value)) < timedelta(minutes=10)


def differences(wanted_rows: Tables, after: Tables) -> Iterator[str]:
    """Every table that is not as it must be, a line for each row and column, without values."""
    if set(wanted_rows) | VIEWS != set(after):
        yield f"tables: {sorted((set(wanted_rows) | VIEWS) ^ set(after))}"
    for table, rows in wanted_rows.items():
        there = after.get(table, {})
        for key in rows.keys() - there.keys():
            yield f"{table} {_named(table, key)}: is gone and must stay"
        for key in there.keys() - rows.keys():
            yield f"{table} {_named(table, key)}: is there and must not"
        for key in rows.keys() & there.keys():
            for column in rows[key]:
                if not _fits(rows[key][column], there[key][column]):
                    yield f"{table} {_named(table, key)}: {column} is not {_asked(rows[key][column])}"
    yield from stale(after)


def _named(table: str, key: Key) -> str:
    return "a row" if table == EVENT else ", ".join(key)


def _fits(wanted_value: Any, value: str | None) -> bool:
    return wanted_value.fits(value) if isinstance(wanted_value, Form) else bool(wanted_value == value)


def _asked(wanted_value: Any) -> str:
    if isinstance(wanted_value, Form):
        return wanted_value.name
    return "empty" if wanted_value is None else "as it was"


def stale(after: Tables) -> Iterator[str]:
    """Every row of a view that is not what the tables hold now."""
    opened = Counter(row["subscriber_id"] for row in after[EVENT].values() if row["kind"] == "open")
    clicked = Counter(row["subscriber_id"] for row in after[EVENT].values() if row["kind"] == "click")
    consents = Counter(row["subscriber_id"] for row in after[CONSENT].values())
    last: dict[str, str] = {}
    for row in sorted(after[EVENT].values(), key=lambda event: datetime.fromisoformat(event["at"])):
        last[row["subscriber_id"]] = row["at"]
    shown = {
        key: {
            "subscriber_id": row["subscriber_id"],
            "email": row["email"],
            "consents": str(consents[row["subscriber_id"]]),
            "opened": str(opened[row["subscriber_id"]]),
            "clicked": str(clicked[row["subscriber_id"]]),
            "last_at": last.get(row["subscriber_id"]),
        }
        for key, row in after[SUBSCRIBER].items()
    }
    active = {
        key: {name: row[name] for name in ("subscriber_id", "email", "first_name", "language")}
        for key, row in after[SUBSCRIBER].items()
        if row["unsubscribed_at"] is None and row["restricted_at"] is None
    }
    for view, rows in ((SUMMARY, shown), (ACTIVE, active)):
        for key in rows.keys() | after[view].keys():
            if rows.get(key) != after[view].get(key):
                yield f"{view} {_named(view, key)}: does not show what the tables hold"
