"""What the commands share: who is at the keyboard, what was typed, and a fact of the register as `--json` shows it."""

from __future__ import annotations

import getpass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import typer

from avgflow.fields import AMSTERDAM
from avgflow.handling.environment import Environment

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def actor(env: Environment) -> str:
    """The login to put on record: the one at Airflow, else that at this machine."""
    return env.settings.airflow_user or getpass.getuser()


def identifiers(given: list[str]) -> dict[str, str]:
    """Further identifiers, typed as `kind=value`."""
    return named(given, "--identifier", "kind=value, such as visitor_id=…")


def named(given: list[str], option: str, how: str) -> dict[str, str]:
    """Values typed as `name=value`, each name once; what else was typed is not repeated."""
    pairs = [(name.strip(), sign, value) for name, sign, value in (entry.partition("=") for entry in given)]
    if not all(sign for _, sign, _ in pairs):
        raise typer.BadParameter(f"write {how}", param_hint=option)
    if len({name for name, _, _ in pairs}) < len(pairs):
        raise typer.BadParameter("a name is given twice; give each once", param_hint=option)
    return {name: value for name, _, value in pairs}


def day(given: str | None, option: str) -> date | None:
    """A day, typed as YYYY-MM-DD; None where none was."""
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise typer.BadParameter("write the day as YYYY-MM-DD", param_hint=option) from None


def on_day(moment: datetime) -> str:
    """The day of a moment in the Netherlands, for a table."""
    return moment.astimezone(AMSTERDAM).date().isoformat()


def document(fact: DataclassInstance) -> dict[str, Any]:
    """A fact's fields as JSON; dates and times in ISO form."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in vars(fact).items()}
