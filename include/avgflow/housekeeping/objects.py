"""Packages in the object storage: deleted once their last link has ended, or was taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from avgflow.catalog.models import Text
from avgflow.errors import AvgflowError
from avgflow.handling import linking
from avgflow.handling.environment import Environment
from avgflow.handling.linking import Standing, StorageGone
from avgflow.housekeeping.found import Failed, Gone

OBJECTS = "objects"
_TITLE = Text(nl="pakketten achter een link", en="packages behind a link")


@dataclass(frozen=True)
class Cleaned:
    """What went, and what could not be deleted."""

    gone: Gone
    failed: Sequence[Failed] = ()


def preview(env: Environment, today: date) -> Cleaned:
    """What would go; nothing is touched."""
    return Cleaned(_gone(_due(env, today)))


def run(env: Environment, today: date) -> Cleaned:
    """Delete what nobody may fetch any more, with an event for each request.

    The command line does not reach the storage, since its connection is Airflow's: there it is left to the DAG.
    """
    due = _due(env, today)
    if env.objects is None and env.settings.package_storage:
        return Cleaned(_gone([]))
    done: list[Standing] = []
    failed: list[Failed] = []
    for one in due:
        try:
            if env.objects is None:
                raise StorageGone
            linking.end(env, one.number, env.objects)
        except AvgflowError as fault:
            failed.append(Failed(one.number, type(fault).__name__))
        else:
            done.append(one)
    return Cleaned(_gone(done), failed)


def _due(env: Environment, today: date) -> list[Standing]:
    return [one for one in linking.standing(env).values() if one.is_due(today)]


def _gone(due: Sequence[Standing]) -> Gone:
    days = [one.until for one in due]
    return Gone(OBJECTS, _TITLE, len(due), min(days, default=None), max(days, default=None))
