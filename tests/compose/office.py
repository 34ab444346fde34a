"""What the smoke test asks inside the container 'desk': `python - COMMAND … [-- COMMAND …]`, with this on stdin.

It looks at the stores with SQL of its own and at Airflow and the register as anybody can. Who the people are and which
rows are theirs is the demonstration's truth, which knows neither the catalog nor a database.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg import sql

from avgflow.demo import truth
from avgflow.demo.stores import STORES
from avgflow.demo.truth import SubjectTruth
from avgflow.demo.world import World
from avgflow.handling import environment
from avgflow.handling.answering import ANSWER
from avgflow.handling.registering import DAGS
from avgflow.register import approvals, evidence, outbox, requests
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome, Status
from avgflow.settings import Settings

PEOPLE = 300
"""As many as docker/demo.sh invents unless told otherwise."""
BEFORE = Path("/tmp/rows-before.json")
ENV = environment.of_settings()
PLAIN_VIEW = "marketing.public.active_subscriber"
"""Shows rows of another table once more."""
Rows = dict[str, Counter[str]]


def person(which: str) -> SubjectTruth:
    """Who asks: `access` has rows in three stores; all that is held of `erasure` may go; `later` asks at the end."""
    people = truth.of_block(World(1, PEOPLE).block(0)).subjects
    kind = {"access": "sole_proprietor", "erasure": "portal_only", "later": "visitor"}[which]
    return next(one for one in people if one.kind == kind and not one.traits)


def who(which: str) -> None:
    """The options of `avgflow request new` for somebody, a word a line."""
    known = person(which).identifiers
    print("\n".join(word for kind in sorted(known) for word in (f"--{kind.replace('_', '-')}", known[kind])))


def address(which: str) -> None:
    print(person(which).identifiers["email"])


def owned(which: str) -> None:
    """How many rows are somebody's."""
    print(sum(table.rows for name, table in person(which).owned.items() if name != PLAIN_VIEW))


# ---- Airflow ---------------------------------------------------------------------------------------------------------


def api() -> httpx.Client:
    """Airflow's API as its administrator."""
    client = httpx.Client(base_url=str(Settings.load().airflow_url), timeout=60, trust_env=False)
    given = {"username": "admin", "password": Path("/secrets/users/admin").read_text()}
    token = client.post("/auth/token", json=given).raise_for_status().json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def pool(store: str, slots: str) -> None:
    """Let this many tasks of a store run at once; 0 holds them."""
    name = f"store_{store}"
    body = {"name": name, "slots": int(slots), "include_deferred": False}
    api().patch(f"/api/v2/pools/{name}", params={"update_mask": ["slots"]}, json=body).raise_for_status()


def tasks(client: httpx.Client, number: str) -> dict[str, Mapping[str, Any]]:
    with transaction(ENV.register) as register:
        dag = DAGS[requests.get(register, number).right]
    found = client.get(f"/api/v2/dags/{dag}/dagRuns/{number}/taskInstances")
    if found.status_code == httpx.codes.NOT_FOUND:
        return {}
    return {one["task_id"]: one for one in found.raise_for_status().json()["task_instances"]}


def held(store: str, *numbers: str) -> None:
    """Wait until of each request only the task of this store is still to do, among those of the stores."""
    client = api()

    def there(number: str) -> bool:
        states = {name: task["state"] for name, task in tasks(client, number).items() if name in STORES}
        return states.pop(store, None) == "scheduled" and set(states.values()) == {"success"}

    until(lambda: all(there(number) for number in numbers), 240, f"{numbers} held before {store}")


def at_work(store: str, number: str) -> None:
    """Wait until a worker has the task of a store in hand; the worker's host name."""
    client = api()
    until(lambda: tasks(client, number)[store]["state"] == "running", 120, f"{number} at work in {store}")
    print(tasks(client, number)[store]["hostname"])


def housekept() -> None:
    """Start the nightly housekeeping by hand, and wait until it is done."""
    client, path = api(), "/api/v2/dags/housekeeping/dagRuns"
    body = {"dag_run_id": "by-hand", "logical_date": None, "conf": {}}
    client.post(path, json=body).raise_for_status()

    def ended() -> bool:
        state = client.get(f"{path}/by-hand").raise_for_status().json()["state"]
        assert state != "failed", "housekeeping failed"
        return bool(state == "success")

    until(ended, 300, "the end of housekeeping")


def tries(store: str, number: str) -> None:
    """How often the task of a store was begun."""
    print(tasks(api(), number)[store]["try_number"])


# ---- the register ----------------------------------------------------------------------------------------------------


