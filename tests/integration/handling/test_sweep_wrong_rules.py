"""A wrong rule is stopped before one row is gone (hitobito#3303): a human is asked, and until then nothing happens.

Each is tried twice: as it comes, where the catalog or policy is another than the one that was approved last; and as if
nobody could see that from them, so that the caps alone are left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from handling_world import OFFICER, Office
from troubled_people import content

from avgflow.catalog.names import TableName
from avgflow.catalog.termed import RowClass
from avgflow.demo.stores import STORES
from avgflow.handling import previewing_sweep, proving_sweep, sweeping
from avgflow.handling.environment import Environment
from avgflow.register import sweeps
from avgflow.register.database import transaction
from avgflow.register.sweeps import AnotherPreview, NotAllowed, Sweep, SweepStatus
from avgflow.sweep import rules

TODAY = date(2026, 11, 29)
NEXT = TODAY + timedelta(days=7)


@dataclass(frozen=True)
class Wrong:
    """A mistake, and the rules by which it would take rows: store, table and class."""

    make: Callable[[Environment], None]
    takes: tuple[tuple[str, str, str], ...]
    day: date = NEXT


def term(record_class: str, period: str, other: str | None = None) -> Callable[[Environment], None]:
    """The term of a class is another."""

    def make(env: Environment) -> None:
        of_class = env.policy.classes[record_class]
        if other is None:
            changed = of_class.model_copy(update={"term": of_class.term.model_copy(update={"period": period})})
        else:
            terms = {**of_class.other_terms, other: of_class.other_terms[other].model_copy(update={"period": period})}
            changed = of_class.model_copy(update={"other_terms": terms})
        classes = {**env.policy.classes, record_class: changed}
        vars(env)["policy"] = env.policy.model_copy(update={"classes": classes})

    return make


def not_to_the_years_end(record_class: str, period: str) -> Callable[[Environment], None]:
    """Days in the place of years, and not to the end of the year."""

    def make(env: Environment) -> None:
        of_class = env.policy.classes[record_class]
        short = of_class.term.model_copy(update={"period": period, "year_end": False})
        classes = {**env.policy.classes, record_class: of_class.model_copy(update={"term": short})}
        vars(env)["policy"] = env.policy.model_copy(update={"classes": classes})

    return make


def classes(store: str, table: str, *rows: Mapping[str, Any]) -> Callable[[Environment], None]:
    """The rows of a table are of other classes, or of classes under other conditions."""

    def make(env: Environment) -> None:
        name = TableName.parse(table)
        described = env.catalog.stores[store]
        changed = described.tables[name].model_copy(
            update={"classes": tuple(RowClass.model_validate(one) for one in rows)}
        )
        tables = {**described.tables, name: changed}
        stores = {**env.catalog.stores, store: described.model_copy(update={"tables": tables})}
        vars(env)["catalog"] = env.catalog.model_copy(update={"stores": stores})

    return make


def nothing(env: Environment) -> None:
    """Catalog and policy are right."""


MISTAKES = {
    "seven days instead of seven years": Wrong(
        not_to_the_years_end("R4", "P7D"), (("orders", "public.payment", "R4"),)
    ),
    "seven days to the end of the year instead of seven years": Wrong(
        term("R4", "P7D"), (("orders", "public.payment", "R4"),)
    ),
    "a term of no days": Wrong(term("R2", "P0D"), (("crm", "public.note", "R2"), ("crm", "public.call", "R2"))),
    "another term of no days": Wrong(term("R9", "P0D", "events"), (("marketing", "public.event", "R9"),)),
    "months where there were years": Wrong(term("R8", "P5M"), (("marketing", "public.consent", "R8"),)),
    "a condition that is always true": Wrong(
        classes(
            "orders",
            "public.quote",
            {"class": "R3", "when": "status = 'declined' OR true", "term_from": "made_at"},
            {"class": "R3", "term_from": "decided_on"},
        ),
        (("orders", "public.quote", "R3"),),
    ),
    "a date on which nothing ended": Wrong(
        classes("crm", "public.ticket", {"class": "R2", "when": "true", "term_from": "opened_at"}),
        (("crm", "public.ticket", "R2"),),
    ),
    "a condition that was dropped": Wrong(
        classes("accounts", "public.portal_account", {"class": "R6", "term_from": "last_seen_at"}),
        (("accounts", "public.preference", "R6"),),
    ),
    "the class of another table": Wrong(
        classes("orders", "public.waste_document", {"class": "R9", "term_from": "transported_on"}),
        (("orders", "public.waste_document", "R9"),),
    ),
    "a clock that is a year ahead": Wrong(
        nothing,
        (("accounts", "public.login", "R7"), ("marketing", "public.web_visit", "R11")),
        day=TODAY + timedelta(days=365),
    ),
}


@pytest.fixture(scope="module")
def swept_once(stores_of_module: Office) -> Office:
    """An installation whose first sweep was allowed, carried out and proven."""
    env = stores_of_module.env
    sweep = previewing_sweep.preview(env, "scheduled__1", TODAY)
    with transaction(env.register) as register:
        sweeps.approve(register, env.keyring, sweep.number, sweep.digest, OFFICER)
    for store in STORES:
        sweeping.carry_out(env, sweep.number, store)
    verdict = proving_sweep.prove(env, sweep.number)
    assert proving_sweep.close(env, sweep.number, verdict).status is SweepStatus.DONE
    return stores_of_module


@pytest.fixture
def swept(swept_once: Office) -> Iterator[Office]:
    """The same for all, since no test takes a row; with a catalog and a policy that a test may change."""
    env = replace(swept_once.env)
    yield replace(swept_once, env=env)
    env.dispose()


@contextmanager
def nothing_changes(office: Office) -> Iterator[None]:
    before = {store: content(office, store) for store in STORES}
    yield
    assert {store: content(office, store) for store in STORES} == before


def refused(env: Environment, sweep: Sweep) -> None:
    """It does not go on by itself, and no store is touched."""
    with pytest.raises(AnotherPreview), transaction(env.register) as register:
        sweeps.approve(register, env.keyring, sweep.number, None, "system")
    for store in STORES:
        with pytest.raises(NotAllowed):
            sweeping.carry_out(env, sweep.number, store)


def asked(sweep: Sweep, why: str) -> Sequence[tuple[str, str]]:
    return [(ask["store"], ask["table"]) for ask in sweep.asks or () if ask["why"] == why]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_stopped_before_one_row_is_gone(
    swept: Office, mistake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    env, wrong = swept.env, MISTAKES[mistake]
    known = rules.fingerprint(env.catalog, env.policy)
    wrong.make(env)
    with nothing_changes(swept):
        if wrong.make is not nothing:
            sweep = previewing_sweep.preview(env, f"scheduled__seen: {mistake}", wrong.day)
            assert "changed" in {ask["why"] for ask in sweep.asks or ()}
            refused(env, sweep)
        monkeypatch.setattr(rules, "fingerprint", lambda *_: known)
        sweep = previewing_sweep.preview(env, f"scheduled__unseen: {mistake}", wrong.day)
        assert not {"first", "changed", "stopped"} & {ask["why"] for ask in sweep.asks or ()}
        for store, table, record_class in wrong.takes:
            assert (store, table) in asked(sweep, "share"), (table, record_class)
        refused(env, sweep)


def test_the_usual_week_after_it_is_right_again_goes_on_by_itself(swept: Office) -> None:
    """What was wrong was never approved, so what is right is what was approved last."""
    env = swept.env
    right = env.policy
    term("R2", "P0D")(env)
    wrong = previewing_sweep.preview(env, "scheduled__2", NEXT)
    with transaction(env.register) as register:
        sweeps.refuse(register, env.keyring, wrong.number, OFFICER)
    vars(env)["policy"] = right
    sweep = previewing_sweep.preview(env, "scheduled__3", NEXT)
    assert sweep.asks == []
