"""Over simulated years no row is kept past its term without a reason on record, and none goes early.

The years begin after the demonstration's own rows end, and have leap days, ends of years, rows whose date moves, is
taken away again or was never there; sweeps each week, some carried out days after their preview; holds on people and on
classes, restrictions and requests that are placed and ended in between. Who judges is `sweep_oracle`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from handling_world import Office, Open
from sweep_years import Told, Years

from avgflow.demo import load as demo
from avgflow.demo.stores import STORES
from avgflow.demo.world import World

START = date(2027, 11, 1)
SEEDS = [int(one) for one in os.environ.get("AVGFLOW_YEARS_SEEDS", "2,3").split(",")]
WEEKS = int(os.environ.get("AVGFLOW_YEARS_WEEKS", "1"))
LOOK_EVERY = int(os.environ.get("AVGFLOW_YEARS_LOOK", "1"))
"""Of the ten years: seeds, weeks between two sweeps, and days between two looks where nothing was done."""


@pytest.fixture
def company(pg: Any, open_office: Open) -> Iterator[Office]:
    """A small company: sixty people."""
    dsns = {name: pg.create_database(f"years_{name}", owner=name) for name in STORES}
    demo.load(dsns, World(seed=5, subjects=60), None, lambda phase, done, total: None)
    office = open_office(**dsns)
    yield office
    office.env.dispose()
    for name in STORES:
        pg.drop_database(f"years_{name}")


def pass_by(company: Office, seed: int, until: date, weeks: int = 1, look_every: int = 1) -> Told:
    years = Years(company, seed, START, weeks, look_every)
    told = years.pass_by(until)
    assert years.faults == []
    print(told)
    return told


def test_a_year_with_a_leap_day_is_swept_as_the_policy_says(company: Office) -> None:
    told = pass_by(company, seed=1, until=date(2028, 11, 6), weeks=2, look_every=14)
    assert told.sweeps > 25
    assert {"hold", "needed"} <= set(told.held)
    assert set(told.acts) == {"hold", "hold_class", "restrict", "request", "ended"}
    assert min(told.anonymised, told.silenced, told.late, told.proven) > 0
    assert len(told.gone) > 18


@pytest.mark.faults
@pytest.mark.parametrize("seed", SEEDS)
def test_ten_years_are_swept_as_the_policy_says(company: Office, seed: int) -> None:
    told = pass_by(company, seed, until=date(2037, 11, 1), weeks=WEEKS, look_every=LOOK_EVERY)
    assert told.sweeps > 500 // WEEKS
    assert {"hold", "restriction", "request", "needed"} == set(told.held)
    assert set(told.acts) == {"hold", "hold_class", "restrict", "request", "ended"}
