"""The page of a sweep: what an auditor reads of what was past its term, what went, and what stayed and why.

Figures and names, no value of any row; one file, no script, nothing from elsewhere, readable in grey and on paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from avgflow.catalog.models import Catalog
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

_DIFFER = "veranderd sinds het tellen, of er kwam een reden bij om te blijven"


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
) -> str:
    """A self-contained HTML page in Dutch.

    `verdict`: what the re-count found, a mapping as `avgflow.dossier.evidence` has it (`passed`; `stores` with their
    tables and checks; `expectations`); None where nothing was re-counted.
    """
    lines = lines_of(found, done, catalog)
    return (templates or Templates()).text(
        TEMPLATE,
        sweep=sweep,
        day=long_date(sweep.day, "nl"),
        says=_says(sweep, verdict, any(one.open for one in lines)),
        good=bool(verdict and verdict["passed"]),
        decided=_decided(sweep),
        asks=[words.ask(Ask.from_json(one), catalog, "nl") for one in sweep.asks or ()],
        totals={
            "found": sum(one.figures.rows for one in lines),
            "gone": sum(one.gone for one in lines),
            "left": sum(one.left for one in lines),
            "open": sum(one.open for one in lines),
            "held": sum(rows for one in lines for rows, _ in one.held),
            "undated": sum(one.figures.undated for one in lines),
        },
        stores=_stores(lines, catalog),
        classes=pictures(found, done, policy),
        checks=_checks(verdict),
        width=months.WIDTH,
        height=months.HEIGHT,
        differ=_DIFFER,
        number=lambda n: words.number(n, "nl"),
        action=lambda code: words.ACTIONS[code].nl,
        class_title=lambda code: words.class_title(policy, code).nl,
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


def pictures(found: Sequence[Found], done: Done, policy: Policy) -> list[ClassPicture]:
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
                    words.class_title(policy, record_class).nl,
                    of_class,
                    months.picture(of_class),
                    sum(one.went for one in of_class),
                    sum(one.stayed for one in of_class),
                    sum(one.open for one in of_class),
                    following[record_class],
                )
            )
    return made


def _says(sweep: Sweep, verdict: Mapping[str, Any] | None, some_open: bool) -> tuple[str, str]:
    """The verdict in one word, and what it means; the page is made before the end is on the register."""
    if verdict is not None and not verdict["passed"]:
        return "Niet bewezen", "Onder Natelling staat bij welke tabel welke controle mislukte."
    if sweep.status is SweepStatus.REFUSED:
        return "Afgekeurd", "Er is niets veranderd. De volgende keer wordt opnieuw geteld."
    if sweep.status is SweepStatus.STOPPED or (sweep.stop_asked_at is not None and some_open):
        rest = "Wat weg is, is weg. Wat er nog staat, komt de volgende keer weer aan de beurt."
        proven = " Er is niets te vroeg weggegaan." if verdict is not None else ""
        return "Gestopt", f"{rest}{proven}"
    if verdict is None:
        return "Nog niet nageteld", "Hieronder staat wat er vooraf is geteld en wat er al gebeurd is."
    return "Opgeschoond", (
        "Wat te lang bewaard was, is weg of leeggemaakt. Wat bleef, staat hieronder met de reden. Er is niets te vroeg "
        "weggegaan."
    )


def _decided(sweep: Sweep) -> str:
    if sweep.decided_by is None:
        return "nog niet besloten"
    if sweep.status is SweepStatus.REFUSED:
        return "niemand gaf antwoord op tijd" if sweep.decided_by == SYSTEM else f"afgekeurd door {sweep.decided_by}"
    if sweep.decided_by == SYSTEM:
        return "niemand hoefde te kijken: alles bleef binnen de grenzen van het beleid"
    return f"goedgekeurd door {sweep.decided_by}"


def _stores(lines: Sequence[Line], catalog: Catalog) -> list[dict[str, Any]]:
    return [
        {
            "store": store,
            "title": words.store_title(catalog, store).nl,
            "lines": [one for one in lines if one.store == store],
        }
        for store in dict.fromkeys(one.store for one in lines)
    ]


def _checks(verdict: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The expectations by store, each with the tables in which it failed."""
    if verdict is None:
        return []
    failed: dict[tuple[str, str], list[str]] = {}
    texts: dict[str, str] = {}
    for store in verdict.get("stores") or ():
        for table in store.get("tables") or ():
            for check in table.get("checks") or ():
                texts[check["name"]] = check.get("text") or meaning_of(check["name"])
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
