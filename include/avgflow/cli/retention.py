"""`avgflow retention …`: what is past its term, letting it go, and what stays all the same (AVG art. 5(1)(e))."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from avgflow import deciding_sweeps
from avgflow.airflow_api import AirflowApi
from avgflow.cli import hold as holding
from avgflow.cli import panels, shown, sweep_shown
from avgflow.cli.keyboard import actor, document
from avgflow.cli.request import PageNotWritten
from avgflow.cli.shown import say
from avgflow.deciding_sweeps import DAG
from avgflow.dossier import sweep as pages
from avgflow.errors import AvgflowError
from avgflow.handling import environment, previewing_sweep
from avgflow.handling.environment import Environment
from avgflow.register import sweep_proofs, sweeps
from avgflow.register.database import transaction
from avgflow.register.sweeps import Sweep, SweepStatus

HELP = "Retention: what is past its term, letting it go, and what stays all the same."

app = typer.Typer(help=HELP, no_args_is_help=True, cls=panels.ByPanel)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Number = Annotated[str, typer.Argument(help="The sweep's number, such as sweep-2026-00007.")]
OrNewest = Annotated[str | None, typer.Argument(help="The sweep's number; the newest if left out.")]


class NoSweep(AvgflowError):
    """There is no sweep yet."""

    def __init__(self) -> None:
        super().__init__("There is no sweep yet. `avgflow retention run` starts one; `preview` only looks.")


class SweepNotBegun(AvgflowError):
    """A run came to its end before it made a sweep."""

    def __init__(self) -> None:
        super().__init__("The run failed before it counted anything; the log of its task 'preview' says what to do.")


@app.command(rich_help_panel=panels.SWEEP_LOOK)
def preview(as_json: AsJson = False) -> None:
    """Count what is past its term now, and what is held back and why; nothing is changed, and nothing registered."""
    env = environment.of_settings()
    made = previewing_sweep.look(env)
    if as_json:
        rows = [sweep_shown.as_json(one) for one in made.found]
        say(json.dumps({"found": rows, "asks": [ask.to_json() for ask in made.asks]}, indent=2))
        return
    sweep_shown.found(made.found)
    for line in sweep_shown.asks(made.asks, env.catalog):
        say(f"A sweep would ask first: {line}")
    say("Nothing was changed.")


@app.command(name="list", rich_help_panel=panels.SWEEP_LOOK)
def list_(
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the sweeps, the newest first."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        made = sweeps.list_(register, limit)
        counted = {one.number: sum(found.rows for found in sweeps.found(register, one.number)) for one in made}
        gone = {one.number: sum(n for _, n in sweeps.changed(register, one.number).values()) for one in made}
    if as_json:
        documents = [{**document(one), "rows": counted[one.number], "gone": gone[one.number]} for one in made]
        say(json.dumps(documents, indent=2))
        return
    table = shown.grid("sweep", "day", "state", "past term", "gone", "asked for", "decided", folds=("decided",))
    for one in made:
        why = ", ".join(sorted({str(ask["why"]) for ask in one.asks or ()})) or "-"
        rows = f"{counted[one.number]:,}", f"{gone[one.number]:,}"
        table.add_row(one.number, one.day.isoformat(), one.status, *rows, why, sweep_shown.decided(one))
    shown.print_table(table)


@app.command(rich_help_panel=panels.SWEEP_LOOK)
def show(
    sweep: OrNewest = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the page (HTML) with the picture here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show all about a sweep: what was counted, why a human must look, how far it is, the proof; the twelve signs."""
    env = environment.of_settings()
    one = _sweep(env, sweep)
    with transaction(env.register) as register:
        found, done = sweeps.found(register, one.number), sweeps.changed(register, one.number)
        far, kept = sweeps.progress(register, one.number), sweep_proofs.newest(register, one.number)
    if output is not None:
        html = kept.html if kept else pages.page(one, found, done, None, env.catalog, env.policy, env.templates)
        try:
            output.write_text(html, encoding="utf-8")
        except OSError as refused:
            raise PageNotWritten(output, refused) from None
        state = "not re-counted" if kept is None else "passed" if kept.passed else "did not pass"
        say(f"{output}: {state}{f', digest {kept.digest}' if kept else ''}")
        return
    if as_json:
        say(json.dumps(sweep_shown.whole(one, found, far, done, kept), indent=2))
        return
    sweep_shown.standing(one, env.catalog)
    sweep_shown.found(found, done)
    sweep_shown.progress(far)
    sweep_shown.proof(one, kept)
    sweep_shown.preview(one)


