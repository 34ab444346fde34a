"""A plan as the privacy officer reads it before approving: nothing that is emptied is called kept."""

from __future__ import annotations

from avgflow.catalog.names import TableName
from avgflow.dossier.audit import words
from avgflow.handling import configured
from avgflow.plan import Plan, Step
from avgflow.settings import Settings
from avgflow_airflow.web import planview

ORDERS = TableName.parse('public."order"')


def line(action: str, *columns: str, right: str = "erasure") -> planview.Line:
    step = Step("orders", ORDERS, "R4", 2, action, columns=columns)  # type: ignore[arg-type]
    settings = Settings()
    plan = Plan("AVG-2026-00001", right, (step,), (), 0, "d" * 64)  # type: ignore[arg-type]
    catalog, policy = configured.catalog(settings.catalog), configured.policy(settings.policy, settings.catalog)
    seen = planview.view(plan, 12, policy, catalog)
    [found] = [*seen.happens, *seen.stays]
    assert (found in seen.happens) == plan.steps[0].changes
    return found


def test_a_row_that_loses_columns_says_so_and_which() -> None:
    emptied = line("keep", "contact_email", "contact_name")
    assert emptied.action.nl == "bewaren, deels leegmaken"
    assert list(emptied.columns) == ["contact_email", "contact_name"]
    assert line("keep").action == words.ACTIONS["keep"]
    assert list(line("keep").columns) == []


def test_what_is_only_handed_over_names_no_columns() -> None:
    assert list(line("hand over", "total", right="portability").columns) == []
    assert list(line("anonymise", "note").columns) == ["note"]
