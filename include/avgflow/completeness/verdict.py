"""The verdict: Great Expectations suites, made from the catalog, over the measures of the stores' tables.

A suite sees a frame with a row a table and numbers in its columns; no value of any row of a store reaches it, and its
results are asked for without values (Great Expectations' default quotes the unexpected ones).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from avgflow.catalog.models import Catalog, Store


@dataclass(frozen=True)
class Check:
    """One expectation: what it holds in words, the figures that must be equal (or the one that must be nothing)."""

    name: str
    nl: str
    en: str
    figure: str
    equals: str | None = None

    def faults(self, measure: Figures) -> int:
        """How much is wrong in one table: rows, columns or cells."""
        other = getattr(measure, self.equals) if self.equals else 0
        return abs(int(getattr(measure, self.figure)) - int(other))

    def holds(self, measure: Figures) -> bool:
        """For one table, without Great Expectations: to say where a failed expectation failed."""
        return self.faults(measure) == 0

    def detail(self, measure: Figures) -> str:
        """The figures, for a person."""
        value = getattr(measure, self.figure)
        return f"{value} / {getattr(measure, self.equals)}" if self.equals else str(value)


CHECKS = (
    Check("columns_known", "elke kolom staat in de gegevenskaart", "every column is in the catalog", "unknown_columns"),
    Check(
        "columns_present",
        "elke kolom van de gegevenskaart bestaat",
        "every catalogued column exists",
        "missing_columns",
    ),
    Check("as_planned", "verzameld is wat gepland was", "what was planned was collected", "collected", "planned"),
    Check(
        "complete",
        "verzameld is wat een tweede telling vindt",
        "an independent count finds as many",
        "collected",
        "counted",
    ),
    Check(
        "exact",
        "elke waarde is gelijk aan die in het systeem",
        "every value equals the stored one",
        "identical",
        "collected",
    ),
    Check("own", "elke rij is van deze persoon", "every row is this person's", "of_others"),
    Check("keyed", "elke rij heeft haar sleutel", "every row has its key", "without_key"),
    Check("once", "geen rij is dubbel", "no row is there twice", "doubled"),
    Check("redacted", "geen naam van anderen is leesbaar", "no third party's name is readable", "unredacted"),
)


class Figures(Protocol):
    """What was measured of one table: its store, its name, and a number for each figure that a check names."""

    @property
    def store(self) -> str: ...
    @property
    def table(self) -> str: ...


@dataclass(frozen=True)
class Proof:
    """A kind of proof: its name, its checks, and the tables of a store that must be measured."""

    name: str
    checks: tuple[Check, ...]
    tables_of: Callable[[Store], list[str]]


@dataclass(frozen=True)
class Expectation:
    """The result of one expectation of a store's suite."""

    store: str
    name: str
    passed: bool


@dataclass(frozen=True)
class Failure:
    """Where an expectation failed: figures, no values."""

    store: str
    table: str
    check: Check
    detail: str


@dataclass(frozen=True)
class Verdict:
    """Whether an answer may go out, and if not, what is missing where."""

    number: str
    expectations: tuple[Expectation, ...]
    measures: tuple[Figures, ...]
    checks: tuple[Check, ...] = CHECKS

    @property
    def passed(self) -> bool:
        """All expectations held, and there were some (no work done is no proof)."""
        return bool(self.expectations) and all(expectation.passed for expectation in self.expectations)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Each failed check of each table."""
        return tuple(
            Failure(measure.store, measure.table, check, check.detail(measure))
            for measure in self.measures
            for check in self.checks
            if not check.holds(measure)
        )


Batch = Mapping[str, Mapping[str, Sequence[Figures]]]
"""Request -> store -> what was measured of each table."""


def tables_of(store: Store) -> list[str]:
    """The tables of a store that an access copy holds, with rows or declared empty."""
    return [str(name) for name, table in store.tables.items() if table.access and table.subject]


COMPLETENESS = Proof("completeness", CHECKS, tables_of)
"""That an access copy is everything, exactly, and nobody else's."""


def judge(catalog: Catalog, batch: Batch, proof: Proof = COMPLETENESS) -> dict[str, Verdict]:
    """Judge each request of the batch.

    A catalogued store without measures, or a catalogued table without a row in them, fails its suite. Everything is
    first judged as a whole, for where nothing at all is wrong each expectation holds; only where something is, all
    stores and requests by expectation, then each store and at last each request on its own.
    """
    stores = tuple(catalog.stores.values())
    judged = _all_hold if _flawless(proof, stores, batch) else _judged
    results: dict[str, list[Expectation]] = {number: [] for number in batch}
    for number, expectation in judged(proof, stores, batch):
        results[number].append(expectation)
    return {
        number: Verdict(
            number, tuple(results[number]), tuple(m for found in stores.values() for m in found), proof.checks
        )
        for number, stores in batch.items()
    }


_TALKATIVE = ("great_expectations", "great_expectations.data_context.types.base")
"""Loggers with a level of their own, whose remarks are no part of a request's log."""


