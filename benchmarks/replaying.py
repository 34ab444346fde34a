"""Replaying the tombstones on a store that came back from a backup: how long it takes to find what came back.

The backup is a copy of one store's database from before some people were erased. The other tombstones are of people
whose rows are not in it, as nearly all are: made from theirs, with keys of nobody, and sealed as theirs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing import get_context
from typing import Any

import psycopg

from avgflow.crypto import Keyring
from avgflow.demo.stores import STORES
from avgflow.demo.truth import SubjectTruth
from avgflow.handling import erasing, replaying
from avgflow.handling.environment import Environment
from avgflow.handling.replaying import Replayed
from avgflow.register import tombstones
from avgflow.register.database import transaction
from avgflow.settings import Settings
from benchmarks import stack
from benchmarks.erasing import NotErased, approved
from benchmarks.figures import Comparison, Series

STORE = "crm"
PER = 100_000
AT_ONCE = 10_000
SECONDS_TO_WRITE = 120
"""As many tombstones as are written in this time, where it is less than was asked for."""


@dataclass(frozen=True)
class _Written:
    number: str
    subject: bytes
    digest: str
    sealed: bytes


def measure(env: Environment, persons: Sequence[SubjectTruth], backup: str, of: str, wanted: int) -> Comparison:
    """`backup`: the suffix of the copy to be made of the store's database `of`, before anybody is erased."""
    env.dispose()
    stack.same(STORES[STORE], backup, of)
    erased = 0
    for person in persons:
        plan = approved(env, person)
        erasing.run(env, STORE, [plan.number])
        erased += sum(step.rows for step in plan.steps_of(STORE) if step.action == "delete" or step.columns)
    written, rows, seconds = _write(env, wanted)
    restored = Environment(env.settings, stack.dsns(backup).__getitem__)
    began = time.perf_counter()
    opened = _read(restored)
    baseline = time.perf_counter() - began
    began = time.perf_counter()
    done = replaying.run(restored, STORE)
    taken = time.perf_counter() - began
    restored.dispose()
    if done.rows != erased or done.left:
        raise NotErased(f"{done} where {erased} rows came back")
    scale = opened / PER
    return Comparison(
        f"Replaying {opened} tombstones, for each {PER}",
        f"{_came_back(done)}; {written} more of {rows} rows that did not, written in {seconds:.0f} s; one store, once",
        Series("replay: read, open, look for every row, erase, check", (taken / scale,)),
        Series("reading and opening the tombstones alone", (baseline / scale,)),
    )


def _came_back(done: Replayed) -> str:
    return f"{done.rows} rows of {done.people} people came back"


def _read(env: Environment) -> int:
    with transaction(env.register) as register:
        return sum(1 for _ in tombstones.tombstones(register, env.keyring, STORE))


def _write(env: Environment, wanted: int) -> tuple[int, int, float]:
    """How many tombstones were written, of how many rows, and in how many seconds."""
    with transaction(env.register) as register:
        models = [dict(kept.body) for kept in tombstones.tombstones(register, env.keyring, STORE)]
    began, written, rows = time.monotonic(), 0, 0
    sizes = [sum(len(entry["rows"]) for entry in model["tables"]) for model in models]
    starts = range(0, wanted, AT_ONCE)
    with (
        psycopg.connect(_register_dsn()) as owner,
        ProcessPoolExecutor(mp_context=get_context("spawn")) as pool,
    ):
        made = pool.map(partial(_made, env.settings, models, wanted), starts)
        for start, some in zip(starts, made, strict=True):
            _copy(owner, some)
            written += len(some)
            rows += sum(sizes[nth % len(models)] for nth in range(start, start + len(some)))
            if time.monotonic() - began > SECONDS_TO_WRITE:
                pool.shutdown(cancel_futures=True)
                break
        owner.commit()
        owner.autocommit = True
        owner.execute("ANALYZE tombstone")
    return written, rows, time.monotonic() - began


def _made(settings: Settings, models: Sequence[Mapping[str, Any]], wanted: int, start: int) -> list[_Written]:
    keyring = Keyring.of(settings)
    subject = keyring.seal_json({})
    return [
        _Written(
            f"AVG-2025-{10_000_000 + nth}",
            subject,
            f"benchmark-{nth}",
            keyring.seal_json(_of_nobody(models[nth % len(models)], nth)),
        )
        for nth in range(start, min(start + AT_ONCE, wanted))
    ]


def _of_nobody(model: Mapping[str, Any], nth: int) -> dict[str, Any]:
    """A body like the model's, with other keys: numbers far beyond those in use, negative so that none is ever used."""
    text = json.dumps(model)
    body: dict[str, Any] = json.loads(text)
    marks = _marks(nth)
    body["identifiers"] = list(islice(marks, len(body["identifiers"])))
    for entry in body["tables"]:
        entry["rows"] = [
            [
                [_beyond(part, nth) for part in key],
                next(marks),
                {name: _beyond(value, nth) for name, value in leads.items()},
            ]
            for key, _, leads in entry["rows"]
        ]
    return body


def _beyond(value: str, nth: int) -> str:
    return str(-(int(value) + nth * 1000)) if value.isdigit() else value


def _marks(nth: int) -> Iterator[str]:
    """As long as keyed hashes are, and nobody's."""
    place = nth * 1000
    while True:
        place += 1
        yield f"{place:064x}"


def _copy(owner: psycopg.Connection[Any], some: Sequence[_Written]) -> None:
    """Past the application, whose events would take longer than all the rest."""
    columns = 'number, "right", language, received, due, extended_due, subject_sealed, status, outcome'
    with owner.cursor() as cursor:
        with cursor.copy(f"COPY request ({columns}) FROM STDIN") as copy:
            for one in some:
                day = "2025-01-01"
                copy.write_row((one.number, "erasure", "nl", day, day, day, one.subject, "closed", "fulfilled"))
        with cursor.copy("COPY tombstone (number, store, digest, sealed) FROM STDIN") as copy:
            for one in some:
                copy.write_row((one.number, STORE, one.digest, one.sealed))


def _register_dsn() -> str:
    """As the superuser, for so many at once."""
    return stack.superuser_dsn().rpartition("/")[0] + "/register"
