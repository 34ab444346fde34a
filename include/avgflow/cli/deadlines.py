"""`avgflow deadlines`: what is due when, as the daily mail to the privacy officer has it."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any

import typer

from avgflow.cli import shown
from avgflow.cli.keyboard import on_day
from avgflow.cli.shown import say
from avgflow.deadlines import Deadlines, Standing, SweepStanding, SweepTrouble
from avgflow.handling import environment, watching

app = typer.Typer()


@app.command()
def deadlines(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what is late, due soon, waiting, stopped or not sent, the most urgent first."""
    seen = watching.look(environment.of_settings())
    if as_json:
        say(json.dumps(_document(seen), indent=2))
        return
    requests = _requests(seen)
    if not requests and not seen.unsent and not seen.breaches and not seen.sweeps:
        say("No request is open, no breach, no sweep needs you, and no mail is stuck.")
        return
    if seen.breaches:
        table = shown.grid("breach", "request", "72 hours end", "hours left", "AP")
        for breach in seen.breaches:
            ends, ap = f"{breach.due:%Y-%m-%d %H:%M}", "settled" if breach.settled else "OPEN"
            table.add_row(
                str(breach.id), breach.number, ends, "-" if breach.settled else str(breach.hours(seen.now)), ap
            )
        shown.print_table(table)
    if requests:
        table = shown.grid("when", "number", "right", "due", "left", "safe", "state", "since", folds=("state",))
        for when, one in requests:
            left = f"{one.left(seen.today)} days"
            due = f"{one.due.isoformat()}{' (extended)' if one.extended else ''}"
            since = (one.asked if one.asked and one.waiting_for else one.since).isoformat()
            table.add_row(when, one.number, one.right, due, left, one.safe.isoformat(), _state(one), since)
        shown.print_table(table)
    for sweep in seen.sweeps:
        say(_sweep(sweep))
    if seen.unsent:
        mails = shown.grid("mail not accepted", "kind", "since", "tries", "why")
        for mail in seen.unsent:
            mails.add_row(mail.number or "-", mail.kind, on_day(mail.since), str(mail.attempts), mail.failure or "-")
        shown.print_table(mails)


def _requests(seen: Deadlines) -> list[tuple[str, Standing]]:
    """Every open request with the word for when it is due."""
    groups = {
        "LATE": seen.overdue,
        **{f"within {days} days": found for days, found in seen.within.items()},
        "waiting": seen.waiting,
        "stopped": seen.stopped,
        "later": seen.later,
    }
    return [(when, one) for when, found in groups.items() for one in found]


def _sweep(one: SweepStanding) -> str:
    if one.why is SweepTrouble.WAITING:
        return f"{one.number} waits for your approval until {_day(one.until)}: avgflow retention show {one.number}"
    if one.why is SweepTrouble.FAILED:
        return f"{one.number} did not end well: avgflow retention show {one.number}"
    since = f"since {_day(one.since)}" if one.since else "ever"
    return f"No sweep has run {since}, though one should have: see the DAG retention_sweep in Airflow."


def _state(one: Standing) -> str:
    if one.asked and one.waiting_for:
        return "clock stands still: the person was asked"
    if one.answered:
        return f"{one.status}: answered, not closed"
    return f"{one.status}: {one.waiting_for}" if one.waiting_for else one.status


def _document(seen: Deadlines) -> dict[str, Any]:
    return {
        "on": seen.today.isoformat(),
        "requests": [
            {
                "when": when,
                "number": one.number,
                "right": one.right,
                "received": one.received.isoformat(),
                "due": one.due.isoformat(),
                "safe": one.safe.isoformat(),
                "days_left": one.left(seen.today),
                "extended": one.extended,
                "status": one.status,
                "waiting_for": one.waiting_for,
                "since": one.since.isoformat(),
                "clock_stopped_since": _day(one.asked),
                "answered": one.answered,
                "alarming": one in seen.alarming,
            }
            for when, one in _requests(seen)
        ],
        "breaches": [
            {
                "id": breach.id,
                "number": breach.number,
                "due": breach.due.isoformat(),
                "hours_left": breach.hours(seen.now),
                "ap_settled": breach.settled,
                "complete": breach.complete,
            }
            for breach in seen.breaches
        ],
        "sweeps": [
            {"why": one.why, "number": one.number, "since": _day(one.since), "until": _day(one.until)}
            for one in seen.sweeps
        ],
        "mails": [
            {
                "number": mail.number,
                "kind": mail.kind,
                "since": mail.since.isoformat(),
                "attempts": mail.attempts,
                "failure": mail.failure,
            }
            for mail in seen.unsent
        ],
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
