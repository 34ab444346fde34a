"""The register's page with fifty thousand requests, against the page of an empty register: seconds for each view.

The requests and their events are written by SQL, in seconds: what is measured is reading them, as a logged in officer
does over HTTP. These requests are nobody's, and their events hang in no chain.
"""

from __future__ import annotations

import time

import httpx
from sqlalchemy import Engine, text

from avgflow.settings import Settings, engine
from benchmarks.figures import Comparison, Series

REQUESTS = 50_000
GOAL = 0.3
"""Seconds at the server, for each view."""
SOME = "AVG-2023-104000"

VIEWS = {
    "the list, as it opens": "/",
    "all, by number, the last ones first": "/?stage=all&sort=number&order=down",
    "all, by the last day, page 900": "/?stage=all&page=900",
    "closed objections, by the last change": "/?stage=closed&right=objection&sort=changed&order=down",
    "by a part of a number": "/?number=4004",
    "holds": "/holds",
    "restrictions": "/restrictions",
    "withholdings": "/withholdings",
    "breaches": "/breaches",
    "sweeps": "/sweeps",
    "the form of a new request": "/new",
    "recipients": "/recipients?all=1",
    "suppressions": "/suppressions",
}
WITH_SOME = {"one request": f"/requests/{SOME}", "one breach": "/breaches/1", "its run": f"/requests/{SOME}/run"}

_FILL = """
INSERT INTO request (number, "right", status, waiting_for, outcome, language, scope, ground, received, due,
                     extended_due, registered_at, changed_at, subject_sealed)
SELECT 'AVG-' || 2020 + n % 7 || '-' || (100000 + n), k."right", k.status,
       CASE k.status WHEN 'waiting' THEN 'verification' END, CASE k.status WHEN 'closed' THEN 'fulfilled' END, 'nl',
       CASE k."right" WHEN 'objection' THEN 'marketing' END, CASE k."right" WHEN 'restriction' THEN 'claims' END,
       k.received, k.received + 31, k.received + 92, k.received, k.received + 5 + n % 40, ''
FROM generate_series(1, :requests) AS n
CROSS JOIN LATERAL (
    SELECT (ARRAY['access', 'erasure', 'rectification', 'objection', 'portability', 'restriction'])[1 + n % 6]
               AS "right",
           current_date - n % 2000 AS received,
           CASE WHEN n % 20 > 0 THEN 'closed' WHEN n % 40 = 0 THEN 'waiting' ELSE 'running' END AS status) AS k
"""
_EVENTS = """
INSERT INTO event (id, at, name, number, actor, detail, prev_hash, hash)
SELECT 1000000 + row_number() OVER (), r.registered_at + make_interval(secs => e),
       (ARRAY['request.registered', 'request.verified', 'request.started', 'plan.made', 'store.collected'])[1 + e % 5],
       r.number, 'avgflow', jsonb_build_object('rows', e, 'store', 'crm'), 'x', md5(r.number || e)
FROM request AS r CROSS JOIN generate_series(1, 15) AS e
"""
_RESTRICTIONS = """
INSERT INTO restriction (number, record_class, ground, begun_at, begun_by)
SELECT number, '*', 'claims', registered_at, 'officer' FROM request WHERE "right" = 'restriction'
"""
_NOTICES = """
INSERT INTO notice (number, recipient, told, told_at, told_by, confirmed_at, confirmed_by, classes)
SELECT number, 'ict-supplier', 'erased', registered_at, 'avgflow', registered_at, 'officer', '["R1"]'
FROM request WHERE "right" IN ('erasure', 'rectification', 'restriction')
"""
_BREACHES = """
INSERT INTO breach (number, what, aware_at, due_at, digest, sealed, opened_by)
SELECT number, 'letter', received, received + 3, md5(number), '', 'officer' FROM request ORDER BY number LIMIT 200
"""
_HASHES = "INSERT INTO identifier (number, kind, hash) SELECT number, 'email', md5(number) FROM request"


def measure(rounds: int, officer: str, password: str) -> list[Comparison]:
    """Each view with an empty register and with a full one, on the stack that runs."""
    settings = Settings.load()
    client = _logged_in(str(settings.airflow_url), officer, password)
    empty = {name: _timed(client, path, rounds) for name, path in VIEWS.items()}
    seconds = _fill(engine(settings.secret("register_owner_dsn")))
    full = {name: _timed(client, path, rounds) for name, path in (VIEWS | WITH_SOME).items()}
    how = f"{REQUESTS:,} requests with {15 * REQUESTS:,} events, written in {seconds:.0f} s; the goal is {GOAL} s."
    first = next(iter(VIEWS))
    return [
        Comparison(
            f"The page: {name}",
            how,
            Series(f"{REQUESTS:,} requests", tuple(full[name])),
            Series(f"an empty register{'' if name in empty else f' ({first})'}", tuple(empty.get(name, empty[first]))),
        )
        for name in full
    ]


def _fill(owner: Engine) -> float:
    """Put the requests on the register, as its owner; the seconds that it took."""
    began = time.perf_counter()
    with owner.begin() as conn:
        conn.execute(text(_FILL), {"requests": REQUESTS})
        conn.execute(text(_EVENTS))
        for more in (_HASHES, _RESTRICTIONS, _NOTICES, _BREACHES):
            conn.execute(text(more))
        conn.execute(text("ANALYZE request, event, identifier, restriction, notice, breach"))
    return time.perf_counter() - began


def _logged_in(url: str, user: str, password: str) -> httpx.Client:
    client = httpx.Client(base_url=url, timeout=60, trust_env=False)
    token = client.post("/auth/token", json={"username": user, "password": password}).json()["access_token"]
    client.cookies.set("_token", token)
    return client


def _timed(client: httpx.Client, path: str, rounds: int) -> list[float]:
    """The seconds of each try but the first, which finds nothing ready."""
    taken = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        answer = client.get(f"/avgflow{path}")
        taken.append(time.perf_counter() - began)
        answer.raise_for_status()
    return taken[1:]
