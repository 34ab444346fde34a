"""What of a person's rows may go along under art. 20, said by hand for each table of the demonstration stores.

Knows neither the catalog nor the policy: columns and conditions are written down here, rows come from a plain psycopg.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pyzipper
import stored_rows
from handling_world import Export, Office
from stored_rows import Replaced, StoredTable

from avgflow.demo.stores import STORES
from avgflow.demo.truth import SubjectTruth

ON_CONSENT = (
    "subscriber_id IN (SELECT subscriber_id FROM consent WHERE purpose = 'newsletter' AND withdrawn_at IS NULL)"
)
CONTACT = (
    *("first_name", "last_name", "email", "phone", "jobTitle", "language", "born_on", "extra", "relation_ended_on"),
    *("deleted_at", "created_at"),
)
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "crm.public.organisation": (
        *("name", "legal_form", "vat_number", "iban", "email", "phone", "founded_on", "relation_ended_on"),
        "created_at",
    ),
    "crm.public.contact": CONTACT,
    "crm.public.address": ("kind", "street", "house_number", "postcode", "city", "country", "valid"),
    "crm.public.ticket": ("subject", "body", "opened_at", "closed_at"),
    "crm.public.call": ("phone", "started_at", "duration", "transcript", "recording"),
    "crm.public.attachment": ("file_name", "media_type", "content", "uploaded_at"),
    "crm.audit.contact_history": ("operation", "old_row", "changed_by", "changed_at"),
    "orders.public.customer": (
        *("legal_form", "name", "email", "phone", "street", "house_number", "postcode", "city", "vat_number"),
        *("iban", "relation_ended_on", "created_at"),
    ),
    "orders.public.quote": ("contact_email", "contact_name", "containers", "made_at", "decided_on"),
    'orders.public."order"': (
        *("contact_email", "contact_name", "remark", "street", "house_number", "postcode", "city", "ordered_at"),
        "closed_on",
    ),
    "orders.public.order_line": ("product", "description", "quantity"),
    "orders.public.cancellation": ("reason", "cancelled_at"),
    "accounts.public.portal_account": (
        *("email", "display_name", "phone", "locale", "created_at", "last_seen_at", "closed_at"),
    ),
    "accounts.public.login": ("at", "ip", "user_agent", "succeeded"),
    "accounts.public.session": ("ip", "device", "created_at"),
    "accounts.public.preference": ("key", "value"),
    "marketing.public.subscriber": (
        *("email", "visitor_id", "first_name", "language", "source", "subscribed_at", "unsubscribed_at"),
    ),
    "marketing.public.consent": ("purpose", "source", "proof", "given_at", "withdrawn_at"),
    "marketing.public.event": ("campaign_id", "kind", "url", "user_agent", "at"),
    "marketing.public.web_visit": (
        *("visitor_id", "at", "page", "ip", "location", "browser", "device", "language", "app_ids"),
    ),
    "marketing.public.subscriber_summary": ("email", "last_at"),
}
"""Tables of which anything goes along: what the person gave or what was observed of them. Not among them: notes, which
are the company's own; invoices, payments and waste documents, which the law obliges to have; survey answers, which rest
on the company's interest."""
WHEN: Mapping[str, str] = {
    'orders.public."order"': "invoiced_on IS NULL",
    "orders.public.order_line": "invoiced_on IS NULL",
    "orders.public.cancellation": "coalesce(fee, 0) = 0",
    "marketing.public.subscriber": ON_CONSENT,
    "marketing.public.subscriber_summary": ON_CONSENT,
}
"""Which rows of these; of the others all."""
EVENTS = "marketing.public.event"
EVENTS_ON_CONSENT = """
    SELECT e.campaign_id, e.kind, e.url, e.user_agent, e.at FROM event e WHERE e.subscriber_id = ANY(%s)
    AND 0 < (SELECT count(*) FROM consent c WHERE c.subscriber_id = e.subscriber_id AND c.purpose = 'newsletter'
             AND e.at >= c.given_at AND NOT coalesce(c.withdrawn_at <= e.at, false))
"""
OWN_FIELDS = ("_record_class", "_row", "_belongs_to")
Key = tuple[str, ...]


