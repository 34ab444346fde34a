"""The rows of the demonstration stores as a plain client sees them, for the oracle of sweeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg

Fields = Mapping[str, Any]


class RowId(NamedTuple):
    """A row: its table with the store in front, and its key; of a table without one all that is in it, and which of
    several alike it is.
    """

    table: str
    key: tuple[Any, ...]


@dataclass(frozen=True)
class Stored:
    """A row as it was read: what the oracle looks at, and a digest of all that stands in it."""

    fields: Fields
    digest: str


Snapshot = Mapping[RowId, Stored]

# What is read of each table: the columns of the key, then whatever a judgement needs.
TABLES: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "crm.public.organisation": (
        "public.organisation",
        ("organisation_id",),
        ("customer_number", "legal_form", "primary_contact_id", "relation_ended_on"),
    ),
    "crm.public.contact": (
        "public.contact",
        ("contact_id",),
        (
            "contact_number",
            "organisation_id",
            "household_contact_id",
            "email",
            "relation_ended_on",
            "deleted_at",
        ),
    ),
    "crm.public.employee": ("public.employee", ("employee_id",), ()),
    "crm.public.address": ("public.address", ("address_id",), ("contact_id", "organisation_id")),
    "crm.public.ticket": ("public.ticket", ("ticket_id",), ("parent_ticket_id", "opened_by", "closed_at")),
    "crm.public.call": (
        "public.call",
        ("call_id",),
        ("contact_id", "started_at", "recording IS NOT NULL AS recording", "recording_until"),
    ),
    "crm.public.note": ("public.note", ("note_id",), ("contact_id", "organisation_id", "written_at")),
    "crm.public.attachment": ("public.attachment", ("attachment_id",), ("ticket_id",)),
    "crm.audit.contact_history": (
        "audit.contact_history",
        ("history_id",),
        ("contact_id", "contact_number", "changed_at"),
    ),
    "orders.public.customer": (
        "public.customer",
        ("customer_id",),
        ("customer_number", "legal_form", "email", "relation_ended_on"),
    ),
    "orders.public.quote": (
        "public.quote",
        ("quote_id",),
        ("customer_id", "contact_number", "contact_email", "decided_on"),
    ),
    'orders.public."order"': (
        'public."order"',
        ("order_id",),
        ("customer_id", "contact_number", "contact_email", "status::text AS status", "closed_on", "invoiced_on"),
    ),
    "orders.public.order_line": (
        "public.order_line",
        ("order_id", "line_no"),
        ("parent_line_no", "invoiced_on"),
    ),
    "orders.public.invoice": ("public.invoice", ("invoice_id",), ("customer_id", "order_id", "issued_on")),
    "orders.public.payment": ("public.payment", ("payment_id",), ("invoice_id", "paid_at")),
    "orders.public.cancellation": ("public.cancellation", ("cancellation_id",), ("order_id", "fee", "cancelled_at")),
    "orders.public.waste_document": (
        "public.waste_document",
        ("document_no",),
        ("order_id", "line_no", "transported_on"),
    ),
    "accounts.public.portal_account": (
        "public.portal_account",
        ("account_id",),
        ("contact_number", "email", "last_seen_at", "closed_at"),
    ),
    "accounts.public.login": ("public.login", ("login_id",), ("account_id", "at")),
    "accounts.public.session": ("public.session", ("session_id",), ("account_id", "created_at")),
    "accounts.public.preference": ("public.preference", ("account_id", "key"), ()),
    "marketing.public.subscriber": (
        "public.subscriber",
        ("subscriber_id",),
        ("email", "visitor_id", "unsubscribed_at"),
    ),
    "marketing.public.consent": ("public.consent", ("consent_id",), ("subscriber_id", "withdrawn_at")),
    "marketing.public.campaign": ("public.campaign", ("campaign_id",), ()),
    "marketing.public.event": (
        "public.event",
        (),
        ("subscriber_id", "campaign_id", "kind", "url", "user_agent", "at"),
    ),
    "marketing.public.survey": ("public.survey", ("survey_id",), ()),
    "marketing.public.survey_answer": (
        "public.survey_answer",
        ("answer_id",),
        (
            "survey_id",
            "subscriber_id",
            "question_no",
            "answer",
            "score::text AS score",
            "age_band::text AS age_band",
            "answered_at",
        ),
    ),
    "marketing.public.web_visit": ("public.web_visit", ("visit_id",), ("visitor_id", "at")),
}


def read(stores: Mapping[str, psycopg.Connection[Any]]) -> dict[RowId, Stored]:
    """Every row of every store, as a plain client sees it."""
    found: dict[RowId, Stored] = {}
    for name, (table, key, rest) in TABLES.items():
        columns = ", ".join((*key, *rest, f"md5({table.partition('.')[2]}::text)"))
        cursor = stores[name.partition(".")[0]].execute(f"SELECT {columns} FROM {table}".encode())
        names = [one.name for one in cursor.description or ()][:-1]
        alike: Counter[tuple[Any, ...]] = Counter()
        for *values, digest in cursor:
            own = tuple(values[: len(key)]) if key else tuple(values)
            if not key:
                alike[own] += 1
                own = (*own, alike[own])
            found[RowId(name, own)] = Stored(dict(zip(names, values, strict=True)), digest)
    return found