@app.command(rich_help_panel=panels.SWEEP_DECIDE)
def approve(
    sweep: Number,
    preview: Annotated[str, typer.Option(help="What you approve: the twelve signs that `show` ends with.")],
) -> None:
    """Allow what a sweep has counted, and nothing else; it goes on."""
    env = environment.of_settings()
    taken = deciding_sweeps.approve(env, sweep, preview, actor(env))
    hint = "shows how it goes on" if taken else "shows when it is taken up: Airflow is busy"
    say(f"{sweep}: approved. `avgflow retention show {sweep}` {hint}.")


@app.command(rich_help_panel=panels.SWEEP_DECIDE)
def refuse(sweep: Number) -> None:
    """Refuse what a sweep has counted; nothing is changed, and the next sweep counts anew."""
    env = environment.of_settings()
    deciding_sweeps.refuse(env, sweep, actor(env))
    say(f"{sweep}: refused. Nothing was changed; the next sweep counts anew.")


@app.command(rich_help_panel=panels.SWEEP_RUN)
def run(
    wait: Annotated[bool, typer.Option(help="Follow it until it is at its end or waits for a human.")] = True,
    as_json: AsJson = False,
) -> None:
    """Start a sweep now instead of at its time, and follow it; it asks a human first where there is a reason to."""
    env = environment.of_settings()
    api = env.airflow
    run_id = deciding_sweeps.start(env)
    if not wait:
        say(json.dumps({"run": run_id}) if as_json else "The sweep is started; `avgflow retention show` follows it.")
        return
    ended = _follow(env, api, run_id, quiet=as_json)
    if ended is None:
        raise SweepNotBegun
    show(ended.number, None, as_json)
    if ended.status is SweepStatus.FAILED or api.state(DAG, run_id) == "failed":
        raise typer.Exit(1)


@app.command(rich_help_panel=panels.SWEEP_RUN)
def stop(sweep: OrNewest = None) -> None:
    """Stop a sweep before its next transaction; what is gone is gone, the rest is counted anew by the next sweep."""
    env = environment.of_settings()
    one = _sweep(env, sweep)
    deciding_sweeps.stop(env, one.number, actor(env))
    say(f"{one.number} stops before its next transaction. `avgflow retention show {one.number}` shows what it did.")


@app.command(rich_help_panel=panels.SWEEP_HOLD)
def hold(
    record_class: Annotated[str, typer.Argument(metavar="CLASS", help="A record class of the policy, such as R2.")],
    reason: Annotated[str, typer.Option(help="claim, complaint, litigation or incident.")],
    until: Annotated[
        str | None, typer.Option(help="The last day of the hold, YYYY-MM-DD; until it is released if left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep everybody's records of a class for the time being; `avgflow hold place` is for those of one person."""
    holding.place(reason, record_class=record_class, until=until, as_json=as_json)


@app.command(rich_help_panel=panels.SWEEP_HOLD)
def release(
    hold: Annotated[int, typer.Argument(help="The hold's number, as `avgflow hold list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Release a hold; what it held back goes with the next sweep."""
    holding.release(hold, as_json)


def _sweep(env: Environment, number: str | None) -> Sweep:
    """A sweep by its number, else the newest."""
    with transaction(env.register) as register:
        if number is not None:
            return sweeps.get(register, number)
        newest = next(iter(sweeps.list_(register, 1)), None)
    if newest is None:
        raise NoSweep
    return newest


def _follow(env: Environment, api: AirflowApi, run_id: str, quiet: bool) -> Sweep | None:
    """Follow the sweep of a run until it is at its end or waits for a human, with a bar for each store."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("rows"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bars:
        counting = bars.add_task("counting", total=None)
        of_store: dict[str, TaskID] = {}
        while True:
            with transaction(env.register) as register:
                one = sweeps.of_run(register, run_id)
                far = sweeps.progress(register, one.number) if one else ()
            if one is not None and one.status is not SweepStatus.PREVIEWING:
                bars.update(counting, visible=False)
            for store in far:
                if store.store not in of_store:
                    of_store[store.store] = bars.add_task(store.store, total=store.rows)
                bars.update(of_store[store.store], completed=store.rows_done)
            if one is not None and one.status is SweepStatus.WAITING:
                return one
            if api.state(DAG, run_id) in ("success", "failed"):
                return one
            time.sleep(0.5)
