"""Objection and withdrawal of consent, decided per record: the worked cases, and the order of the rules."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.catalog.load import load as load_catalog
from avgflow.catalog.names import TableName
from avgflow.dossier.objection import of_plan
from avgflow.identity import Footprint
from avgflow.intake import Scope
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
RUNNING = Situation(TODAY, contract_runs=True)


@dataclass(frozen=True)
class Case:
    """A row of the worked cases: what is objected to, the person's record, and what must come of it."""

    scope: Scope
    record: Record
    action: str
    ground: Ground
    outcome: str
    situation: Situation = field(default_factory=lambda: Situation(TODAY))
    suppresses: bool = False


OBJECTIONS = {
    46: Case(Scope.MARKETING, Record("R9"), "stop", Ground.MARKETING, "fulfilled", suppresses=True),
    47: Case(Scope.SURVEYS, Record("R10"), "stop", Ground.OBJECTION, "fulfilled", suppresses=True),
    48: Case(Scope.ALL, Record("R1"), "weigh", Ground.OBJECTION, "weighed", RUNNING),
    50: Case(Scope.ALL, Record("R4"), "continue", Ground.OBLIGATION, "refused"),
    51: Case(Scope.COOKIES, Record("R11"), "erase", Ground.WITHDRAWAL, "fulfilled"),
}


@pytest.mark.parametrize("number", OBJECTIONS)
def test_the_worked_cases_come_out_as_they_are_given(number: int) -> None:
    case, given_case = OBJECTIONS[number], CASES[number]
    decision = decide.objection(POLICY, case.record, case.situation, case.scope)
    assert decision is not None
    assert (decision.action, decision.ground, decision.suppress) == (case.action, case.ground, case.suppresses)
    words = {"FUL": "fulfilled", "REF": "refused", "ask": "weighed"}
    assert words[given_case["expected"].split()[0].strip(":,")] == case.outcome
    if case.action != "weigh":
        assert came_to(case, decision) == case.outcome
    assert case.ground in given_case["ground"] or given_case["ground"].startswith("21")


def came_to(case: Case, decision: Decision) -> str:
    """The outcome that the person is told of, whose address was suppressed where the decision says so."""
    record_class = case.record.record_class
    actions: dict[str, Action] = {"erase": "delete", "stop": "stop", "continue": "continue"}
    step = Step("crm", TABLE, record_class, 1, actions[decision.action], decision.reason, decision.ground)
    channels = (str(POLICY.classes[record_class].channel),) if decision.suppress else ()
    plan = Plan("AVG-2026-00042", "objection", (step,), Footprint(), 0, "digest", channels, scope=case.scope)
    days = {"received": TODAY, "stopped_on": TODAY}
    return of_plan(plan, CATALOG, POLICY, {}, addresses=len(channels), language="nl", name=None, **days).outcome


def test_only_what_was_objected_to_is_decided_on() -> None:
    for scope in (Scope.MARKETING, Scope.SURVEYS, Scope.COOKIES):
        decided = {name for name in POLICY.classes if decide.objection(POLICY, Record(name), RUNNING, scope)}
        named = {name for name, of_class in POLICY.classes.items() if of_class.scope == scope}
        assert decided == named | {"R8"}, scope


def test_everything_is_decided_on_when_everything_is_objected_to() -> None:
    found = {name: decide.objection(POLICY, Record(name), RUNNING, Scope.ALL) for name in POLICY.classes}
    actions = {name: decision.action for name, decision in found.items() if decision}
    assert actions == {
        **dict.fromkeys(("R1", "R2", "R3", "R6", "R7", "R12"), "weigh"),
        **dict.fromkeys(("R4", "R5", "R13"), "continue"),
        **dict.fromkeys(("R8", "R9", "R10"), "stop"),
        "R11": "erase",
    }


def test_what_a_sole_proprietor_agreed_to_is_not_weighed() -> None:
    known = Situation(TODAY, sole_proprietor=True)
    decided = {name: decide.objection(POLICY, Record(name), known, Scope.ALL) for name in ("R1", "R3", "R6")}
    assert {(d.action, d.ground) for d in decided.values() if d} == {("continue", Ground.CONTRACT)}
    tickets = decide.objection(POLICY, Record("R2"), known, Scope.ALL)
    assert tickets is not None
    assert tickets.action == "weigh"


def test_what_a_claim_needs_is_not_erased_when_consent_ends() -> None:
    held = Situation(TODAY, holds={EVERYTHING: None})
    decision = decide.objection(POLICY, Record("R11"), held, Scope.COOKIES)
    assert decision is not None
    assert (decision.action, decision.ground) == ("keep", Ground.CLAIM)


@given(
    st.sampled_from(sorted(POLICY.classes)),
    st.booleans(),
    st.booleans(),
    st.dictionaries(st.sampled_from([EVERYTHING, *POLICY.classes]), st.none() | st.dates()),
)
def test_marketing_and_surveys_stop_whatever_else_is_the_case(
    name: str, runs: bool, sole: bool, holds: Mapping[str, date | None]
) -> None:
    known = Situation(TODAY, holds, runs, sole)
    for scope in Scope:
        decision = decide.objection(POLICY, Record(name), known, scope)
        if POLICY.classes[name].objection == "absolute" and scope in (POLICY.classes[name].scope, Scope.ALL):
            assert decision is not None
            assert decision.action == "stop"
            assert decision.suppress
        if decision is not None and decision.action == "erase":
            assert POLICY.classes[name].bases == {"a"}


def test_what_is_stopped_by_name_is_known_without_any_record() -> None:
    assert set(decide.stopped(POLICY, Scope.MARKETING)) == {"R9"}
    assert set(decide.stopped(POLICY, Scope.SURVEYS)) == {"R10"}
    assert set(decide.stopped(POLICY, Scope.COOKIES)) == set()
    assert set(decide.stopped(POLICY, Scope.ALL)) == {"R9", "R10"}


def test_what_a_claim_needs_stays_whole_when_its_consent_is_withdrawn() -> None:
    held = Situation(TODAY, holds={"R11": None})
    kept = decide.objection(POLICY, Record("R11"), held, Scope.COOKIES)
    assert kept is not None
    assert (kept.action, kept.ground, kept.whole) == ("keep", Ground.CLAIM, True)
