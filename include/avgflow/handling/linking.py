"""Packages too large for a mail, by way of an object storage: put there, linked to, and taken away again.

An object's name is a keyed hash of the request's number, so it says nothing and a second run finds the same: there is
one object per file, however often this is killed and run again. What is put there is on the register beforehand, so
that nothing lies there that nobody knows of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from avgflow.errors import AvgflowError
from avgflow.handling.environment import Environment
from avgflow.intake import day_in_amsterdam
from avgflow.objects import Link, ObjectStore
from avgflow.register import events
from avgflow.register.database import transaction
from avgflow.register.events import SYSTEM
from avgflow.register.names import EventName

if TYPE_CHECKING:
    from avgflow.dossier.package import Package

SUFFIXES = (".pdf", ".zip")
"""Of the files of a package."""
_PURPOSE = "package object"
_BEGIN = datetime(2000, 1, 1, tzinfo=UTC)
_OF_LINKS = (EventName.LINK_MADE, EventName.LINK_REVOKED, EventName.LINK_ENDED)


class NoLink(AvgflowError):
    """A link was to be taken back where there is none."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} has no package in the object storage (any more).")


class StorageGone(AvgflowError):
    """Objects have to be deleted in a storage that is configured no more."""

    def __init__(self) -> None:
        super().__init__("AVGFLOW_PACKAGE_STORAGE is not set any more, but packages lie there. Set it again.")


@dataclass(frozen=True)
class Standing:
    """The objects of a request that lie in the storage. `until`: the day on which the last link ends."""

    number: str
    until: date
    revoked: bool

    def is_due(self, today: date) -> bool:
        """Whether nobody may fetch them any more."""
        return self.revoked or self.until < today


def offer(env: Environment, number: str, made: Package) -> Package | None:
    """The package with links in place of files to attach; None where no storage gives links."""
    if env.objects is None:
        return None
    days = env.settings.link_days
    until = day_in_amsterdam() + timedelta(days=days)
    _note(env, number, made, until)
    links = []
    for file in made.files:
        name = object_name(env, number, file.suffix)
        env.objects.put(name, file)
        url = env.objects.link(name, days, file.name)
        links.append(Link(file.name, url, until - timedelta(days=1)))
    return replace(made, links=tuple(links))


def object_name(env: Environment, number: str, suffix: str) -> str:
    """128 bits that nobody guesses, and that say nothing of whose it is."""
    return env.keyring.sign(_PURPOSE, number.encode())[:32] + suffix


def standing(env: Environment) -> Mapping[str, Standing]:
    """What lies in the storage, by request, as the register knows it."""
    with transaction(env.register) as register:
        found: dict[str, Standing] = {}
        for event in events.since(register, _BEGIN, _OF_LINKS):
            number = str(event.number)
            if event.name == EventName.LINK_MADE:
                found[number] = Standing(number, date.fromisoformat(event.detail["until"]), False)
            elif event.name == EventName.LINK_ENDED:
                found.pop(number, None)
            elif number in found:
                found[number] = replace(found[number], revoked=True)
    return found


def revoke(env: Environment, number: str, actor: str) -> None:
    """Say that nobody may fetch a package any more; the next housekeeping deletes it. `NoLink` where there is none."""
    if number not in standing(env):
        raise NoLink(number)
    with transaction(env.register) as register:
        events.append(register, env.keyring, EventName.LINK_REVOKED, number, actor)


def end(env: Environment, number: str, store: ObjectStore) -> int:
    """Delete the objects of a request, with the event; how many there were. The register hears of it after."""
    gone = sum(store.delete(object_name(env, number, suffix)) for suffix in SUFFIXES)
    with transaction(env.register) as register:
        events.append(register, env.keyring, EventName.LINK_ENDED, number, SYSTEM, {"objects": gone})
    return gone


def _note(env: Environment, number: str, made: Package, until: date) -> None:
    """Once a day at most: a second run on the same day has nothing new to say."""
    detail = {"until": until.isoformat(), "files": len(made.files), "bytes": made.size}
    with transaction(env.register) as register:
        before = [event for event in events.history(register, number) if event.name in _OF_LINKS]
        if before and before[-1].name == EventName.LINK_MADE and before[-1].detail["until"] == detail["until"]:
            return
        events.append(register, env.keyring, EventName.LINK_MADE, number, SYSTEM, detail)
