"""The evidence page: what an auditor reads about an answer or an erasure. Figures and names, no value of any row.

`page` takes a plain mapping, as the register keeps it; `kind` says what is proven, `completeness` where it is missing:

    number, passed, made_at, kind, suite, digest, started_at, finished_at
    stores:       [{store, title, tables: [{table, title, <figures>, checks: [{name, text, passed, detail}]}]}]
    expectations: [{store, name, text, passed, observed}]
    redactions:   [{store, table, column, reason, count}]     (completeness, portability)
    mentions:     [{store, table, column, rows}]              (erasure: free text that may still name the person)
    suppressions: [{channel, addresses}]                      (objection, restriction: to which nothing is sent)

Figures of a table, all of them rows:

    completeness: planned, collected, counted
    portability:  collected, counted
                  to_hand_over, handed         that go along, by the plan and in the package
                  withheld                     that do not go along
    erasure:      deleted, anonymised, kept    as planned
                  unlinked                     as planned: of others, whose pointer to a row that goes is emptied
                  left                         of those to go, still there afterwards
                  missing                      of those to stay, not there afterwards
    objection:    deleted, anonymised, left, missing    as for an erasure
                  marked, unmarked             rows in which an objection was to be set, and of these not set
    restriction:  marked, unmarked, missing    as for an objection
    lifting:      marked, still                rows that a restriction had marked, and of these marked still
    all three:    counters                     {deleted, updated, inserted}: what the transaction changed by
                                               PostgreSQL's own counters, cascades and triggers included

Times are ISO 8601. Everything but `number` and `passed` may be missing: the page then says nothing about it, or `–`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from avgflow.catalog.models import Text
from avgflow.templating import Templates

TEMPLATE = "evidence.html"


@dataclass(frozen=True)
class _Kind:
    """What one kind of evidence says, and shows of each table: `figures` and `totals` are a key and its Dutch words."""

    title: Text
    proven: str
    not_proven: str
    figures: tuple[tuple[str, str], ...]
    totals: tuple[tuple[str, str], ...]


_KINDS = {
    "completeness": _Kind(
        title=Text(nl="Bewijs van volledigheid", en="Proof of completeness"),
        proven="Volledig. Alles wat volgens de gegevenskaart van deze persoon is, is verzameld, precies zoals het in "
        "de systemen staat. Er zit niets van een ander bij.",
        not_proven="Niet bewezen. Er is niets verstuurd. Hieronder staat bij welke tabel welke controle mislukte.",
        figures=(("planned", "Gepland"), ("collected", "Verzameld"), ("counted", "Opnieuw geteld")),
        totals=(("collected", "Verzamelde rijen"),),
    ),
    "portability": _Kind(
        title=Text(nl="Bewijs van wat meegaat", en="Proof of what goes along"),
        proven="Volledig. In het pakket zit alles wat deze persoon kan meenemen, precies zoals het in de systemen "
        "staat, en niets anders.",
        not_proven="Niet bewezen. Er is niets verstuurd. Hieronder staat bij welke tabel welke controle mislukte.",
        figures=(
            ("collected", "Verzameld"),
            ("counted", "Opnieuw geteld"),
            ("to_hand_over", "Mee te geven"),
            ("handed", "In het pakket"),
            ("withheld", "Gaat niet mee"),
        ),
        totals=(("handed", "Rijen in het pakket"), ("withheld", "Rijen die niet meegaan")),
    ),
    "erasure": _Kind(
        title=Text(nl="Bewijs van wissen", en="Proof of erasure"),
        proven="Gewist. Wat weg moest, is weg. Wat moest blijven, is er nog. Van anderen is niets veranderd.",
        not_proven="Niet bewezen. De persoon heeft geen antwoord gekregen. Hieronder staat bij welke tabel welke "
        "controle mislukte.",
        figures=(
            ("deleted", "Te wissen"),
            ("anonymised", "Leeg te maken"),
            ("kept", "Te bewaren"),
            ("unlinked", "Los te maken"),
            ("left", "Toch nog over"),
            ("missing", "Ten onrechte weg"),
        ),
        totals=(("deleted", "Rijen te wissen"), ("anonymised", "Rijen leeg te maken"), ("kept", "Rijen te bewaren")),
    ),
    "objection": _Kind(
        title=Text(nl="Bewijs van stoppen", en="Proof of stopping"),
        proven="Gestopt. Waar een systeem kan onthouden dat de persoon dit niet wil, staat dat er nu. Wat alleen op "
        "toestemming rustte, is gewist. Verder is niets veranderd.",
        not_proven="Niet bewezen. De persoon heeft geen antwoord gekregen. Hieronder staat bij welke tabel welke "
        "controle mislukte.",
        figures=(
            ("marked", "Te zetten"),
            ("unmarked", "Niet gezet"),
            ("deleted", "Te wissen"),
            ("anonymised", "Leeg te maken"),
            ("left", "Toch nog over"),
            ("missing", "Ten onrechte weg"),
        ),
        totals=(("marked", "Rijen gezet"), ("deleted", "Rijen te wissen"), ("anonymised", "Rijen leeg te maken")),
    ),
    "rectification": _Kind(
        title=Text(nl="Bewijs van verbetering", en="Proof of correction"),
        proven="Verbeterd. Waar het onjuiste stond, staat nu het juiste. Van anderen is niets veranderd.",
        not_proven="Niet bewezen. De persoon heeft geen antwoord gekregen. Hieronder staat bij welke tabel welke "
        "controle mislukte.",
        figures=(
            ("corrected", "Te verbeteren"),
            ("wrong", "Niet juist"),
            ("former", "Nog onjuist"),
            ("missing", "Ten onrechte weg"),
        ),
        totals=(("corrected", "Rijen te verbeteren"),),
    ),
    "restriction": _Kind(
        title=Text(nl="Bewijs van beperken", en="Proof of restriction"),
        proven="Beperkt. Waar een systeem kan onthouden dat gegevens niet gebruikt mogen worden, staat dat er nu. "
        "Verder is niets veranderd.",
        not_proven="Niet bewezen. De persoon heeft geen antwoord gekregen. Hieronder staat bij welke tabel welke "
        "controle mislukte.",
        figures=(("marked", "Te zetten"), ("unmarked", "Niet gezet"), ("missing", "Ten onrechte weg")),
        totals=(("marked", "Rijen gezet"),),
    ),
    "lifting": _Kind(
        title=Text(nl="Bewijs van het einde van een beperking", en="Proof of the end of a restriction"),
        proven="Opgeheven. In geen systeem staat nog dat deze gegevens om deze beperking niet gebruikt mogen worden.",
        not_proven="Niet bewezen. De beperking is niet opgeheven. Hieronder staat bij welke tabel welke controle "
        "mislukte.",
        figures=(("marked", "Weer vrij"), ("still", "Nog beperkt")),
        totals=(("marked", "Rijen weer vrij"),),
    ),
}
TITLES: Mapping[str, Text] = {name: kind.title for name, kind in _KINDS.items()}
"""What a page of evidence is called, by its kind."""
_COUNTERS = (("deleted", "gewist"), ("updated", "gewijzigd"), ("inserted", "toegevoegd"))
# The words of the proofs themselves (a test sees to it): those need the stores, and a page needs nothing but words.
_CHECKS = {
    "columns_known": "elke kolom staat in de gegevenskaart",
    "columns_present": "elke kolom van de gegevenskaart bestaat",
    "as_planned": "verzameld is wat gepland was",
    "complete": "verzameld is wat een tweede telling vindt",
    "exact": "elke waarde is gelijk aan die in het systeem",
    "own": "elke rij is van deze persoon",
    "keyed": "elke rij heeft haar sleutel",
    "once": "geen rij is dubbel",
    "redacted": "geen naam van anderen is leesbaar",
    "every_table": "elke tabel van de gegevenskaart is er",
    "every_table_once": "elke tabel is er één keer",
    "handed_over": "in het pakket zit wat gepland was",
    "all_of_it": "in het pakket zit alles wat volgens een nieuwe telling mee mag",
    "no_stray_row": "er zit geen rij in die niet mee mag",
    "every_column": "elke kolom die mee mag, zit erin",
    "no_stray_column": "er zit geen kolom in die niet mee mag",
    "gone": "niets is over van wat weg moest",
    "kept": "alles wat moest blijven, is er nog",
    "nothing_new": "er is niets bij gekomen",
    "emptied": "in lege kolommen staat niets meer",
    "untouched": "geen andere rij is veranderd",
    "marked": "elk kenmerk is gezet",
    "right": "overal staat het juiste gegeven",
    "no_longer_wrong": "nergens staat nog het onjuiste",
    "lifted": "elk kenmerk van de beperking is eraf",
    "whole": "geen verwijzing wijst in het niets",
}
_CHANNELS = {"email": "reclame per e-mail", "email-surveys": "klantonderzoeken per e-mail"}
_REASONS = {
    "third_party": "naam van iemand anders",
    "name": "naam van iemand anders in een tekst",
    "email": "e-mailadres van iemand anders",
    "phone": "telefoonnummer van iemand anders",
}


def page(number: str, verdict: Mapping[str, Any], templates: Templates | None = None) -> str:
    """A self-contained HTML page in Dutch: no script, nothing from elsewhere."""
    kind = verdict.get("kind") or "completeness"
    of_kind = _KINDS[kind]
    stores = [_store(store, of_kind) for store in _list(verdict, "stores")]
    tables = [table for store in stores for table in store["tables"]]
    checks = [check for table in tables for check in table["checks"]]
    return (templates or Templates()).text(
        TEMPLATE,
        number=number,
        kind=kind,
        title=of_kind.title.nl,
        says=of_kind.proven if verdict["passed"] else of_kind.not_proven,
        passed=bool(verdict["passed"]),
        times=_times(verdict),
        suite=verdict.get("suite") or "",
        digest=verdict.get("digest") or "",
        heads=[words for _, words in of_kind.figures],
        stores=stores,
        expectations=[_check(expectation, "observed") for expectation in _list(verdict, "expectations")],
        redactions=[
            {**redaction, "why": _REASONS.get(redaction["reason"], redaction["reason"])}
            for redaction in _list(verdict, "redactions")
        ],
        mentions=_list(verdict, "mentions"),
        suppressions=[
            {"channel": _CHANNELS.get(one["channel"], one["channel"]), "addresses": one["addresses"]}
            for one in _list(verdict, "suppressions")
        ],
        totals={
            "stores": len(stores),
            "tables": len(tables),
            "rows": [(words, sum(table["rows"][key] or 0 for table in tables)) for key, words in of_kind.totals],
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


def _store(store: Mapping[str, Any], kind: _Kind) -> dict[str, Any]:
    tables = [_table(table, kind) for table in _list(store, "tables")]
    return {
        "store": store["store"],
        "title": store.get("title") or store["store"],
        "tables": tables,
        "passed": all(table["passed"] for table in tables),
    }


def _table(table: Mapping[str, Any], kind: _Kind) -> dict[str, Any]:
    checks = [_check(check, "detail") for check in _list(table, "checks")]
    return {
        "table": table["table"],
        "title": table.get("title") or "",
        "rows": {key: table.get(key) for key, _ in kind.figures},
        "changed": _changed(table.get("counters")),
        "checks": checks,
        "passed": all(check["passed"] for check in checks),
        "held": sum(check["passed"] for check in checks),
    }


def _changed(counters: Mapping[str, int] | None) -> str:
    """What a transaction did to a table, in words; `–` where nobody counted."""
    if counters is None:
        return "–"
    return ", ".join(f"{counters[key]} {words}" for key, words in _COUNTERS if counters.get(key)) or "niets"


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
