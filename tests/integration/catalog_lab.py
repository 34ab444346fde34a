"""Small databases for the catalog to be held against: one with names and kinds as nasty as they can be, and a shop."""

from __future__ import annotations

from typing import Any

from avgflow.catalog.check import Checked
from avgflow.catalog.drift import Drift, DriftKind

# Names as nasty as PostgreSQL allows: reserved, mixed case, double underscores, blanks, quotes, dots, per cent, colon.
AWKWARD = '''
CREATE SCHEMA "My Schema";
CREATE TABLE public."order" ("select" int PRIMARY KEY, "group" text, "50%:off" text);
CREATE TABLE "My Schema"."Mixed__Case.dot" ("Id" uuid, "say ""hi""" varchar(40), double__under char(3),
    PRIMARY KEY ("Id", double__under));
CREATE TABLE public.measured (
    measured_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent_id bigint REFERENCES public.measured,
    at timestamptz NOT NULL, span int4range, tags text[] NOT NULL, total numeric(12,2) GENERATED ALWAYS AS (1) STORED,
    left_behind text);
ALTER TABLE public.measured DROP COLUMN left_behind;
CREATE TABLE public.bare ();
CREATE TABLE public.event (at date NOT NULL, email text) PARTITION BY RANGE (at);
CREATE TABLE public.event_1 PARTITION OF public.event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')
    PARTITION BY RANGE (at);
CREATE TABLE public.event_1_a PARTITION OF public.event_1 FOR VALUES FROM ('2026-01-01') TO ('2026-01-15');
CREATE VIEW public.seen AS SELECT "group" FROM public."order";
CREATE MATERIALIZED VIEW public.kept AS SELECT "select", "group" FROM public."order";
CREATE SEQUENCE public.counter;
CREATE TYPE public.pair AS (a int, b int);
CREATE TEMPORARY TABLE passing (x int);
'''

CLIENTS = """
CREATE TABLE public.client (client_id bigint PRIMARY KEY, email text, number varchar(20), left_on date);
CREATE INDEX client_email ON public.client (lower(btrim(email, E' \\t\\r\\n\\u00a0')));
CREATE INDEX client_number ON public.client (lower(btrim(number, E' \\t\\r\\n\\u00a0')));
CREATE INDEX client_left_on ON public.client (left_on);
CREATE TABLE public."order" (
    client_id bigint NOT NULL REFERENCES public.client, line int NOT NULL, invoiced_on date,
    PRIMARY KEY (client_id, line));
"""


def clients() -> dict[str, Any]:
    """The catalog of CLIENTS, to be changed by a test."""
    return {
        "store": "shop",
        "title": {"nl": "Winkel", "en": "Shop"},
        "connection": "store_shop",
        "tables": {
            "public.client": {
                "title": {"nl": "Klanten", "en": "Clients"},
                "key": ["client_id"],
                "person": True,
                "subject": [{"email": "identifier"}, {"number": "identifier"}],
                "classes": [{"class": "R1", "term_from": "left_on"}],
                "columns": {
                    "client_id": "none",
                    "email": {"category": "contact", "identifier": "email"},
                    "number": {"category": "identification", "identifier": "customer_number"},
                    "left_on": "none",
                },
            },
            'public."order"': {
                "title": {"nl": "Bestellingen", "en": "Orders"},
                "key": ["client_id", "line"],
                "subject": {"client_id": "shop.public.client.client_id"},
                "classes": [{"class": "R4", "when": "invoiced_on IS NOT NULL"}, {"class": "R3"}],
                "columns": {"client_id": "none", "line": "none", "invoiced_on": "none"},
            },
        },
    }


def with_visits() -> dict[str, Any]:
    """The catalog of CLIENTS and a table `visit` that refers to an order, but is nobody's by that."""
    catalog = clients()
    catalog["tables"]["public.visit"] = {
        "title": {"nl": "a", "en": "b"},
        "subject": "none",
        "columns": {"client_id": "none", "line": "none", "at": "none"},
    }
    return catalog


VISITS = CLIENTS + "CREATE TABLE visit (client_id bigint, line int, at date);"
VISITS_REFER = 'ALTER TABLE visit ADD FOREIGN KEY (line, client_id) REFERENCES "order" (line, client_id);'
ORDER_IS_UNIQUE = 'CREATE UNIQUE INDEX ON "order" (line, client_id);'


def only(checked: Checked, kind: DriftKind) -> Drift:
    """The one difference there is; it must be of this kind."""
    assert [drift.kind for drift in checked.drifts] == [kind], [str(drift) for drift in checked.drifts]
    return checked.drifts[0]