@cache
def frames() -> Any:
    """Great Expectations' way to a data frame, made once: it stays the same, whatever the frame holds."""
    import great_expectations as gx  # here: its import takes seconds, and few need it

    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    source = context.data_sources.add_pandas("measures")
    return source.add_dataframe_asset("measures").add_batch_definition_whole_dataframe("all")


EVERY_TABLE, EVERY_TABLE_ONCE = "every_table", "every_table_once"
"""Expectations of a suite besides its checks: the catalogued tables and no others were measured; each once."""


def _flawless(proof: Proof, stores: tuple[Store, ...], batch: Batch) -> bool:
    """Whether no check finds anything in any table of any request.

    A row of the frame is one check of one measured table: how much is wrong. With two expectations (there are as many
    rows as there should be, and none has a fault) Great Expectations takes half the time that it takes for a suite.
    A place that is not catalogued, and one measured again, are faults; so as many rows means every table.
    """
    import great_expectations as gx

    gxe: Any = gx.expectations
    places = {f"{store.store}.{table}" for store in stores for table in proof.tables_of(store)}
    faults: list[int] = []
    for measures in batch.values():
        found = [one for store in stores for one in measures.get(store.store, ())]
        times = Counter(f"{one.store}.{one.table}" for one in found)
        for one in found:
            place = f"{one.store}.{one.table}"
            faults += [int(place not in places), times[place] - 1, *(check.faults(one) for check in proof.checks)]
    rows = len(places) * len(batch) * (len(proof.checks) + 2)
    suite = gx.ExpectationSuite(
        name=proof.name,
        expectations=[
            gxe.ExpectTableRowCountToEqual(value=rows),
            gxe.ExpectColumnMaxToBeBetween(column="faults", min_value=0, max_value=0),
        ],
    )
    return bool(_outcome(suite, {"faults": faults}).success)


def _all_hold(proof: Proof, stores: tuple[Store, ...], batch: Batch) -> Iterator[tuple[str, Expectation]]:
    names = sorted((EVERY_TABLE, EVERY_TABLE_ONCE, *(check.name for check in proof.checks)))
    for store in stores:
        for number in batch:
            yield from ((number, Expectation(store.store, name, passed=True)) for name in names)


def _judged(proof: Proof, stores: tuple[Store, ...], batch: Batch) -> Iterator[tuple[str, Expectation]]:
    """Each request with the result of each expectation of each store."""
    checks = _validated(proof, _suite(proof, stores, len(batch)), stores, batch)
    if all(checks.values()) or len(stores) == len(batch) == 1:
        for store in stores:
            for number in batch:
                yield from ((number, Expectation(store.store, name, held)) for name, held in checks.items())
    elif len(stores) > 1:
        for store in stores:
            yield from _judged(proof, (store,), batch)
    else:
        for number, measures in batch.items():
            yield from _judged(proof, stores, {number: measures})


def _suite(proof: Proof, stores: tuple[Store, ...], requests: int) -> Any:
    """The expectations of these stores' measures for this many requests."""
    import great_expectations as gx

    gxe: Any = gx.expectations
    places = [f"{store.store}.{table}" for store in stores for table in proof.tables_of(store)]
    made = [
        gxe.ExpectTableRowCountToEqual(value=len(places) * requests, meta={"check": EVERY_TABLE_ONCE}),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["request", "place"], meta={"check": EVERY_TABLE_ONCE}),
        gxe.ExpectColumnDistinctValuesToEqualSet(column="place", value_set=places, meta={"check": EVERY_TABLE}),
    ]
    for check in proof.checks:
        # The largest is the cheapest to ask for: Great Expectations prepares less for one figure than for each value.
        made.append(
            gxe.ExpectColumnMaxToBeBetween(column=check.name, min_value=0, max_value=0, meta={"check": check.name})
        )
    return gx.ExpectationSuite(name=f"{proof.name}_{'_'.join(store.store for store in stores)}", expectations=made)


def _validated(proof: Proof, suite: Any, stores: tuple[Store, ...], batch: Batch) -> dict[str, bool]:
    """Whether each check of the suite holds."""
    measured = [
        (number, one) for number, measures in batch.items() for store in stores for one in measures.get(store.store, ())
    ]
    columns: dict[str, list[Any]] = {
        "request": [number for number, _ in measured],
        "place": [f"{one.store}.{one.table}" for _, one in measured],
        **{check.name: [check.faults(one) for _, one in measured] for check in proof.checks},
    }
    passed: dict[str, bool] = {}
    for result in _outcome(suite, columns).results:
        check = result.expectation_config.meta["check"]
        passed[check] = passed.get(check, True) and bool(result.success)
    return dict(sorted(passed.items()))


def _outcome(suite: Any, columns: Mapping[str, Sequence[Any]]) -> Any:
    """What Great Expectations finds in a frame of these columns, without values."""
    import pandas as pd

    texts = {"request", "place"}
    frame = pd.DataFrame({name: pd.Series(v, dtype="str" if name in texts else "int64") for name, v in columns.items()})
    return frames().get_batch({"dataframe": frame}).validate(suite, result_format="BOOLEAN_ONLY")