class TakenAlong(Export):
    """What somebody gets who opens the zip of a portability with the passphrase."""

    def __init__(self, mail: EmailMessage, number: str, passphrase: str) -> None:
        self.number = number
        attached = {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
        (content,) = attached.values()
        assert set(attached) == {f"overdracht-{number}.zip"}
        self._archive = pyzipper.AESZipFile(io.BytesIO(content))
        self._archive.setpassword(passphrase.encode())


def portable(office: Office) -> dict[str, set[Key]]:
    """The keys of all rows of anybody that go along, by table."""
    found = {}
    for name in COLUMNS:
        store, _, table = name.partition(".")
        key = STORES[store].keys[table]
        if key:
            columns = ", ".join(f"{column}::text" for column in key)
            statement = f"SELECT {columns} FROM {table} WHERE {WHEN.get(name, 'true')}"
            found[name] = {tuple(row) for row in office.query(store, statement)}
    return found


def wanted(subject: SubjectTruth, may: Mapping[str, set[Key]]) -> dict[str, list[Key]]:
    """The keys of the person's rows that go along, in the order of the package."""
    held = {
        name: sorted(
            (key for key in (tuple(map(str, one)) for one in rows.keys or ()) if key in may[name]),
            key=lambda key: [part.encode() for part in key],
        )
        for name, rows in subject.owned.items()
        if name in may
    }
    return {name: keys for name, keys in held.items() if keys}


def differences(
    subject: SubjectTruth,
    export: TakenAlong,
    stored: Mapping[str, StoredTable],
    may: Mapping[str, set[Key]],
    events: list[tuple[Any, ...]],
) -> Iterator[str]:
    """Everything in which a package is not what it should be, a line each, without any value."""
    wants = wanted(subject, may)
    names = {*wants, *([EVENTS] if events else [])}
    if set(export.tables) != names:
        yield f"{subject.id} {subject.traits}: tables {sorted(set(export.tables) ^ names)}"
    replaced = Replaced(subject.others)
    for name in names & set(export.tables):
        rows = export.rows[name]
        for row in rows:
            if tuple(row) != (*OWN_FIELDS, *COLUMNS[name]):
                yield f"{subject.id} {name}: fields {tuple(row)}"
        if name == EVENTS:
            if sorted(map(_event, rows)) != sorted(map(_stored_event, events)):
                yield f"{subject.id} {name}: other rows than those on consent"
            continue
        if len(rows) != len(wants[name]):
            yield f"{subject.id} {subject.traits} {name}: {len(rows)} rows for {len(wants[name])}"
            continue
        for key, row in zip(wants[name], rows, strict=True):
            there = stored[name].by_key[key]
            for column in COLUMNS[name]:
                value = _former(there[column]) if column == "old_row" else there[column]
                kind = stored[name].types[column]
                if not stored_rows.equal(value, row[column], kind, replaced, export.attachments):
                    yield f"{subject.id} {subject.traits} {name} {key}: {column}"


def loose(subject: SubjectTruth, export: TakenAlong, stored: Mapping[str, StoredTable], may: Any) -> Iterator[str]:
    """Order lines that do not refer to their own order, and references that two rows share."""
    wants = wanted(subject, may)
    orders, lines = 'orders.public."order"', "orders.public.order_line"
    rows = {key[0]: row["_row"] for key, row in zip(wants.get(orders, []), export.rows.get(orders, []), strict=True)}
    for key, row in zip(wants.get(lines, []), export.rows.get(lines, []), strict=True):
        if key[0] in rows and row["_belongs_to"] != [rows[key[0]]]:
            yield f"{subject.id} {key}: of another order"
    references = [row["_row"] for table in export.rows.values() for row in table if row["_row"] is not None]
    if len(references) != len(set(references)):
        yield f"{subject.id}: a reference twice"


def events_of(office: Office, subject: SubjectTruth) -> list[tuple[Any, ...]]:
    """The person's events that rest on consent."""
    held = subject.owned.get("marketing.public.subscriber")
    ids = [int(key[0]) for key in held.keys or ()] if held else []
    return office.query("marketing", EVENTS_ON_CONSENT, ids)


def _event(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (*(str(row[column]) for column in ("campaign_id", "kind", "url", "user_agent")), _moment(row["at"]))


def _stored_event(row: tuple[Any, ...]) -> tuple[str, ...]:
    return (*map(str, row[:-1]), _moment(row[-1].isoformat()))


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat()


def _former(stored: Any) -> Any:
    """Of a former contact what would go along of the contact itself."""
    return {name: value for name, value in stored.items() if name in CONTACT} if stored is not None else None
