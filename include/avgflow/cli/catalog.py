"""`avgflow catalog`: does the data map fit the stores, and a first draft of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from avgflow.catalog.check import check_whole
from avgflow.catalog.draft import draft
from avgflow.catalog.drift import Drift
from avgflow.catalog.live import read
from avgflow.catalog.load import check_against, load
from avgflow.catalog.models import Store
from avgflow.errors import AvgflowError, StoreRefused, StoreUnreachable, WrongSetting
from avgflow.policy.models import load as load_policy
from avgflow.settings import Settings, engine
from avgflow.stores.session import reading
from avgflow.transport import transport

app = typer.Typer(help="Check the data map against the stores, or draft one.", no_args_is_help=True)


class DraftNotWritten(AvgflowError):
    """A draft has no place to go; an existing file is never overwritten, for people may have decided things in it."""


@dataclass(frozen=True)
class Report:
    """What was found in one store; `fault` where it could not be looked at."""

    store: Store
    tables: int
    drifts: tuple[Drift, ...]
    fault: str | None
    unsafe: str | None = None
    """What is not protected on the way to it."""

    def to_json(self) -> dict[str, Any]:
        """The report for `--json`."""
        return {
            "tables": self.tables,
            "fault": self.fault,
            "unsafe": self.unsafe,
            "drift": [
                {
                    "table": str(drift.table),
                    "kind": drift.kind,
                    "severity": drift.severity,
                    "message": drift.message,
                    "statement": drift.statement,
                }
                for drift in self.drifts
            ],
        }


@app.command()
def check(as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False) -> None:
    """Compare every store with its catalog file; exit 1 with each difference named."""
    settings = Settings.load()
    catalog = load(settings.catalog)
    check_against(catalog, load_policy(settings.policy))
    reports = [_report(settings, store) for store in catalog.stores.values()]
    clean = not any(report.drifts or report.fault for report in reports)
    if as_json:
        found = {report.store.store: report.to_json() for report in reports}
        typer.echo(json.dumps({"ok": clean, "stores": found}, ensure_ascii=False))
    else:
        for report in reports:
            _print(report)
    if not clean:
        raise typer.Exit(1)


@app.command()
def init(
    connection: Annotated[str, typer.Argument(help="The Airflow connection of the store, such as store_crm.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file, which must be new.")
    ] = None,
) -> None:
    """Draft a catalog file from a live database; what a human has to decide says 'decide', and does not load."""
    settings = Settings.load()
    store = connection.lower().removeprefix("store_")
    with _opened(settings, connection, store) as view:
        text = draft(store, connection, read(view))
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise DraftNotWritten(f"{output} is there already. Name a new file, or move that one away.") from None
    except OSError as refused:
        raise DraftNotWritten(f"{output} cannot be written ({refused.strerror}). Name another file.") from None
    typer.echo(f"Drafted {output}. Replace every 'decide' in it, then run avgflow catalog check.")


def _report(settings: Settings, store: Store) -> Report:
    """One store that cannot be reached must not hide what is wrong with the others."""
    unsafe = None
    try:
        way = transport(settings.store_dsn(store.connection))
        unsafe = None if way.safe else way.why
        with _opened(settings, store.connection, store.store) as view:
            checked = check_whole(view, store)
    except (StoreUnreachable, StoreRefused, WrongSetting) as fault:
        return Report(store, 0, (), str(fault), unsafe)
    return Report(store, len(checked.live.tables), checked.drifts, None, unsafe)


@contextmanager
def _opened(settings: Settings, connection: str, store: str) -> Iterator[Connection]:
    database = engine(settings.store_dsn(connection))
    try:
        with reading(database, store) as view:
            yield view
    finally:
        database.dispose()


def _print(report: Report) -> None:
    name = report.store.store
    if report.unsafe is not None:
        typer.echo(f"{name}: the way there is {report.unsafe}")
    if report.fault is not None:
        typer.echo(f"{name}: not checked: {report.fault}")
    elif not report.drifts:
        typer.echo(f"{name}: {report.tables} tables and views, all as the catalog says")
    for drift in report.drifts:
        typer.echo(f"{drift.severity}: {drift}")
