"""`avgflow demo load`: fill the four demonstration stores; `avgflow demo run`: show the whole way of one request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from avgflow.intake import parse
from avgflow.settings import Settings, engine

if TYPE_CHECKING:
    from avgflow.demo.load import Loaded
    from avgflow.demo.truth import SubjectTruth

app = typer.Typer(help="The demonstration stores, full of invented people.", no_args_is_help=True)

_PHASES = {"rows": "Loading rows", "indexes": "Making keys and indexes", "truth": "Writing the truth"}


@app.command()
def load(
    subjects: Annotated[int, typer.Option(min=1, help="How many people to invent.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed invents the same people.")] = 1,
    truth: Annotated[Path | None, typer.Option(help="Write here which rows belong to whom (JSON Lines).")] = None,
    if_empty: Annotated[bool, typer.Option("--if-empty", help="Leave stores that were filled before.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Drop what the demonstration stores hold and fill them anew."""
    if if_empty and not _empty():
        typer.echo("The stores were filled before; nothing was changed.", err=as_json)
        return
    loaded = fill(subjects, seed, truth)
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


@app.command()
def run(
    subjects: Annotated[int, typer.Option(min=50, help="How many people to invent.")] = 1000,
) -> None:
    """Start everything, fill the stores if they are empty, answer one inzage request and show where the answer lies."""
    from avgflow.cli import following, stack
    from avgflow.handling import environment

    with stack.telling() as progress:
        found = stack.start(progress)
    if _empty():
        typer.echo("")
        loaded = fill(subjects, seed=1, truth=None)
        typer.echo(f"Four stores are filled: {loaded.subjects} invented people, {sum(loaded.rows.values())} rows.")
    person = _somebody("sole_proprietor", subjects)
    env = environment.of_settings()
    typer.echo(f"\n{person.name}, who runs a business from home, asks what is held about them (inzage, AVG art. 15).")
    intake = parse(
        right="access",
        email=person.identifiers["email"],
        customer_number=person.identifiers["customer_number"],
        name=person.name,
        verified_by="portal-login",
    )
    made = following.follow(env, following.enter(env, [intake])[0].number)
    typer.echo("")
    following.show_result(env, made.number)
    typer.echo(stack.addresses(found))
    url = found.as_json()["airflow"]["url"]
    another = _somebody("contact_person", subjects).identifiers["email"]
    typer.echo(f"""
Three things to try next:
  1. Open the PDF above with its passphrase: it is what the person reads.
  2. Log in to Airflow as above and look at the run: {url}/dags/access_request/runs/{made.number}
  3. Ask for somebody else, unverified, and see it wait for you:
       .venv/bin/avgflow request new access --email {another} --wait
`make down` stops everything.""")


def fill(subjects: int, seed: int, truth: Path | None) -> Loaded:
    """Fill the stores of the settings, showing how far it is."""
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

        return loading.load(dsns, World(seed, subjects), truth, show)


def _empty() -> bool:
    """Whether the stores were never filled; what somebody tried out in them is not thrown away."""
    dsn = Settings.load().store_dsn("store_crm")
    with engine(dsn).connect() as connection:
        return connection.exec_driver_sql("SELECT to_regclass('public.contact')").scalar() is None


def _somebody(kind: str, subjects: int) -> SubjectTruth:
    """The first person of a kind with nothing awkward about them."""
    from avgflow.demo import truth
    from avgflow.demo.world import World

    people = truth.of_block(World(1, subjects).block(0)).subjects
    return next(person for person in people if person.kind == kind and not person.traits)
