"""`avgflow housekeeping`: what avgflow itself kept long enough, looked at or deleted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from avgflow.cli import shown
from avgflow.cli.shown import say
from avgflow.handling import environment
from avgflow.housekeeping import files, record, register
from avgflow.housekeeping.found import Found, NotAllGone

app = typer.Typer()


@app.command()
def housekeeping(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go; nothing is touched.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Delete what avgflow itself kept for its term: files, and on the register. The nightly DAG cleans Airflow too."""
    env = environment.of_settings()
    if dry_run:
        _show([files.preview(env), register.preview(env)], "would go", as_json)
        return
    found, refused = [], []
    for part in (files.run, register.run):
        done = part(env)
        found.append(done)
        try:
            record.put(env, done)
        except NotAllGone as fault:
            refused.append(fault)
    _show(found, "gone", as_json)
    if refused:
        raise refused[0]


def _show(found: Sequence[Found], word: str, as_json: bool) -> None:
    if as_json:
        say(json.dumps({"parts": [one.to_json() for one in found]}, indent=2))
        return
    table = shown.grid(word, "what", "term", "oldest", "newest")
    for part in found:
        for one in part.gone:
            days = [day.isoformat() if day else "-" for day in (one.oldest, one.newest)]
            table.add_row(str(one.count), one.title.en, part.terms.get(one.what, "-"), *days)
    shown.print_table(table)
    for part in found:
        for kept in part.kept:
            say(f"{kept.number} stays: {kept.why.en}.")
        for failed in part.failed:
            say(f"Not deleted: {failed.where}: {failed.why}.")
