"""A small store of a test's own, swept without a register: what is past its term in it, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from erasure_lab import POLICY, Lab
from sqlalchemy import Connection

from avgflow.catalog import check, live
from avgflow.catalog.models import Catalog
from avgflow.policy.models import Policy
from avgflow.stores.resolve import targets
from avgflow.stores.session import connected, measuring, writing
from avgflow.stores.survey import Ground
from avgflow.sweep import rules
from avgflow.sweep.batch import Batch
from avgflow.sweep.carry import Leaving, carry
from avgflow.sweep.conditions import Terms
from avgflow.sweep.figures import Figures
from avgflow.sweep.holding_back import Protection
from avgflow.sweep.measure import Measure

DAY = date(2026, 11, 26)
NOBODY = Protection({})


def terms_of(lab: Lab, connection: Connection, day: date, policy: Policy = POLICY) -> tuple[Terms, Ground]:
    checked = check.check(connection, lab.store)
    assert [str(drift) for drift in checked.drifts if drift.severity == "unsafe"] == []
    places = targets(Catalog(stores={"lab": lab.store}), {"lab": checked.live.types})
    ground = Ground.of(places.values(), live.keyed(connection, checked.live))
    return Terms(day, ground.targets, tuple(rules.of_store(lab.store, policy))), ground


@contextmanager
def measured(lab: Lab, day: date = DAY, protection: Protection = NOBODY) -> Iterator[Measure]:
    engine = connected(lab.dsn, "lab")
    try:
        with measuring(engine, "lab") as connection:
            measure = Measure(connection, *terms_of(lab, connection, day))
            measure.take(protection)
            yield measure
    finally:
        engine.dispose()


def counted(lab: Lab, day: date = DAY, protection: Protection = NOBODY) -> dict[str, Figures]:
    """By table (and rule, where a table has more that find something): what was found."""
    with measured(lab, day, protection) as measure:
        found = measure.figures()
    return {f"{rule.table.table} {rule.code}": one for rule, one in found.items()}


def batches(lab: Lab, size: int = 1000, day: date = DAY, protection: Protection = NOBODY) -> list[Batch]:
    with measured(lab, day, protection) as measure:
        return list(measure.batches(size))


def sweep(lab: Lab, some: list[Batch], day: date = DAY, leaving: Leaving = Leaving()) -> list[int]:  # noqa: B008
    """Carry out batches, each in a transaction of its own; the rows that each changed."""
    engine = connected(lab.dsn, "lab")
    try:
        done = []
        for batch in some:
            with writing(engine, "lab") as connection:
                done.append(carry(connection, *terms_of(lab, connection, day), batch, leaving).changed)
        return done
    finally:
        engine.dispose()
