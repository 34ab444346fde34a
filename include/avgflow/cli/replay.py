"""`avgflow replay STORE`: erase again what a restored backup brought back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from avgflow.cli.shown import say
from avgflow.handling import environment, replaying

app = typer.Typer()


@app.command()
def replay(
    store: Annotated[str, typer.Argument(help="The store that was restored, before it is opened to its users.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Erase again what a restored backup of a store brought back; again does no harm."""
    done = replaying.run(environment.of_settings(), store)
    if as_json:
        say(json.dumps(asdict(done), indent=2))
        return
    say(f"{store}: {done.rows} rows of {done.people} people were erased again.")
    if done.left:
        say(f"{done.left} rows only have the key of an erased one: they are somebody else's now, and were left alone.")
