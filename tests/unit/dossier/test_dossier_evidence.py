"""The evidence page: self-contained, plain words, and every failure in sight."""

from __future__ import annotations

import re
from typing import Any

import pytest

from avgflow.completeness.handed import PORTABILITY
from avgflow.completeness.recount import LIFTING, PROOFS
from avgflow.completeness.verdict import COMPLETENESS, EVERY_TABLE, EVERY_TABLE_ONCE
from avgflow.dossier.evidence import meaning_of, page

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
    assert "verzameld is wat een tweede telling vindt" in html
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


ERASURE_CHECKS = ("gone", "kept", "nothing_new", "emptied", "untouched", "whole")


def erasure(*, failed: tuple[str, ...] = (), **table: Any) -> dict[str, Any]:
    figures = {"deleted": 4, "anonymised": 2, "kept": 9, "unlinked": 1, "left": 0, "missing": 0, **table}
    checks = [{"name": name, "passed": name not in failed} for name in ERASURE_CHECKS]
    tables = [{"table": "public.note", "title": "Notities", **figures, "checks": checks}]
    return {
        "number": NUMBER,
        "kind": "erasure",
        "passed": not failed,
        "stores": [{"store": "crm", "title": "Klantrelatiesysteem", "tables": tables}],
    }


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL).split())


def test_a_recount_says_what_was_planned_and_what_was_found() -> None:
    html = page(NUMBER, erasure(counters={"deleted": 5, "updated": 2, "inserted": 0}))
    text = text_of(html)
    assert "<title>Bewijs van wissen" in html
    assert "✓ Gewist. Wat weg moest, is weg." in text
    for head in (
        "Te wissen",
        "Leeg te maken",
        "Te bewaren",
        "Los te maken",
        "Toch nog over",
        "Ten onrechte weg",
        "Veranderd",
    ):
        assert head in text
    assert "public.note 4 2 9 1 0 0 5 gewist, 2 gewijzigd ✓ geslaagd (6 van 6)" in text
    assert "Rijen te wissen 4 Rijen leeg te maken 2 Rijen te bewaren 9" in text
    assert "volledigheid" not in text.lower()
    assert "vervangen" not in text


@pytest.mark.parametrize("check", ERASURE_CHECKS)
def test_a_failed_recount_is_open_and_named_in_words(check: str) -> None:
    html = page(NUMBER, erasure(failed=(check,), left=2))
    assert "Niet bewezen" in html
    assert "geen antwoord gekregen" in html
    assert "<details open>" in html
    assert f"<li>{meaning_of(check)}:" in html
    assert meaning_of(check) != check


@pytest.mark.parametrize(("counters", "words"), [({}, "niets"), ({"inserted": 1}, "1 toegevoegd"), (None, "–")])
def test_what_a_transaction_changed_is_said_in_words(counters: dict[str, int] | None, words: str) -> None:
    assert f"9 1 0 0 {words} ✓" in text_of(page(NUMBER, erasure(counters=counters)))


def test_free_text_that_may_still_name_the_person_is_listed() -> None:
    mentions = [{"store": "crm", "table": "public.note", "column": "body", "rows": 2}]
    assert "crm.public.note body 2" in text_of(page(NUMBER, {**erasure(), "mentions": mentions}))
    assert "vrije tekst Er is niets gevonden." in text_of(page(NUMBER, erasure()))


def test_a_recount_without_figures_is_no_fault() -> None:
    assert "Niet bewezen" in page(NUMBER, {"passed": False, "kind": "erasure"})


def test_a_check_is_called_what_its_proof_calls_it() -> None:
    said: dict[str, set[str]] = {}
    for proof in (COMPLETENESS, PORTABILITY, *PROOFS.values(), LIFTING):
        for check in proof.checks:
            said.setdefault(check.name, set()).add(check.nl)
    for name, words in said.items():
        assert meaning_of(name) in words
    assert all(meaning_of(name) != name for name in (EVERY_TABLE, EVERY_TABLE_ONCE))
