"""`avgflow demo load`: fill the four demonstration stores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from avgflow.settings import Settings

app = typer.Typer(help="The demonstration stores, full of invented people.", no_args_is_help=True)

_PHASES = {"rows": "Loading rows", "indexes": "Making keys and indexes", "truth": "Writing the truth"}


@app.callback()
def _commands() -> None:
    """Keep `load` a command of its own, also while it is the only one."""


@app.command()
def load(
    subjects: Annotated[int, typer.Option(min=1, help="How many people to invent.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed invents the same people.")] = 1,
    truth: Annotated[Path | None, typer.Option(help="Write here which rows belong to whom (JSON Lines).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Drop what the demonstration stores hold and fill them anew."""
    from avgflow.demo import load as loading
    from avgflow.demo.stores import STORES
    from avgflow.demo.world import World

    settings = Settings.load()
    dsns = {store.name: settings.store_dsn(store.connection) for store in STORES.values()}
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    ) as bars:
        bar_of = {phase: bars.add_task(text, total=None, visible=False) for phase, text in _PHASES.items()}

        def show(phase: str, done: int, total: int) -> None:
            bars.update(bar_of[phase], completed=done, total=total, visible=True)

        loaded = loading.load(dsns, World(seed, subjects), truth, show)
    total = sum(loaded.rows.values())
    if as_json:
        result = {
            "subjects": loaded.subjects,
            "seed": loaded.seed,
            "rows": loaded.rows,
            "seconds": round(loaded.seconds, 1),
            "truth": str(loaded.truth) if loaded.truth else None,
        }
        typer.echo(json.dumps(result, indent=2))
    else:
        typer.echo(f"{loaded.subjects} people, {total} rows in {len(loaded.rows)} tables, {loaded.seconds:.1f} s.")
