"""A sweep as its page is made of: what was found, what was done, what the re-count said."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from avgflow.catalog import load as catalogs
from avgflow.catalog.models import Catalog
from avgflow.embedded.layout import REPOSITORY
from avgflow.policy import models
from avgflow.policy.models import Policy
from avgflow.register.sweeps import Found, Sweep, SweepStatus
from avgflow.sweep.figures import Figures

NUMBER = "sweep-2026-00007"
AT = datetime(2026, 11, 29, 1, 0, 5, tzinfo=UTC)


@cache
def catalog() -> Catalog:
    return catalogs.load(REPOSITORY / "include" / "catalog")


@cache
def policy() -> Policy:
    return models.load(REPOSITORY / "include" / "policy" / "milgro.yaml")


def a_sweep(status: SweepStatus = SweepStatus.DONE, **changes: Any) -> Sweep:
    given: dict[str, Any] = {
        "number": NUMBER,
        "run": "scheduled__2026-11-29T01:00:00+00:00",
        "day": date(2026, 11, 29),
        "status": status,
        "fingerprint": "f" * 64,
        "digest": "0123456789ab" + "c" * 52,
        "asks": [],
        "begun_at": AT,
        "previewed_at": AT,
        "decided_by": "officer",
        "decided_at": AT,
        "stop_asked_by": None,
        "stop_asked_at": None,
        "ended_at": AT,
        **changes,
    }
    return Sweep(**given)


def found(months: dict[str, int], **of: Any) -> Found:
    """What a rule found; `held_months`, `held`, `undated`, `people` go into its figures."""
    rows = sum(months.values())
    figures = {key: of.pop(key) for key in ("held", "held_months", "undated", "people", "needed_by") if key in of}
    dated = {"oldest": f"{min(months)}-03", "newest": f"{max(months)}-21"} if months else {}
    counted = Figures(**{"rows": rows, "people": rows, "months": months, "total": 10_000, **dated, **figures})
    given = {"store": "crm", "table": "public.ticket", "code": "1-R2", "record_class": "R2", "action": "delete", **of}
    return Found(rows=rows, figures=counted.to_json(), **given)


def verdict(passed: bool = True) -> dict[str, Any]:
    checks = [{"name": "gone", "passed": passed, "detail": "3"}, {"name": "untouched", "passed": True, "detail": "0"}]
    return {
        "passed": passed,
        "stores": [{"store": "crm", "tables": [{"table": "public.ticket", "checks": checks}]}],
        "expectations": [
            {"store": "crm", "name": "gone", "passed": passed},
            {"store": "crm", "name": "untouched", "passed": True},
        ],
    }
