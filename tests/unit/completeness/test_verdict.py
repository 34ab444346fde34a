"""The verdict: every check fails for exactly its own fault, no measure is no proof, and only figures are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import pytest

from avgflow.catalog.load import load
from avgflow.catalog.models import Catalog
from avgflow.completeness import verdict as verdicts
from avgflow.completeness.measure import Measure
from avgflow.completeness.verdict import CHECKS, Verdict, judge, tables_of
from avgflow.handling.validating import CheckFailed
from avgflow.settings import INCLUDE

NUMBER, ANOTHER, THIRD = "AVG-2026-00001", "AVG-2026-00002", "AVG-2026-00003"

Stores = dict[str, Sequence[Measure]]


@cache
def catalog() -> Catalog:
    return load(INCLUDE / "catalog")


def measured(store: str, table: str, rows: int = 3) -> Measure:
    """A table that is exactly as it should be."""
    return Measure(
        store=store,
        table=table,
        unknown_columns=0,
        missing_columns=0,
        planned=rows,
        collected=rows,
        counted=rows,
        identical=rows,
        of_others=0,
        without_key=0,
        doubled=0,
        unredacted=0,
    )


def sound(rows: int = 3) -> Stores:
    return {
        name: [measured(name, table, rows) for table in tables_of(store)] for name, store in catalog().stores.items()
    }


def with_fault(store: str, table: str, **figures: int) -> Stores:
    return {
        name: [replace(one, **figures) if (name, one.table) == (store, table) else one for one in found]
        for name, found in sound().items()
    }


def judged(batch: Mapping[str, Stores]) -> dict[str, Verdict]:
    return judge(catalog(), batch)


def failed(verdict: Verdict) -> set[tuple[str, str]]:
    return {(expectation.store, expectation.name) for expectation in verdict.expectations if not expectation.passed}


@pytest.mark.parametrize("rows", [0, 1, 2**40])
def test_what_is_as_it_should_be_passes(rows: int) -> None:
    verdict = judged({NUMBER: sound(rows)})[NUMBER]
    assert verdict.passed
    assert verdict.failures == ()
    assert {expectation.store for expectation in verdict.expectations} == set(catalog().stores)


FAULTS = {
    "columns_known": {"unknown_columns": 1},
    "columns_present": {"missing_columns": 1},
    "as_planned": {"planned": 2},
    "complete": {"counted": 4},
    "exact": {"identical": 2},
    "own": {"of_others": 1},
    "keyed": {"without_key": 1},
    "once": {"doubled": 1},
    "redacted": {"unredacted": 1},
}


def test_there_is_a_fault_for_every_check() -> None:
    assert set(FAULTS) == {check.name for check in CHECKS}


@pytest.mark.parametrize("check", FAULTS)
def test_each_check_fails_for_its_own_fault_and_for_no_other(check: str) -> None:
    verdict = judged({NUMBER: with_fault("crm", "public.note", **FAULTS[check])})[NUMBER]
    assert not verdict.passed
    assert failed(verdict) == {("crm", check)}
    (failure,) = verdict.failures
    assert (failure.store, failure.table, failure.check.name) == ("crm", "public.note", check)


def test_a_failure_is_told_by_place_and_figures() -> None:
    verdict = judged({NUMBER: with_fault("orders", 'public."order"', counted=4)})[NUMBER]
    told = str(CheckFailed(verdict))
    assert 'orders.public."order": an independent count finds as many (3 / 4)' in told
    assert NUMBER in told


def test_every_failure_of_several_is_told() -> None:
    stores = with_fault("crm", "public.note", identical=1, of_others=2)
    stores["orders"] = with_fault("orders", "public.invoice", planned=0)["orders"]
    verdict = judged({NUMBER: stores})[NUMBER]
    assert failed(verdict) == {("crm", "exact"), ("crm", "own"), ("orders", "as_planned")}
    assert len(verdict.failures) == 3


def without(stores: Stores, store: str, table: str) -> Stores:
    return {name: [one for one in found if (name, one.table) != (store, table)] for name, found in stores.items()}


@pytest.mark.parametrize("rows", [0, 3])
def test_a_table_that_was_not_measured_fails_even_where_it_would_have_no_rows(rows: int) -> None:
    verdict = judged({NUMBER: without(sound(rows), "crm", "audit.contact_history")})[NUMBER]
    assert failed(verdict) == {("crm", "every_table"), ("crm", "every_table_once")}


def test_a_table_measured_twice_in_the_place_of_another_fails() -> None:
    stores = without(sound(), "crm", "public.call")
    stores["crm"] = [*stores["crm"], measured("crm", "public.note")]
    assert failed(judged({NUMBER: stores})[NUMBER]) >= {("crm", "every_table")}


def test_a_table_measured_twice_does_not_stand_in_for_that_of_another_request() -> None:
    twice, missing = sound(), without(sound(), "crm", "public.note")
    twice["crm"] = [*twice["crm"], measured("crm", "public.note")]
    verdict = judged({NUMBER: twice, ANOTHER: missing, THIRD: sound()})
    assert not verdict[NUMBER].passed
    assert not verdict[ANOTHER].passed
    assert verdict[THIRD].passed


def test_a_table_that_nobody_catalogued_fails() -> None:
    stores = sound()
    stores["crm"] = [*stores["crm"], measured("crm", "public.hobby")]
    assert ("crm", "every_table") in failed(judged({NUMBER: stores})[NUMBER])


@pytest.mark.parametrize("missing", [("marketing",), ("accounts", "crm", "marketing", "orders")])
def test_a_store_that_was_not_measured_fails(missing: Sequence[str]) -> None:
    stores = {name: found for name, found in sound().items() if name not in missing}
    verdict = judged({NUMBER: stores})[NUMBER]
    assert not verdict.passed
    assert {store for store, _ in failed(verdict)} == set(missing)


def test_no_expectations_at_all_are_no_proof() -> None:
    assert not Verdict(NUMBER, (), ()).passed


def test_one_bad_request_of_a_batch_is_the_only_one_that_fails() -> None:
    found = judged({NUMBER: sound(), ANOTHER: with_fault("crm", "public.note", identical=2), THIRD: sound(0)})
    assert {number: one.passed for number, one in found.items()} == {NUMBER: True, ANOTHER: False, THIRD: True}
    assert failed(found[ANOTHER]) == {("crm", "exact")}
    assert found[NUMBER].failures == found[THIRD].failures == ()


def test_a_table_missing_in_one_request_is_not_made_up_for_by_another() -> None:
    doubled = sound()
    doubled["crm"] = [*doubled["crm"], measured("crm", "public.note")]
    found = judged({NUMBER: without(sound(), "crm", "public.note"), ANOTHER: doubled})
    assert [one.passed for one in found.values()] == [False, False]


def test_a_batch_is_judged_as_each_alone() -> None:
    batch = {NUMBER: sound(), ANOTHER: with_fault("accounts", "public.login", doubled=1)}
    together = judged(batch)
    for number, stores in batch.items():
        assert sorted(together[number].expectations, key=str) == sorted(
            judged({number: stores})[number].expectations, key=str
        )


def test_what_is_left_out_of_an_access_copy_is_not_measured() -> None:
    assert "public.active_subscriber" not in tables_of(catalog().stores["marketing"])
    assert "public.campaign" not in tables_of(catalog().stores["marketing"])


def test_great_expectations_is_asked_for_no_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its default result quotes the values that it did not expect."""
    from great_expectations.datasource.fluent.interfaces import Batch

    asked: list[object] = []
    plain = Batch.validate

    def noted(batch: object, *args: object, **options: object) -> object:
        asked.append(options["result_format"])
        return plain(batch, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Batch, "validate", noted)
    judged({NUMBER: sound()})
    assert set(asked) == {"BOOLEAN_ONLY"}


def test_figures_are_all_that_a_measure_holds() -> None:
    assert {type(value) for value in measured("crm", "public.note").row().values()} == {str, int}
    assert set(Measure.figures()) == set(measured("crm", "public.note").row()) - {"store", "table"}
    named = {check.figure for check in CHECKS} | {check.equals for check in CHECKS if check.equals}
    assert named == set(Measure.figures())


def test_every_check_is_told_in_dutch_and_english() -> None:
    assert all(check.nl and check.en and check.nl != check.en for check in verdicts.CHECKS)


def test_every_table_of_a_persons_rows_is_asked_for() -> None:
    """By hand, from the schema of the smallest demonstration store."""
    assert set(tables_of(catalog().stores["accounts"])) == {
        "public.portal_account",
        "public.login",
        "public.session",
        "public.preference",
    }


def test_another_table_does_not_stand_for_a_missing_one() -> None:
    instead = without(sound(), "crm", "public.note")
    instead["crm"] = [*instead["crm"], measured("crm", "public.elsewhere")]
    verdict = judged({NUMBER: instead})[NUMBER]
    assert failed(verdict) == {("crm", "every_table")}