def rests(number: str, wanted: str, seconds: str = "300") -> None:
    """Wait until a request has this status (`closed`), or waits for this (`waiting:approval`)."""
    status, _, waiting_for = wanted.partition(":")

    def there() -> bool:
        with transaction(ENV.register) as register:
            one = requests.get(register, number)
        assert one.status != Status.STOPPED, f"{number} was stopped: {one.reason}"
        return one.status == status and (not waiting_for or one.waiting_for == waiting_for)

    until(there, float(seconds), f"{number} being {wanted}")


def plan(number: str) -> None:
    """The twelve signs of the plan that is to be approved."""
    from avgflow.handling import approving

    print(approving.check(ENV, number, None, "approver"))


def answered(number: str) -> None:
    """The request is closed, proven, with one answer that the mail server took, and its run is green."""
    with transaction(ENV.register) as register:
        one = requests.get(register, number)
        proofs = evidence.evidence(register, number)
        mails = [mail for mail in outbox.mails(register, number) if mail.kind == ANSWER]
    assert one.status == Status.CLOSED, (number, one.status, one.reason)
    assert one.outcome in (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED), (number, one.outcome)
    assert [proof.passed for proof in proofs[-1:]] == [True], number
    assert [mail.accepted_at is not None for mail in mails] == [True], number
    run = api().get(f"/api/v2/dags/{DAGS[one.right]}/dagRuns/{number}")
    assert run.raise_for_status().json()["state"] == "success", number


def approved_by(number: str) -> None:
    with transaction(ENV.register) as register:
        found = approvals.approval(register, number)
    print(found.actor if found else "nobody")


# ---- the stores ------------------------------------------------------------------------------------------------------


def tables() -> Iterator[tuple[psycopg.Connection[Any], str, sql.Identifier]]:
    """Every table of the four stores, with a connection to it, found without the catalog."""
    for store in STORES.values():
        with psycopg.connect(Settings.load().store_dsn(store.connection)) as connection:
            listed = connection.execute(
                "SELECT nspname::text, relname::text FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace "
                "WHERE relkind IN ('r', 'p') AND NOT relispartition AND nspname !~ '^(pg_|information_schema)'"
            ).fetchall()
            for schema, table in listed:
                yield connection, f"{store.name}.{schema}.{table}", sql.Identifier(schema, table)


def rows() -> Rows:
    """A digest of each row, by table."""
    digests = sql.SQL("SELECT md5(one::text) FROM {} AS one")
    return {name: Counter(row[0] for row in conn.execute(digests.format(table))) for conn, name, table in tables()}


def mentions(text: str) -> dict[str, int]:
    """In how many rows of which tables a text stands, in any case."""
    count = sql.SQL("SELECT count(*) FROM {} AS one WHERE strpos(lower(one::text), lower(%s)) > 0")
    found = {name: conn.execute(count.format(table), (text,)).fetchone() for conn, name, table in tables()}
    return {name: row[0] for name, row in found.items() if row and row[0]}


def remember() -> None:
    """What the stores hold, to be put into `BEFORE` later on: nothing in this container outlives it."""
    print(json.dumps(rows()))


def known(which: str) -> None:
    """The stores know the address of this person."""
    assert mentions(person(which).identifiers["email"]), "nobody to erase"


def erased(which: str) -> None:
    """The address of this person stands nowhere any more, and no row was touched or added but of theirs.

    What the law keeps of a person stays without the person: the consents, at a subscriber who is empty.
    """
    before = {table: Counter(kept) for table, kept in json.loads(BEFORE.read_text()).items()}
    after = rows()
    theirs = {name.replace('"', ""): held.rows for name, held in person(which).owned.items()}
    gone = {table: (before[table] - after[table]).total() for table in before}
    made = {table: (after[table] - before[table]).total() for table in before}
    assert before.keys() == after.keys()
    assert [table for table in before if not made[table] <= gone[table] <= theirs.get(table, 0)] == []
    for store in {table.split(".")[0] for table in theirs}:
        assert any(gone[table] > made[table] for table in before if table.startswith(f"{store}.")), store
    assert mentions(person(which).identifiers["email"]) == {}


# ----------------------------------------------------------------------------------------------------------------------


def until(there: Callable[[], bool], seconds: float, what: str) -> None:
    """Look again and again; a part that restarts meanwhile does not answer for some seconds."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(httpx.TransportError, KeyError):
            if there():
                return
        assert time.monotonic() < deadline, f"{what} did not come about within {seconds:.0f} s"
        time.sleep(0.3)


def _commands() -> Iterator[Callable[..., None]]:
    yield from (
        who,
        address,
        owned,
        pool,
        held,
        at_work,
        tries,
        housekept,
        rests,
        plan,
        answered,
        approved_by,
        remember,
        known,
        erased,
    )


if __name__ == "__main__":
    commands = {command.__name__: command for command in _commands()}
    for asked in " ".join(sys.argv[1:]).split(" -- "):
        name, *words = asked.split(" ")
        commands[name](*words)
