"""Erasure, decided per record: the worked cases, each situation built as data, and the order of the rules."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import starmap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.catalog.load import load as load_catalog
from avgflow.catalog.names import TableName
from avgflow.dossier.erasure import of_plan
from avgflow.identity import Footprint
from avgflow.plan import Action, Plan, Step
from avgflow.policy import decide
from avgflow.policy.decide import EVERYTHING, Decision, Ground, Record, Situation
from avgflow.policy.models import Policy, load
from avgflow.settings import INCLUDE

CASES = {int(row["id"]): row for row in csv.DictReader((Path(__file__).parents[2] / "cases/decisions.csv").open())}
POLICY: Policy = load(INCLUDE / "policy" / "milgro.yaml")
CATALOG = load_catalog(INCLUDE / "catalog")
TABLE = TableName("public", "contact")
TODAY = date(2026, 11, 25)


@dataclass(frozen=True)
class Case:
    """A row of the worked cases: the person's records, what is known, and what must come of it."""

    records: Mapping[str, Record]
    keeps: Mapping[str, Ground]
    outcome: str
    situation: Situation = field(default_factory=lambda: Situation(TODAY))
    suppresses: frozenset[str] = frozenset()


INVOICE_3_YEARS = Record("R4", counts_from=date(2023, 12, 31))
ERASURE = {
    1: Case(
        {
            "R1": Record("R1"),
            "R3": Record("R3"),
            "R4": INVOICE_3_YEARS,
            "R6": Record("R6"),
            "R9": Record("R9"),
        },
        {"R1": Ground.CONTRACT, "R3": Ground.CONTRACT, "R4": Ground.LAW},
        "partly_fulfilled",
        Situation(TODAY, contract_runs=True),
        frozenset({"R9"}),
    ),
    2: Case(
        {"R1": Record("R1"), "R6": Record("R6"), "R9": Record("R9"), "R4": INVOICE_3_YEARS},
        {"R4": Ground.LAW},
        "partly_fulfilled",
        suppresses=frozenset({"R9"}),
    ),
    3: Case(
        {"R9": Record("R9"), "R8": Record("R8", counts_from=date(2025, 1, 1))},
        {"R8": Ground.PROOF},
        "fulfilled",
        suppresses=frozenset({"R9"}),
    ),
    5: Case(
        {"R4": Record("R4", counts_from=date(2019, 12, 31))},
        {"R4": Ground.LAW},
        "refused",
        Situation(date(2026, 2, 10)),
    ),
    6: Case({"R5": Record("R5", counts_from=date(2022, 11, 25))}, {"R5": Ground.LAW}, "refused"),
    7: Case({"R3": Record("R3", counts_from=date(2025, 11, 20))}, {}, "fulfilled"),
    9: Case({"R2": Record("R2")}, {"R2": Ground.CLAIM}, "refused", Situation(TODAY, holds={"R2": None})),
    10: Case({"R2": Record("R2", counts_from=date(2023, 11, 1))}, {}, "fulfilled"),
    11: Case(
        {"R3": Record("R3"), "R4": INVOICE_3_YEARS, "R1": Record("R1"), "R10": Record("R10")},
        {"R1": Ground.CLAIM, "R3": Ground.CLAIM, "R4": Ground.LAW},
        "partly_fulfilled",
        Situation(TODAY, holds={"R1": None, "R3": None}),
    ),
    13: Case({"R2": Record("R2"), "R7": Record("R7")}, {}, "fulfilled"),
}
OTHERWISE = {
    12: "outside the AVG: no records of a natural person are decided on",
    15: "an order of two requests, not a decision on a record",
}


def test_every_erasure_case_is_decided_or_said_why_not() -> None:
    asked = {number for number, row in CASES.items() if row["request and situation"].startswith("Erase")}
    assert asked == ERASURE.keys() | OTHERWISE.keys()


@pytest.mark.parametrize(
    ("record", "situation", "whole"),
    [
        (INVOICE_3_YEARS, Situation(TODAY), False),
        (INVOICE_3_YEARS, Situation(TODAY, holds={"R4": None}), True),
        (INVOICE_3_YEARS, Situation(TODAY, holds={EVERYTHING: TODAY}), True),
        (INVOICE_3_YEARS, Situation(TODAY, holds={EVERYTHING: date(2026, 1, 1)}), False),
        (INVOICE_3_YEARS, Situation(TODAY, contract_runs=True), False),
        (Record("R3", "sales_records"), Situation(TODAY), False),
        (Record("R3", "sales_records"), Situation(TODAY, contract_runs=True), True),
        (Record("R1"), Situation(TODAY, contract_runs=True), True),
    ],
)
def test_what_a_claim_or_contract_needs_stays_whole_also_where_the_law_comes_first(
    record: Record, situation: Situation, whole: bool
) -> None:
    decision = decide.erasure(POLICY, record, situation)
    assert (decision.action, decision.whole) == ("keep", whole)


@pytest.mark.parametrize("number", ERASURE)
def test_a_worked_case(number: int) -> None:
    case = ERASURE[number]
    decisions = {name: decide.erasure(POLICY, record, case.situation) for name, record in case.records.items()}
    assert {n: d.ground for n, d in decisions.items() if d.action == "keep"} == case.keeps
    assert {n for n, d in decisions.items() if d.suppress} == case.suppresses
    assert came_to(decisions) == case.outcome


def came_to(decisions: Mapping[str, Decision]) -> str:
    """The outcome that the person is told of."""
    plan = Plan("AVG-2026-00042", "erasure", tuple(starmap(step, decisions.items())), Footprint(), 0, "digest")
    told = of_plan(plan, CATALOG, POLICY, language="nl", name=None, received=TODAY, made_on=TODAY)
    return told.outcome


