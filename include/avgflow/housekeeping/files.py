"""The files of requests: packages once they were delivered and their term has passed, and what is left of the work.

Files go first, the word on the register after: what the register calls gone is gone. A run that is killed between the
two finds nothing to do the next night; that the files are gone is true all the same.
"""

from __future__ import annotations

import errno
import re
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from avgflow import workfile
from avgflow.catalog.models import Text
from avgflow.fields import AMSTERDAM
from avgflow.handling.environment import Environment
from avgflow.housekeeping import objects
from avgflow.housekeeping.found import Failed, Found, Gone, Part
from avgflow.intake import day_in_amsterdam
from avgflow.policy.periods import last_day
from avgflow.register import events
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Outcome
from avgflow.register.schema import closed_request, request
from avgflow.workfile import UNFINISHED

PACKAGES, WORK_FILES = "packages", "work_files"
TITLES = {
    PACKAGES: Text(nl="bestanden van pakketten", en="files of packages"),
    WORK_FILES: Text(nl="werkbestanden", en="work files"),
}
_SEALED = ".sealed"
_NUMBER = re.compile(r"AVG-\d{4}-\d{5,}")


@dataclass
class _Look:
    """What is due, by kind: each file with its request and the day from which its term counts."""

    due: list[tuple[str, str, Path, date]] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)


def preview(env: Environment, today: date | None = None) -> Found:
    """What would go; nothing is touched."""
    day = today or day_in_amsterdam()
    look = _look(env, day)
    return _found(env, look, [(kind, day) for kind, _, _, day in look.due], objects.preview(env, day))


def run(env: Environment, today: date | None = None) -> Found:
    """Delete the files that are past their term, with an event for each request; what cannot be deleted is named."""
    look = _look(env, today or day_in_amsterdam())
    linked = objects.run(env, today or day_in_amsterdam())
    gone: list[tuple[str, date]] = []
    told: Counter[tuple[str, str]] = Counter()
    for kind, number, file, day in look.due:
        try:
            with workfile.changing(env.settings.work / number / file.name):
                file.unlink(missing_ok=True)
        except OSError as fault:
            look.failed.append(Failed(f"{number}: {_shown(file)}", _why(fault)))
            continue
        gone.append((kind, day))
        told[number, kind] += 1
    for number in sorted({number for number, _ in told}):
        _drop_empty(env.settings.work / number)
        with transaction(env.register) as register:
            for kind in (PACKAGES, WORK_FILES):
                if told[number, kind]:
                    detail = {"what": kind, "count": told[number, kind]}
                    events.append(register, env.keyring, EventName.DATA_LET_GO, number, detail=detail)
    return _found(env, look, gone, linked)


def left(env: Environment, number: str) -> bool:
    """Whether files of a request are there still."""
    folder = env.settings.work / number
    return folder.exists() and any(_files(folder))


def _look(env: Environment, today: date) -> _Look:
    look, work, terms = _Look(), env.settings.work, env.policy.housekeeping
    if not work.exists():
        return look
    known, closed = _requests(env)
    for folder in sorted(work.iterdir()):
        number = folder.name
        if not _NUMBER.fullmatch(number) or number not in known:
            if _NUMBER.fullmatch(number):
                look.failed.append(Failed(number, "this request is not on the register; look whose files these are"))
            continue
        try:
            files = sorted(_files(folder))
        except OSError as fault:
            look.failed.append(Failed(number, _why(fault)))
            continue
        for file in files:
            kind = WORK_FILES if _is_work(file) else PACKAGES
            day = _counts_from(kind, file, closed.get(number))
            if day is None:
                if kind == PACKAGES and number in closed:
                    look.failed.append(Failed(f"{number}: {_shown(file)}", "no delivery of it is on the register"))
            elif past(terms.packages if kind == PACKAGES else terms.work_files, day, today):
                look.due.append((kind, number, file, day))
    return look


def _requests(env: Environment) -> tuple[set[str], Mapping[str, Row[Any]]]:
    with transaction(env.register) as register:
        known = set(register.execute(select(request.c.number)).scalars())
        closed = {row.number: row for row in register.execute(select(closed_request))}
    return known, closed


def _counts_from(kind: str, file: Path, closed: Row[Any] | None) -> date | None:
    """The day from which a file's term counts; None where that has not come."""
    if closed is None or closed.closed_on is None:
        # What is not whole was left by a process that was killed; a day's grace is in the term.
        unfinished = file.name.endswith(UNFINISHED)
        return datetime.fromtimestamp(file.lstat().st_mtime, UTC).astimezone(AMSTERDAM).date() if unfinished else None
    closed_on: date = closed.closed_on
    if kind == WORK_FILES:
        return closed_on
    if closed.delivered_on is not None:
        delivered_on: date = closed.delivered_on
        return max(closed_on, delivered_on)
    # What was made before the person took the request back went to nobody.
    return closed_on if closed.outcome == Outcome.WITHDRAWN else None


def past(period: str, day: date, today: date) -> bool:
    """Whether the last day of a term that counts from a day lies before today."""
    last = last_day(period, day)
    return last is not None and last < today


def _found(env: Environment, look: _Look, gone: list[tuple[str, date]], linked: objects.Cleaned) -> Found:
    terms = env.policy.housekeeping
    days = {kind: [day for one, day in gone if one == kind] for kind in TITLES}
    return Found(
        Part.FILES,
        [
            Gone(kind, title, len(days[kind]), min(days[kind], default=None), max(days[kind], default=None))
            for kind, title in TITLES.items()
        ]
        + [linked.gone],
        failed=(*look.failed, *linked.failed),
        terms={PACKAGES: terms.packages, WORK_FILES: terms.work_files},
    )


def _files(folder: Path) -> Iterator[Path]:
    """Everything below a folder that is no folder; links are not followed."""
    if not stat.S_ISDIR(folder.lstat().st_mode):
        yield folder
        return
    for entry in folder.iterdir():
        yield from _files(entry)


def _drop_empty(folder: Path) -> None:
    """Take away folders that hold nothing any more; one that is filled meanwhile stays."""
    if folder.is_symlink() or not folder.is_dir():
        return
    for entry in folder.iterdir():
        _drop_empty(entry)
    try:
        folder.rmdir()
    except OSError as fault:
        if fault.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.EACCES, errno.EPERM):
            raise


def _is_work(file: Path) -> bool:
    return file.name.endswith((_SEALED, UNFINISHED))


def _shown(file: Path) -> str:
    """What a file is, without its name: that could be anything."""
    return f"a file *{file.suffix}" if re.fullmatch(r"\.[a-z]{1,8}", file.suffix) else "a file"


def _why(fault: OSError) -> str:
    return errno.errorcode.get(fault.errno or 0, type(fault).__name__)
