"""The evidence page: self-contained, plain words, and every failure in sight."""

from __future__ import annotations

import re
from typing import Any

from avgflow.dossier.evidence import page

NUMBER = "AVG-2026-00042"


def verdict(*, passed: bool = True, **more: Any) -> dict[str, Any]:
    checks = [
        {"name": "complete", "passed": passed, "detail": "3 / 4"},
        {"name": "exact", "passed": True, "detail": "3 / 3"},
    ]
    tables = [
        {"table": "public.note", "title": "Notities", "planned": 3, "collected": 3, "counted": 4, "checks": checks}
    ]
    return {
        "number": NUMBER,
        "passed": passed,
        "made_at": "2026-11-25T14:05:12+01:00",
        "suite": "completeness",
        "digest": "9f86d0",
        "stores": [{"store": "crm", "title": "Klantrelatiesysteem", "tables": tables}],
        "expectations": [{"store": "crm", "name": "complete", "passed": passed, "observed": None}],
        "redactions": [
            {"store": "crm", "table": "public.note", "column": "author", "reason": "third_party", "count": 3}
        ],
        **more,
    }


def test_a_proof_says_what_was_checked() -> None:
    html = page(NUMBER, verdict())
    for words in ("Volledig", "Klantrelatiesysteem", "Notities", "2 van 2", "naam van iemand anders", "9f86d0"):
        assert words in html
    assert "mislukt</span>" not in html
    assert "25 november 2026, 14:05:12" in html


def test_a_failure_is_open_and_named_in_words() -> None:
    html = page(NUMBER, verdict(passed=False))
    assert "Niet bewezen" in html
    assert "<details open>" in html
    assert "verzameld is wat een tweede, onafhankelijke telling vindt" in html
    assert "(3 / 4)" in html


def test_it_asks_nothing_of_anywhere_else() -> None:
    html = page(NUMBER, verdict())
    assert not re.search(r"<script|<link|<img|<iframe|src=|https?:|@import|url\(", html)
    assert '<html lang="nl">' in html
    assert "default-src 'none'" in html


def test_names_are_escaped() -> None:
    html = page(NUMBER, verdict(suite="<script>alert(1)</script>"))
    assert "<script>" not in html


def test_what_is_missing_is_no_fault() -> None:
    html = page(NUMBER, {"passed": False})
    assert "Niet bewezen" in html
    assert "Er is niets vervangen" in html