def step(record_class: str, decision: Decision) -> Step:
    action: Action = "delete" if decision.action == "erase" else "keep"
    return Step("crm", TABLE, record_class, 1, action, decision.reason, decision.ground, decision.keep_until)


def test_an_invoice_of_2019_may_go_from_the_first_of_january_2027() -> None:
    invoice = Record("R4", counts_from=date(2019, 5, 3))
    last = decide.erasure(POLICY, invoice, Situation(date(2026, 12, 31)))
    assert (last.action, last.keep_until) == ("keep", date(2026, 12, 31))
    assert decide.erasure(POLICY, invoice, Situation(date(2027, 1, 1))).action == "erase"


def test_an_order_in_the_sales_records_is_kept_though_its_class_goes() -> None:
    order = Record("R3", term="sales_records", counts_from=date(2024, 6, 1))
    assert decide.erasure(POLICY, order, Situation(TODAY)) == Decision(
        "keep", Ground.LAW, POLICY.classes["R3"].other_terms["sales_records"].text, keep_until=date(2031, 12, 31)
    )


def test_a_record_by_law_without_a_day_is_kept() -> None:
    kept = decide.erasure(POLICY, Record("R5"), Situation(TODAY))
    assert (kept.action, kept.keep_until) == ("keep", None)


def test_a_hold_on_everything_keeps_everything_until_it_ends() -> None:
    held = Situation(TODAY, holds={EVERYTHING: date(2026, 12, 1)})
    assert {decide.erasure(POLICY, Record(name), held).action for name in POLICY.classes} == {"keep"}
    over = Situation(date(2026, 12, 2), holds={EVERYTHING: date(2026, 12, 1)})
    assert decide.erasure(POLICY, Record("R2"), over).action == "erase"


@pytest.mark.parametrize(
    ("period", "start", "last"),
    [
        ("P2Y", date(2024, 2, 29), date(2026, 2, 28)),
        ("P24M", date(2024, 11, 30), date(2026, 11, 30)),
        ("P1M", date(2026, 1, 31), date(2026, 2, 28)),
        ("P90D", date(2026, 1, 1), date(2026, 4, 1)),
        ("P1Y6M10D", date(2025, 8, 31), date(2027, 3, 10)),
        ("P7M", date(2025, 12, 31), date(2026, 7, 31)),
    ],
)
def test_a_term_ends_on_the_same_day_of_the_month_or_the_last(period: str, start: date, last: date) -> None:
    term = POLICY.classes["R1"].term.model_copy(update={"period": period})
    assert decide.last_day(term, start) == last


@pytest.mark.parametrize("counts_from", [date(9999, 12, 31), date.max, date(9993, 1, 1)])
def test_a_row_that_a_store_closes_at_the_end_of_time_is_kept_without_a_day(counts_from: date) -> None:
    """Many a store writes 9999-12-31 for 'not yet'; no plan may stop on it."""
    kept = decide.erasure(POLICY, Record("R4", counts_from=counts_from), Situation(TODAY))
    assert (kept.action, kept.ground, kept.keep_until) == ("keep", Ground.LAW, None)
    assert decide.erasure(POLICY, Record("R1", counts_from=counts_from), Situation(TODAY)).action == "erase"


def test_a_term_as_long_as_the_calendar_never_ends() -> None:
    for period in ("P9999Y", "P99999999999D"):
        assert decide.last_day(POLICY.classes["R1"].term.model_copy(update={"period": period}), TODAY) is None


@given(
    record_class=st.sampled_from(sorted(POLICY.classes)),
    counts_from=st.none() | st.dates(date(2010, 1, 1), date(2026, 12, 31)),
    contract=st.booleans(),
)
def test_the_companys_own_terms_never_refuse_anybody(
    record_class: str, counts_from: date | None, contract: bool
) -> None:
    decision = decide.erasure(POLICY, Record(record_class, None, counts_from), Situation(TODAY, {}, contract))
    if decision.action == "keep":
        of_class = POLICY.classes[record_class]
        assert of_class.term.law or of_class.proof or (of_class.contract and contract)


@given(days=st.lists(st.dates(date(2015, 1, 1), date(2040, 1, 1)), min_size=2, max_size=2).map(sorted))
def test_what_may_go_today_may_go_tomorrow(days: list[date]) -> None:
    invoice = Record("R4", counts_from=date(2019, 1, 1))
    earlier, later = (decide.erasure(POLICY, invoice, Situation(day)).action for day in days)
    assert (earlier, later) != ("erase", "keep")


def test_what_the_law_and_a_claim_both_keep_is_kept_by_law_and_whole() -> None:
    """The letter names the law, which outlives the claim."""
    invoice = Record("R4", counts_from=date(2024, 5, 3))
    kept = decide.erasure(POLICY, invoice, Situation(TODAY, holds={EVERYTHING: None}))
    assert (kept.ground, kept.keep_until, kept.whole) == (Ground.LAW, date(2031, 12, 31), True)


def test_a_running_contract_needs_nothing_of_what_somebody_was_before() -> None:
    running = Situation(TODAY, contract_runs=True)
    assert decide.erasure(POLICY, Record("R1"), running).action == "keep"
    assert decide.erasure(POLICY, Record("R1", former=True), running).action == "erase"


def test_proof_of_consent_that_was_in_use_until_now_is_kept_from_today_on() -> None:
    kept = decide.erasure(POLICY, Record("R8"), Situation(TODAY))
    assert (kept.ground, kept.keep_until) == (Ground.PROOF, date(2031, 11, 25))
