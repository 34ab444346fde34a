"""Marks that an objection sets, in awkward tables: in classes that are weighed, in several columns, beside history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from erasure_lab import ANN, MINE, POLICY, TODAY, Lab, laboratory, table

from avgflow.handling import objecting
from avgflow.intake import Scope
from avgflow.plan import Step
from avgflow.policy.decide import EVERYTHING, Situation
from avgflow.stores import erase
from avgflow.stores.erase import Done, Work

SCHEMA = """
    CREATE TABLE contact (id int PRIMARY KEY, email text, no_mail boolean, told_on date, no_survey boolean);
    CREATE INDEX ON contact (lower(btrim(email, E' \\t\\r\\n\\u00a0')));
    CREATE TABLE contact_was (at timestamptz DEFAULT now(), id int, no_mail boolean);
    CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO contact_was (id, no_mail) VALUES (OLD.id, OLD.no_mail); RETURN NEW; END $$;
    CREATE TRIGGER keep AFTER UPDATE ON contact FOR EACH ROW EXECUTE FUNCTION keep();
    CREATE TABLE visit (id int PRIMARY KEY, email text);
    CREATE INDEX ON visit (lower(btrim(email, E' \\t\\r\\n\\u00a0')));
    CREATE TABLE remark (id int PRIMARY KEY, visit_id int REFERENCES visit, email text);
    CREATE INDEX ON remark (lower(btrim(email, E' \\t\\r\\n\\u00a0')));
    INSERT INTO contact VALUES (1, 'ann@x.nl', NULL, NULL, NULL), (2, 'Ann@x.nl', true, '2020-01-01', false),
                               (3, 'bob@x.nl', NULL, NULL, NULL);
    INSERT INTO visit VALUES (1, 'ann@x.nl'), (2, 'ann@x.nl'), (3, 'bob@x.nl');
    INSERT INTO remark VALUES (1, 2, 'ann@x.nl');
"""
STOPS = [
    {"scope": "marketing", "when": "no_mail IS NOT TRUE", "set": {"no_mail": "true", "told_on": "current_date"}},
    {"scope": "surveys", "when": "no_survey IS NOT TRUE", "set": {"no_survey": "true"}},
]
PLAIN = ("no_mail", "told_on", "no_survey")
TABLES = {
    "contact": table(MINE, record_class="R1", plain=PLAIN, stops=STOPS),
    "contact_was": table(
        {"id": "lab.public.contact.id"}, key=(), record_class="R1", plain=("at", "id", "no_mail"), history=True
    ),
    "visit": table(MINE, record_class="R11"),
    "remark": table(MINE, record_class="R2", plain=("visit_id",)),
}


@pytest.fixture
def lab(pg: Any) -> Iterator[Lab]:
    with laboratory(pg, SCHEMA, TABLES) as made:
        yield made


def objected(lab: Lab, scope: Scope, known: Situation | None = None) -> tuple[tuple[Step, ...], Done]:
    """Plan and carry out an objection of Ann in one transaction."""
    with lab.writing() as connection:
        seen = lab.see(connection, ANN)
        rows = seen.found[ANN]
        steps = objecting.steps(POLICY, "lab", connection, seen.ground, rows, known or Situation(TODAY), scope)
        return steps, erase.erase(connection, "lab", seen.ground, {ANN: Work(steps, seen.people[ANN], rows)})


def actions(steps: tuple[Step, ...]) -> set[tuple[str, str, int]]:
    return {(step.action, step.table.table, step.rows) for step in steps}


def test_a_mark_is_set_where_the_store_has_it_whatever_the_class_of_the_row(lab: Lab) -> None:
    steps, _ = objected(lab, Scope.MARKETING)
    assert actions(steps) == {("set", "contact", 1)}
    assert steps[0].ground == "21(3)"
    assert lab.query(
        "SELECT id, no_mail, told_on = (now() AT TIME ZONE 'Europe/Amsterdam')::date FROM contact ORDER BY id"
    ) == [
        (1, True, True),
        (2, True, False),
        (3, None, None),
    ]
    assert lab.column("SELECT count(*) FROM contact_was") == [0]


def test_an_objection_to_surveys_sets_no_mark_of_marketing(lab: Lab) -> None:
    objected(lab, Scope.SURVEYS)
    assert lab.query("SELECT no_mail, no_survey FROM contact ORDER BY id") == [(None, True), (True, True), (None, None)]


def test_a_row_that_is_marked_is_weighed_all_the_same(lab: Lab) -> None:
    steps, _ = objected(lab, Scope.ALL)
    assert ("weigh", "contact", 2) in actions(steps)
    marks = {(step.columns, step.rows) for step in steps if step.action == "set"}
    assert marks == {(("no_mail", "no_survey", "told_on"), 1), (("no_survey",), 1)}


def test_a_visit_that_something_else_hangs_on_stays_and_the_plan_says_so(lab: Lab) -> None:
    steps, _ = objected(lab, Scope.COOKIES)
    assert actions(steps) == {("delete", "visit", 1), ("keep", "visit", 1)}
    assert lab.column("SELECT id FROM visit ORDER BY id") == [2, 3]
    assert lab.query("SELECT id, visit_id, email FROM remark") == [(1, 2, "ann@x.nl")]


def test_a_visit_that_a_claim_needs_stays(lab: Lab) -> None:
    steps, _ = objected(lab, Scope.COOKIES, Situation(TODAY, {EVERYTHING: None}))
    assert actions(steps) == {("keep", "visit", 2)}
    assert lab.column("SELECT count(*) FROM visit") == [3]


def test_again_sets_nothing(lab: Lab) -> None:
    objected(lab, Scope.MARKETING)
    before = lab.everything()
    steps, _ = objected(lab, Scope.MARKETING)
    assert steps == ()
    assert lab.everything() == before
