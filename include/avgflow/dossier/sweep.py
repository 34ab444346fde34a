"""The page of a sweep: what an auditor reads of what was past its term, what went, and what stayed and why.

Figures and names, no value of any row; one file, no script, nothing from elsewhere, readable in grey and on paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from avgflow.catalog.models import Catalog, Text
from avgflow.dossier import months
from avgflow.dossier.evidence import meaning_of
from avgflow.dossier.months import Month, Picture
from avgflow.policy.models import Policy
from avgflow.register.events import SYSTEM
from avgflow.register.sweeps import Found, Sweep, SweepStatus
from avgflow.sweep import words
from avgflow.sweep.caps import Ask, Key
from avgflow.sweep.figures import Figures
from avgflow.templating import Templates, long_date

TEMPLATE = "sweep.html"

Done = Mapping[Key, tuple[int, int]]
"""By store, table and rule: rows of the transactions that are done, and those of them that were changed
(`register.sweeps.changed`).
"""

_DIFFER = Text(
    nl="veranderd sinds het tellen, of er kwam een reden bij om te blijven",
    en="changed since they were counted, or there is a reason now to keep them",
)


@dataclass(frozen=True)
class Line:
    """One rule in one table, for a table of the page."""

    store: str
    table: str
    title: str
    code: str
    record_class: str
    action: str
    figures: Figures
    gone: int
    left: int
    """Rows that were allowed to go and stayed, for they had changed since the preview."""
    open: int
    """Rows that were allowed to go, in transactions that were never carried out."""
    held: Sequence[tuple[int, str]]
    needed_by: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class ClassPicture:
    """One record class: its picture, and the figures beneath."""

    record_class: str
    title: str
    months: Sequence[Month]
    picture: Picture | None
    went: int
    stayed: int
    open: int
    following: int
    """Rows without a date of their own, which go or stay with the row that they belong to."""


def page(
    sweep: Sweep,
    found: Sequence[Found],
    done: Done,
    verdict: Mapping[str, Any] | None,
    catalog: Catalog,
    policy: Policy,
    templates: Templates | None = None,
    language: str = "nl",
) -> str:
    """A self-contained HTML page; in Dutch it is the one that is kept as proof.

    `verdict`: what the re-count found, a mapping as `avgflow.dossier.evidence` has it (`passed`; `stores` with their
    tables and checks; `expectations`); None where nothing was re-counted.
    """
    lines = lines_of(found, done, catalog, language)
    return (templates or Templates()).text(
        TEMPLATE,
        language=language,
        t=lambda nl, en: en if language == "en" else nl,
        sweep=sweep,
        day=long_date(sweep.day, language),
        says=[part.in_(language) for part in _says(sweep, verdict, any(one.open for one in lines))],
        good=bool(verdict and verdict["passed"]),
        decided=_decided(sweep).in_(language),
        asks=[words.ask(Ask.from_json(one), catalog, language) for one in sweep.asks or ()],
        totals={
            "found": sum(one.figures.rows for one in lines),
            "gone": sum(one.gone for one in lines),
            "left": sum(one.left for one in lines),
            "open": sum(one.open for one in lines),
            "held": sum(rows for one in lines for rows, _ in one.held),
            "undated": sum(one.figures.undated for one in lines),
        },
        stores=_stores(lines, catalog, language),
        classes=pictures(found, done, policy, language),
        checks=_checks(verdict, language),
        width=months.WIDTH,
        height=months.HEIGHT,
        differ=_DIFFER.in_(language),
        number=lambda n: words.number(n, language),
        rows=lambda n: words.rows(n, language),
        action=lambda code: words.ACTIONS[code].in_(language),
        class_title=lambda code: words.class_title(policy, code).in_(language),
    )


def lines_of(found: Sequence[Found], done: Done, catalog: Catalog, language: str = "nl") -> list[Line]:
    """Every rule that found anything: rows that may go, that are held back, or that have no date."""
    lines = []
    for one in found:
        figures = Figures.from_json(one.figures)
        if not (one.rows or figures.held or figures.undated):
            continue
        of_done, changed = done.get((one.store, one.table, one.code), (0, 0))
        lines.append(
            Line(
                store=one.store,
                table=one.table,
                title=words.table_title(catalog, one.store, one.table).in_(language),
                code=one.code,
                record_class=one.record_class,
                action=one.action,
                figures=figures,
                gone=changed,
                left=of_done - changed,
                open=one.rows - of_done,
                held=[(rows, words.HELD[why].in_(language)) for why, rows in sorted(figures.held.items()) if rows],
                needed_by=sorted(figures.needed_by.items()),
            )
        )
    return lines


def pictures(found: Sequence[Found], done: Done, policy: Policy, language: str = "nl") -> list[ClassPicture]:
    """A picture for each record class of which rows were past their term."""
    by_class: dict[str, list[Month]] = {}
    following: dict[str, int] = {}
    for one in found:
        figures = Figures.from_json(one.figures)
        # Which rows went is known by transaction, not by month: a rule that came to its end went whole.
        whole = done.get((one.store, one.table, one.code), (0, 0))[0] >= one.rows
        of_class = by_class.setdefault(one.record_class, [])
        for month, rows in figures.months.items():
            of_class.append(Month(month, went=rows) if whole else Month(month, open=rows))
        of_class.extend(Month(month, stayed=rows) for month, rows in figures.held_months.items())
        dated = sum(figures.months.values()) + sum(figures.held_months.values())
        past = one.rows + sum(figures.held.values())
        following[one.record_class] = following.get(one.record_class, 0) + max(0, past - dated)
    made = []
    for record_class in sorted(by_class, key=lambda code: (len(code), code)):
        of_class = months.summed(by_class[record_class])
        if of_class or following[record_class]:
            made.append(
                ClassPicture(
                    record_class,
                    words.class_title(policy, record_class).in_(language),
                    of_class,
                    months.picture(of_class, language),
                    sum(one.went for one in of_class),
                    sum(one.stayed for one in of_class),
                    sum(one.open for one in of_class),
                    following[record_class],
                )
            )
    return made


def _says(sweep: Sweep, verdict: Mapping[str, Any] | None, some_open: bool) -> tuple[Text, Text]:
    """The verdict in one word, and what it means; the page is made before the end is on the register."""
    if verdict is not None and not verdict["passed"]:
        return _NOT_PROVEN
    if sweep.status is SweepStatus.REFUSED:
        return _REFUSED
    if sweep.status is SweepStatus.STOPPED or (sweep.stop_asked_at is not None and some_open):
        return _STOPPED if verdict is None else _STOPPED_PROVEN
    return _NOT_COUNTED if verdict is None else _PROVEN


_NOT_PROVEN = (
    Text(nl="Niet bewezen", en="Not proven"),
    Text(
        nl="Onder Natelling staat bij welke tabel welke controle mislukte.",
        en="Under Re-count stands which check failed in which table.",
    ),
)
_REFUSED = (
    Text(nl="Afgekeurd", en="Refused"),
    Text(
        nl="Er is niets veranderd. De volgende keer wordt opnieuw geteld.",
        en="Nothing was changed. The next sweep counts anew.",
    ),
)
_STOPPED = (
    Text(nl="Gestopt", en="Stopped"),
    Text(
        nl="Wat weg is, is weg. Wat er nog staat, komt de volgende keer weer aan de beurt.",
        en="What is gone is gone. What is still there is taken by the next sweep.",
    ),
)
_STOPPED_PROVEN = (
    _STOPPED[0],
    Text(
        nl=f"{_STOPPED[1].nl} Er is niets te vroeg weggegaan.",
        en=f"{_STOPPED[1].en} Nothing went too early.",
    ),
)
_NOT_COUNTED = (
    Text(nl="Nog niet nageteld", en="Not re-counted yet"),
    Text(
        nl="Hieronder staat wat er vooraf is geteld en wat er al gebeurd is.",
        en="Below stands what was counted beforehand, and what has been done.",
    ),
)
_PROVEN = (
    Text(nl="Opgeschoond", en="Swept"),
    Text(
        nl="Wat te lang bewaard was, is weg of leeggemaakt. Wat bleef, staat hieronder met de reden. Er is niets te "
        "vroeg weggegaan.",
        en="What was kept for too long is gone or emptied. What stayed stands below with the reason. Nothing went too "
        "early.",
    ),
)


def _decided(sweep: Sweep) -> Text:
    by = sweep.decided_by
    if by is None:
        return Text(nl="nog niet besloten", en="not decided yet")
    if sweep.status is SweepStatus.REFUSED:
        if by == SYSTEM:
            return Text(nl="niemand gaf antwoord op tijd", en="nobody answered in time")
        return Text(nl=f"afgekeurd door {by}", en=f"refused by {by}")
    if by == SYSTEM:
        return Text(
            nl="niemand hoefde te kijken: alles bleef binnen de grenzen van het beleid",
            en="nobody had to look: all was within the limits of the policy",
        )
    return Text(nl=f"goedgekeurd door {by}", en=f"approved by {by}")


def _stores(lines: Sequence[Line], catalog: Catalog, language: str) -> list[dict[str, Any]]:
    return [
        {
            "store": store,
            "title": words.store_title(catalog, store).in_(language),
            "lines": [one for one in lines if one.store == store],
        }
        for store in dict.fromkeys(one.store for one in lines)
    ]


def _checks(verdict: Mapping[str, Any] | None, language: str) -> list[dict[str, Any]]:
    """The expectations by store, each with the tables in which it failed."""
    if verdict is None:
        return []
    failed: dict[tuple[str, str], list[str]] = {}
    texts: dict[str, str] = {}
    for store in verdict.get("stores") or ():
        for table in store.get("tables") or ():
            for check in table.get("checks") or ():
                in_english = check.get("text_en") if language == "en" else None
                texts[check["name"]] = in_english or check.get("text") or meaning_of(check["name"])
                if not check["passed"]:
                    detail = f" ({check['detail']})" if check.get("detail") else ""
                    failed.setdefault((store["store"], check["name"]), []).append(f"{table['table']}{detail}")
    return [
        {
            "store": one["store"],
            "text": texts.get(one["name"]) or meaning_of(one["name"]),
            "passed": bool(one["passed"]),
            "where": failed.get((one["store"], one["name"]), []),
        }
        for one in verdict.get("expectations") or ()
    ]
