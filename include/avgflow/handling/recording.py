"""The requests of a period and the record of processing activities (art. 30), as tables without personal data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from avgflow.catalog.models import Text
from avgflow.dossier import processing, sheets
from avgflow.dossier.audit import folder, words
from avgflow.dossier.audit.deadline import deadline
from avgflow.dossier.audit.folder import Folder
from avgflow.errors import AvgflowError
from avgflow.handling import extending
from avgflow.handling.environment import Environment
from avgflow.intake import day_in_amsterdam
from avgflow.policy.reasons import GROUNDS, DeclineReason
from avgflow.register import clock, database, events, requests
from avgflow.register.clock import Clock
from avgflow.register.names import EventName
from avgflow.register.requests import Request
from avgflow.register.schema import request as table

AT_ONCE = 1000
"""Requests that are read together."""

FORMATS = ("csv", "json")

_COLUMNS = {
    "number": ("Nummer van het verzoek", "Number of the request"),
    "right": ("Recht", "Right"),
    "article": ("Artikel van de AVG", "Article of the GDPR"),
    "scope": ("Waartegen het bezwaar is", "What an objection is to"),
    "capacity": ("In welke hoedanigheid is gevraagd", "In what capacity it was asked"),
    "received": ("Dag van ontvangst", "Day of receipt"),
    "due": ("Uiterste dag voor het antwoord", "Last day for the answer"),
    "extended": ("Is de termijn verlengd", "Whether the term was extended"),
    "days_paused": ("Dagen dat de termijn stilstond", "Days on which the clock stood still"),
    "status": ("Stand", "Status"),
    "outcome": ("Uitkomst", "Outcome"),
    "ground": ("Grond van een beperking of een afwijzing", "Ground of a restriction or a refusal"),
    "verified_by": ("Hoe de identiteit is vastgesteld", "How the identity was verified"),
    "answered": ("Dag waarop het antwoord de deur uit ging", "Day on which the answer went out"),
    "closed": ("Dag waarop het is afgesloten", "Day on which it was closed"),
    "days_used": ("Dagen van ontvangst tot antwoord, zonder stilstand", "Days from receipt to answer, less pauses"),
    "late": ("Te laat beantwoord, of nog open na de uiterste dag", "Answered late, or open after the last day"),
}
COLUMNS = {name: Text(nl=nl, en=en) for name, (nl, en) in _COLUMNS.items()}
"""What each column holds, in order; the same names in the JSON, where codes stand as the register has them."""

_YES = {True: Text(nl="ja", en="yes"), False: Text(nl="nee", en="no")}


class WrongPeriod(AvgflowError):
    """A period that ends before it begins."""

    def __init__(self) -> None:
        super().__init__("The period ends before it begins. Give the first day with --from and the last with --to.")


@dataclass(frozen=True)
class Recorded:
    """What was written: how many requests were received in the period, and to which files."""

    requests: int
    files: tuple[str, ...]


def export(
    env: Environment, first: date, last: date, target: Path, formats: Sequence[str], language: str, actor: str
) -> Recorded:
    """Write the requests received from `first` to `last`, and the processing register, into a folder that is not there
    yet; that is put on the register. `WrongPeriod`, `FolderInUse`, `FolderRefused`.
    """
    if last < first:
        raise WrongPeriod
    with folder.filled(target) as files:
        with database.snapshot(env.register) as register:
            found = list(_lines(env, register, first, last))
        for form in formats:
            _WRITERS[form](env, files, found, first, last, language)
        with database.transaction(env.register) as register:
            detail = {"since": first.isoformat(), "until": last.isoformat(), "requests": len(found)}
            events.append(register, env.keyring, EventName.REGISTER_EXPORTED, None, actor, detail)
    return Recorded(len(found), tuple(str(file["path"]) for file in files.files))


def _lines(env: Environment, register: Connection, first: date, last: date) -> Iterator[dict[str, Any]]:
    found = requests.matching(register, table.c.received >= first, table.c.received <= last)
    for start in range(0, len(found), AT_ONCE):
        some = found[start : start + AT_ONCE]
        numbers = [one.number for one in some]
        clocks = clock.of(register, numbers)
        answered = extending.answered_on(register, numbers)
        closed = extending.ended_on(register, numbers)
        declined = _declined(register, numbers)
        for one in some:
            number = one.number
            yield _line(env, one, clocks[number], answered.get(number), closed.get(number), declined.get(number))


def _declined(register: Connection, numbers: Sequence[str]) -> dict[str, str]:
    """The reason of those that were declined."""
    told = events.of_requests(register, numbers, (EventName.REQUEST_DECLINED,))
    return {str(event.number): str(event.detail.get("reason")) for event in told}


def _line(
    env: Environment, one: Request, own: Clock, answered: date | None, closed: date | None, declined: str | None
) -> dict[str, Any]:
    """One request, in codes."""
    counted = deadline(one.received, one.due, own, env.policy.calendar, answered, day_in_amsterdam())
    return {
        "number": one.number,
        "right": one.right.value,
        "article": words.ARTICLES[one.right],
        "scope": one.scope,
        "capacity": one.capacity.value,
        "received": one.received.isoformat(),
        "due": one.due.isoformat(),
        "extended": own.extended,
        "days_paused": counted.days_paused,
        "status": one.status.value,
        "outcome": one.outcome,
        "ground": declined or one.ground,
        "verified_by": one.verified_by,
        "answered": answered.isoformat() if answered else None,
        "closed": closed.isoformat() if closed else None,
        "days_used": counted.days_used,
        "late": counted.late,
    }


def _ground(code: str, language: str) -> str:
    if code in set(DeclineReason):
        grounds = GROUNDS[DeclineReason(code)]
        return f"{grounds.summary.in_(language)} ({grounds.articles.in_(language)})"
    return words.of(words.GROUNDS, code).in_(language)


_WORDS: Mapping[str, Mapping[str, Text]] = {
    "right": words.RIGHTS,
    "scope": words.SCOPES,
    "capacity": words.CAPACITIES,
    "status": words.STATUSES,
    "outcome": words.OUTCOMES,
    "verified_by": words.METHODS,
}


def _said(name: str, value: Any, language: str) -> str | None:
    """A field as a person reads it."""
    match value:
        case None:
            return None
        case bool():
            return _YES[value].in_(language)
        case str() if name == "ground":
            return _ground(value, language)
        case str() if name in _WORDS:
            return words.of(_WORDS[name], value).in_(language)
    return str(value)


def _csv(
    env: Environment, files: Folder, found: Sequence[dict[str, Any]], first: date, last: date, language: str
) -> None:
    said = ({name: _said(name, value, language) for name, value in line.items()} for line in found)
    _sheet(files, "requests.csv", COLUMNS, said)
    _sheet(files, "processing.csv", processing.COLUMNS, processing.rows(env.policy, env.catalog, language))
    head = {name: Text(nl=name, en=name) for name in ("file", "column", "nl", "en")}
    meant = (
        {"file": file, "column": name, "nl": text.nl, "en": text.en}
        for file, columns in (("requests.csv", COLUMNS), ("processing.csv", processing.COLUMNS))
        for name, text in columns.items()
    )
    _sheet(files, "columns.csv", head, meant)


def _sheet(files: Folder, path: str, columns: Mapping[str, Text], rows: Iterable[Mapping[str, str | None]]) -> None:
    """A table whose first line names the columns; nothing in it is run by a spreadsheet."""

    def lines() -> Iterator[bytes]:
        yield (sheets.BOM + sheets.line(columns)).encode()
        for row in rows:
            values = (row[name] for name in columns)
            yield sheets.line(None if value is None else sheets.harmless(value) for value in values).encode()

    files.put(path, lines())


def _json(
    env: Environment, files: Folder, found: Sequence[dict[str, Any]], first: date, last: date, language: str
) -> None:
    document = {
        "format": "avgflow-requests/1",
        "controller": env.policy.controller.name,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "columns": {name: text.model_dump() for name, text in COLUMNS.items()},
        "requests": found,
    }
    files.put_text("requests.json", json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    files.put_json(
        "processing.json", {"format": "avgflow-processing/1", **processing.document(env.policy, env.catalog)}
    )


_WRITERS = {"csv": _csv, "json": _json}
