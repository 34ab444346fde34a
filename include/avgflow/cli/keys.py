"""`avgflow keys`: the keys that seal what the register holds of people. Never shows one but a new one that is asked
for.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from avgflow.cli import shown
from avgflow.cli.keyboard import actor
from avgflow.cli.shown import say
from avgflow.crypto import new_key
from avgflow.handling import environment, rotating
from avgflow.handling.environment import Environment
from avgflow.handling.rotating import Standing, Tell

app = typer.Typer(help="The keys that seal what the register holds of people.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_EVERY = 2.0
"""Seconds between two lines of progress where there is no terminal."""


@app.command()
def show(as_json: AsJson = False) -> None:
    """Show the fingerprint of each key, and how many values it seals."""
    env = environment.of_settings()
    with progress() as tell:
        found = rotating.show(env, tell)
    _print(found, as_json)


@app.command()
def rotate(
    made: Annotated[
        bool, typer.Option("--new-key", help="Put a new key into the file of keys first, unless one is under way.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Seal everything anew under the newest key, and say which keys can be taken away.

    May be stopped and started again at any time, and while requests run.
    """
    env = environment.of_settings()
    if made and not rotating.new_first(env):
        say("A rotation to the newest key is not at its end: that one goes on, and no other key is made.", as_json)
    with progress() as tell:
        done = rotating.rotate(env, actor(env), tell)
    if as_json:
        body = {"resealed": done.resealed, "resealed_in_files": done.in_files, **_json(done.standing)}
        say(json.dumps({**body, "removable": [key.fingerprint for key in done.standing.keys[1:]]}, indent=2))
        return
    say(f"{done.resealed} values and {done.in_files} lines of work files were sealed anew.")
    _print(done.standing, as_json)
    say(_farewell(env, done.standing))


@app.command()
def make() -> None:
    """Make a new key and print it, for whoever keeps the keys in the environment. It is kept nowhere."""
    typer.echo(new_key())


def _farewell(env: Environment, found: Standing) -> str:
    """Which keys can be taken away, and what has to be thought of first."""
    if len(found.keys) == 1:
        return "There is one key, and everything is sealed by it."
    where = "the file of keys" if env.keyring.file else "AVGFLOW_REGISTER_KEYS"
    which = ", ".join(f"{key.place} ({key.fingerprint[:16]})" for key in found.keys[1:])
    first = "" if env.keyring.file else " Once every process was restarted with the newest key in the first place:"
    return (
        f"Nothing is sealed by the other keys any more.{first} Take these out of {where}: place {which}. Keep them "
        f"elsewhere as long as a backup of the register of before today exists: it cannot be read without."
    )


def _print(found: Standing, as_json: bool) -> None:
    if as_json:
        say(json.dumps(_json(found), indent=2))
        return
    table = shown.grid("place", "fingerprint", "seals", "in work files")
    for key in found.keys:
        table.add_row(str(key.place), key.fingerprint[:16], str(key.values), str(key.in_files))
    shown.print_table(table)
    for where, count in sorted(found.unknown.items()):
        say(f"No key at hand opens {count} values of {where}: put the missing key back.")
    if found.unfinished:
        say(f"{found.unfinished} work files with an older key are being written or were left unfinished.")


def _json(found: Standing) -> dict[str, object]:
    return {
        "keys": [vars(key) for key in found.keys],
        "unknown": dict(found.unknown),
        "unfinished_files": found.unfinished,
    }


@contextmanager
def progress() -> Iterator[Tell]:
    """Progress on standard error: bars on a terminal, a line every few seconds elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        known: dict[str, TaskID] = {}

        def move(what: str, done: int, total: int) -> None:
            if what not in known:
                known[what] = bars.add_task(what, total=total)
            bars.update(known[what], completed=done, total=total)

        yield move


def _lines() -> Tell:
    last = [float("-inf")]

    def line(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - last[0] >= _EVERY:
            last[0] = now
            print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)  # noqa: T201

    return line
