"""The terms of our own data in the policy: what may stand there, and what is refused with a line that says why."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from avgflow.configuration import WrongConfiguration
from avgflow.housekeeping import register
from avgflow.housekeeping.files import past
from avgflow.policy.housekeeping import Housekeeping
from avgflow.policy.models import load
from avgflow.policy.periods import fewest_days, most_days
from avgflow.settings import INCLUDE

FILE = INCLUDE / "policy" / "milgro.yaml"


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[Callable[[Any], None]], Path]:
    """Milgro's policy with something changed."""

    def write(change: Callable[[Any], None]) -> Path:
        content = yaml.safe_load(FILE.read_text(encoding="utf-8"))
        change(content)
        path = tmp_path / "policy.yaml"
        path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        return path

    return write


def test_every_term_stands_in_the_policy_that_is_shipped() -> None:
    written = yaml.safe_load(FILE.read_text(encoding="utf-8"))["housekeeping"]
    assert set(written) == set(Housekeeping.model_fields)
    assert load(FILE).housekeeping == Housekeeping(), "a policy without them has the same"


def test_the_term_of_the_case_files_is_the_one_that_people_are_told() -> None:
    policy = load(FILE)
    assert register.terms(policy)["case_files"] == policy.classes["R12"].term.period == "P5Y"
    assert "5 jaar" in policy.classes["R12"].term.text.nl


def test_the_backups_are_kept_as_long_as_people_are_told() -> None:
    policy = load(FILE)
    days = most_days(policy.housekeeping.backups)
    for text in (policy.statements.backups, policy.statements.erased_backups):
        assert f"{days} dagen" in " ".join(text.nl.split())


WRONG = ("5 years", "P", "P0D", "PT1H", "P1W", "-P5Y", "P5", "p5y", "P1Y0", "P-1D", "P1D1M", "")


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", ["packages", "documents", "tombstones", "airflow"])
def test_what_is_no_term_is_refused(changed: Callable[[Callable[[Any], None]], Path], name: str, wrong: str) -> None:
    path = changed(lambda policy: policy["housekeeping"].update({name: wrong}))
    with pytest.raises(WrongConfiguration, match=r"policy\.yaml:\d+: .*P5Y, P6M, P90D"):
        load(path)


def test_tombstones_outlive_the_backups(changed: Callable[[Callable[[Any], None]], Path]) -> None:
    path = changed(lambda policy: policy["housekeeping"].update(tombstones="P3M"))
    with pytest.raises(WrongConfiguration, match="tombstones as long as backups"):
        load(path)
    path = changed(lambda policy: policy["housekeeping"].update(tombstones="P90D"))
    assert load(path).housekeeping.tombstones == "P90D"


@pytest.mark.parametrize("slip", ["P5D", "P5M", "P11M30D", "P364D"])
def test_a_slip_of_the_pen_does_not_empty_the_register(
    changed: Callable[[Callable[[Any], None]], Path], slip: str
) -> None:
    path = changed(lambda policy: policy["classes"]["R12"]["term"].update(period=slip))
    with pytest.raises(WrongConfiguration, match=f"class R12 keeps the case files for {slip}"):
        load(path)


def test_runs_that_wait_outlive_a_month_and_somebody_else_may_clean_airflow(
    changed: Callable[[Callable[[Any], None]], Path],
) -> None:
    with pytest.raises(WrongConfiguration, match="null where somebody else cleans Airflow"):
        load(changed(lambda policy: policy["housekeeping"].update(airflow="P29D")))
    assert load(changed(lambda policy: policy["housekeeping"].update(airflow=None))).housekeeping.airflow is None


def test_a_term_that_is_not_known_is_named(changed: Callable[[Callable[[Any], None]], Path]) -> None:
    path = changed(lambda policy: policy["housekeeping"].update(mailbox="P1D"))
    with pytest.raises(WrongConfiguration, match=re.escape("mailbox")):
        load(path)


DAYS = st.dates(date(2019, 1, 1), date(2040, 1, 1))


@given(day=DAYS, days=st.integers(1, 1000), later=st.integers(0, 1100))
def test_a_term_in_days_keeps_its_last_day(day: date, days: int, later: int) -> None:
    assert past(f"P{days}D", day, day + timedelta(later)) == (later > days)


@given(day=DAYS, years=st.integers(1, 9), months=st.integers(0, 30))
def test_no_term_is_ever_shorter_or_longer_than_its_bounds(day: date, years: int, months: int) -> None:
    """By walking through the months, which is no arithmetic of dates at all."""
    last = day.replace(day=1)
    for _ in range(12 * years + months):
        last = (last + timedelta(32)).replace(day=1)
    length = ((last + timedelta(32)).replace(day=1) - last).days
    last = last.replace(day=min(day.day, length))
    period = f"P{years}Y{months}M"
    assert not past(period, day, last)
    assert past(period, day, last + timedelta(1))
    assert fewest_days(period) <= (last - day).days <= most_days(period)
