"""Plans of erasures made on the spot, and the answers to them, for the tests of what the person reads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

from dossier_world import NUMBER, policy

from avgflow.catalog import load
from avgflow.catalog.models import Catalog, Text
from avgflow.catalog.names import TableName
from avgflow.dossier.content import Language
from avgflow.dossier.erasure import ErasureAnswer, of_plan
from avgflow.identity import Footprint
from avgflow.plan import Action, Plan, Step
from avgflow.policy.decide import EVERYTHING, Ground, Record, Situation, erasure
from avgflow.settings import INCLUDE

TODAY = date(2026, 11, 25)
SECRET_TABLE = TableName.parse("public.secret_table_name")
SECRET_COLUMNS = ("secret_column_name",)


@cache
def catalog() -> Catalog:
    return load.load(INCLUDE / "catalog")


def gone(record_class: str | None, store: str = "crm", action: Action = "delete", rows: int = 3) -> Step:
    return Step(store, SECRET_TABLE, record_class, rows, action, ground=Ground.NO_LONGER_NEEDED)


def stays(
    record_class: str,
    term: str | None = None,
    counts_from: date | None = None,
    *,
    store: str = "orders",
    held_until: Sequence[date | None] = (),
    contract: bool = False,
    minimised: bool = False,
) -> Step:
    """A step that keeps rows, decided as for a real request: by law or proof, else by a hold, else by a contract."""
    situation = Situation(TODAY, dict.fromkeys((EVERYTHING,), held_until[0]) if held_until else {}, contract)
    decided = erasure(policy(), Record(record_class, term, counts_from), situation)
    assert decided.action == "keep", record_class
    columns = SECRET_COLUMNS if minimised else ()
    return Step(
        store, SECRET_TABLE, record_class, 2, "keep", decided.reason, decided.ground, decided.keep_until, columns
    )


def plan(*steps: Step, suppress: tuple[str, ...] = (), shared_rows: int = 0) -> Plan:
    return Plan(NUMBER, "erasure", steps, Footprint(), shared_rows, "digest", suppress)


def answer(
    *steps: Step,
    language: Language = "nl",
    name: str | None = "Johanna de Vries",
    suppress: tuple[str, ...] = (),
    shared_rows: int = 0,
    **more: Any,
) -> ErasureAnswer:
    return of_plan(
        plan(*steps, suppress=suppress, shared_rows=shared_rows),
        catalog(),
        policy(),
        language=language,
        name=name,
        received=date(2026, 11, 3),
        made_on=TODAY,
        **more,
    )


def title(record_class: str) -> Text:
    return policy().classes[record_class].title


INVOICES_OF_2024 = stays("R4", counts_from=date(2024, 5, 2), minimised=True)
INVOICES_OF_2020 = stays("R4", counts_from=date(2020, 5, 2), minimised=True)
SALES_OF_2024 = stays("R3", "sales_records", date(2024, 6, 1))
WASTE = stays("R5", counts_from=date(2023, 3, 14))
CONSENT = stays("R8", counts_from=date(2025, 1, 31), store="marketing")
CLAIM = stays("R2", store="crm", held_until=[None])
UNPAID = stays("R1", store="crm", contract=True)
SOLE_PROPRIETOR = (
    gone("R2"),
    gone("R3", "orders", "anonymise"),
    gone("R6", "accounts"),
    gone("R9", "marketing"),
    INVOICES_OF_2020,
    INVOICES_OF_2024,
    SALES_OF_2024,
    UNPAID,
    WASTE,
    CONSENT,
)
"""With an unpaid order, old invoices and a newsletter: part is erased."""
VISITOR = (gone("R9", "marketing"), gone("R11", "marketing"), CONSENT)
"""Of the newsletter and the website only: all is erased."""
