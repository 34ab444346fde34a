"""What a person at the keyboard reads of a sweep: what was found, why it stays, how far it is, what is to be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from avgflow.catalog.models import Catalog
from avgflow.cli import shown
from avgflow.cli.keyboard import document, on_day
from avgflow.cli.shown import say
from avgflow.dossier.sweep import Done
from avgflow.handling.approving import SHOWN
from avgflow.register.events import SYSTEM
from avgflow.register.sweep_proofs import SweepProof
from avgflow.register.sweeps import Found, Progress, Sweep, SweepStatus
from avgflow.sweep import words
from avgflow.sweep.caps import Ask
from avgflow.sweep.figures import Figures

EN = "en"


def found(given: Sequence[Found], done: Done | None = None) -> None:
    """What was counted by each rule that found anything: a table, then by year and by reason to stay; `done`: with what
    went of it.
    """
    gone = ["gone"] if done is not None else []
    titles = ("store", "table", "class", "rows", "people", "held", "undated", *gone)
    table = shown.grid(*titles, folds=("table",))
    lines = []
    for one in given:
        figures = Figures.from_json(one.figures)
        held = {why: rows for why, rows in sorted(figures.held.items()) if rows}
        if not (one.rows or held or figures.undated):
            continue
        cells = [one.store, one.table, one.record_class, _number(one.rows), _number(figures.people)]
        cells += [_number(sum(held.values())), _number(figures.undated)]
        if done is not None:
            cells.append(_number(done.get((one.store, one.table, one.code), (0, 0))[1]))
        table.add_row(*cells)
        dates = f" from {_day(figures.oldest)} to {_day(figures.newest)} ({_listed(figures.years)})"
        told = [f"{one.action}{dates if figures.oldest else ''}"] if one.rows else []
        told += [f"held back by {_listed(held)}"] if held else []
        if told:
            lines.append(f"  {one.store} {one.table} [{one.code}]: {', '.join(told)}")
    if table.row_count:
        shown.print_table(table)
    if lines:
        say("When their terms began (rows by year), and what holds rows back:")
    for line in lines:
        say(line)
    total = sum(one.rows for one in given)
    rows = words.rows(total, EN)
    say(f"{rows} {'is' if total == 1 else 'are'} past the term and may go." if total else "Nothing may go.")


def standing(sweep: Sweep, catalog: Catalog) -> None:
    """Where a sweep stands, why a human must look, and what is to be done."""
    say(f"{sweep.number}  {sweep.status}  (what is past its term on {sweep.day.isoformat()})")
    say(f"  run        {sweep.run}")
    if sweep.decided_at is not None:
        say(f"  decided    {decided(sweep)} on {on_day(sweep.decided_at)}")
    if sweep.stop_asked_at is not None:
        say(f"  stopped    by {sweep.stop_asked_by} on {on_day(sweep.stop_asked_at)}")
    for line in asks([Ask.from_json(one) for one in sweep.asks or ()], catalog):
        say(f"  asks       {line}")
    for line in _to_do(sweep):
        say(f"  {line}")


def asks(given: Sequence[Ask], catalog: Catalog) -> list[str]:
    """Why a human must look, in words with the figures."""
    return [f"{one.why}: {words.ask(one, catalog, EN)}" for one in given]


def progress(given: Sequence[Progress]) -> None:
    """How far a sweep is in each store."""
    table = shown.grid("store", "parts", "rows", "changed")
    for one in given:
        parts, rows = f"{one.parts_done} of {one.parts}", f"{_number(one.rows_done)} of {_number(one.rows)}"
        table.add_row(one.store, parts, rows, _number(one.changed))
    if given:
        shown.print_table(table)


def proof(sweep: Sweep, kept: SweepProof | None) -> None:
    """What the re-count came to."""
    if kept is not None:
        state = "passed" if kept.passed else "did NOT pass"
        say(f"The re-count {state} (avgflow retention show {sweep.number} -o FILE), digest {kept.digest[:SHOWN]}.")
        for failure in kept.failures:
            say(f"  {failure}")


def preview(sweep: Sweep) -> None:
    """The signs by which what was counted is approved; the last line of all that is shown."""
    say(f"Preview {sweep.digest[:SHOWN]}" if sweep.digest else "The preview is not done yet.")


def decided(sweep: Sweep) -> str:
    """Who decided on it, and how."""
    if sweep.decided_by is None:
        return "-"
    if sweep.status is SweepStatus.REFUSED:
        return "refused: nobody answered in time" if sweep.decided_by == SYSTEM else f"refused by {sweep.decided_by}"
    return "nothing asked for a human" if sweep.decided_by == SYSTEM else f"approved by {sweep.decided_by}"


def as_json(one: Found) -> dict[str, Any]:
    """What a rule found, as `--json` has it."""
    figures = Figures.from_json(one.figures)
    named = {key: value for key, value in asdict(one).items() if key != "figures"}
    return {**named, **{**figures.to_json(), "rows": one.rows}, "years": figures.years}


def whole(
    sweep: Sweep,
    given: Sequence[Found],
    far: Sequence[Progress],
    done: Mapping[tuple[str, str, str], tuple[int, int]],
    kept: SweepProof | None,
) -> dict[str, Any]:
    """Everything about a sweep, as `--json` has it."""
    proven = {"passed": kept.passed, "digest": kept.digest, "failures": kept.failures} if kept else None
    rules = [{**as_json(one), "gone": done.get((one.store, one.table, one.code), (0, 0))[1]} for one in given]
    return {
        **document(sweep),
        "preview": sweep.digest[:SHOWN] if sweep.digest else None,
        "found": rules,
        "progress": [asdict(one) for one in far],
        "proof": proven,
    }


def _to_do(sweep: Sweep) -> list[str]:
    number = sweep.number
    if sweep.status is SweepStatus.WAITING:
        return [
            f"to do      look at what was counted, then: avgflow retention approve {number} --preview SIGNS",
            f"           or: avgflow retention refuse {number}. Without an answer nothing is done.",
        ]
    if sweep.status in (SweepStatus.APPROVED, SweepStatus.RUNNING) and sweep.stop_asked_at is None:
        return [f"to stop it: avgflow retention stop {number}"]
    return []


def _listed(counted: Mapping[str, int]) -> str:
    return "; ".join(f"{name}: {_number(rows)}" for name, rows in counted.items())


def _number(n: int) -> str:
    return words.number(n, EN)


def _day(day: str | None) -> str:
    return day[:10] if day else "-"
