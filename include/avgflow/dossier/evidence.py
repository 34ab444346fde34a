"""The evidence page: what an auditor reads about the completeness of an answer. Figures and names, no value of any row.

`page` takes a plain mapping, as the register keeps it:

    number, passed, made_at, suite, digest, started_at, finished_at
    stores:       [{store, title, tables: [{table, title, planned, collected, counted,
                                            checks: [{name, text, passed, detail}]}]}]
    expectations: [{store, name, text, passed, observed}]
    redactions:   [{store, table, column, reason, count}]

Times are ISO 8601. Everything but `number` and `passed` may be missing: the page then says nothing about it, or `–`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from avgflow.templating import Templates

TEMPLATE = "evidence.html"

_CHECKS = {
    "columns_known": "elke kolom staat in de gegevenskaart",
    "columns_present": "elke kolom van de gegevenskaart bestaat",
    "as_planned": "verzameld is wat gepland was",
    "complete": "verzameld is wat een tweede, onafhankelijke telling vindt",
    "exact": "elke waarde is gelijk aan die in het systeem",
    "own": "elke rij is van deze persoon",
    "keyed": "elke rij heeft haar sleutel",
    "once": "geen rij is dubbel",
    "redacted": "geen naam van anderen is leesbaar",
    "every_table": "elke tabel van de gegevenskaart is er",
    "every_table_once": "elke tabel is er één keer",
}
_REASONS = {
    "third_party": "naam van iemand anders",
    "name": "naam van iemand anders in een tekst",
    "email": "e-mailadres van iemand anders",
    "phone": "telefoonnummer van iemand anders",
}


def page(number: str, verdict: Mapping[str, Any], templates: Templates | None = None) -> str:
    """A self-contained HTML page in Dutch: no script, nothing from elsewhere."""
    stores = [_store(store) for store in _list(verdict, "stores")]
    tables = [table for store in stores for table in store["tables"]]
    checks = [check for table in tables for check in table["checks"]]
    return (templates or Templates()).text(
        TEMPLATE,
        number=number,
        passed=bool(verdict["passed"]),
        times=_times(verdict),
        suite=verdict.get("suite") or "",
        digest=verdict.get("digest") or "",
        stores=stores,
        expectations=[_check(expectation, "observed") for expectation in _list(verdict, "expectations")],
        redactions=[
            {**redaction, "why": _REASONS.get(redaction["reason"], redaction["reason"])}
            for redaction in _list(verdict, "redactions")
        ],
        totals={
            "stores": len(stores),
            "tables": len(tables),
            "collected": sum(table["collected"] or 0 for table in tables),
            "checks": len(checks),
            "failed": sum(not check["passed"] for check in checks),
        },
    )


def meaning_of(check: str) -> str:
    """What a check holds, in Dutch words."""
    return _CHECKS.get(check, check)


def _list(mapping: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    return mapping.get(key) or ()


def _times(verdict: Mapping[str, Any]) -> list[tuple[str, str]]:
    words = (("made_at", "Gemaakt"), ("started_at", "Controle begonnen"), ("finished_at", "Controle klaar"))
    return [(word, str(verdict[key])) for key, word in words if verdict.get(key)]


def _store(store: Mapping[str, Any]) -> dict[str, Any]:
    tables = [_table(table) for table in _list(store, "tables")]
    return {
        "store": store["store"],
        "title": store.get("title") or store["store"],
        "tables": tables,
        "passed": all(table["passed"] for table in tables),
    }


def _table(table: Mapping[str, Any]) -> dict[str, Any]:
    checks = [_check(check, "detail") for check in _list(table, "checks")]
    return {
        "table": table["table"],
        "title": table.get("title") or "",
        "planned": table.get("planned"),
        "collected": table.get("collected"),
        "counted": table.get("counted"),
        "checks": checks,
        "passed": all(check["passed"] for check in checks),
        "held": sum(check["passed"] for check in checks),
    }


def _check(check: Mapping[str, Any], detail: str) -> dict[str, Any]:
    name = str(check["name"])
    shown = check.get(detail)
    return {
        "store": check.get("store") or "",
        "name": name,
        "text": check.get("text") or meaning_of(name),
        "passed": bool(check["passed"]),
        "detail": "" if shown is None else str(shown),
    }
