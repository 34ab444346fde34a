"""Airflow's own record of runs, and their logs: from when on they stay, and deleting the files.

What is still at work keeps everything from its beginning on: a request that waits for a human for months needs its run,
with the question in it, and whoever mends a stopped one needs its log.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from avgflow.errors import AvgflowError
from avgflow.handling.environment import Environment
from avgflow.housekeeping.found import Failed
from avgflow.policy.periods import most_days
from avgflow.register.database import transaction
from avgflow.register.requests import Status
from avgflow.register.schema import request

SLACK = timedelta(days=1)
"""A run may be older than its request's first event by the clock of another machine."""


class CutOffInTheFuture(AvgflowError):
    """Airflow was to be cleaned of what is not old: its own heartbeats would go, and it would end."""

    def __init__(self) -> None:
        super().__init__("The cut-off for Airflow's data lies in the future. Check the clock of this machine.")


@dataclass(frozen=True)
class CutOff:
    """What is older goes. `held_by`: the open request that keeps what came after it, where one does."""

    at: datetime
    held_by: str | None = None


def cut_off(env: Environment, period: str, now: datetime | None = None) -> CutOff:
    """The moment before which runs and logs go: the term ago, or where that is earlier, before the oldest request that
    is not closed came in.
    """
    moment = now or datetime.now(UTC)
    # In the longest months and years, so that nothing goes a day early.
    at = moment - timedelta(days=most_days(period) + 1)
    open_ = select(request.c.number, request.c.registered_at).where(request.c.status != Status.CLOSED.value)
    with transaction(env.register) as register:
        oldest = register.execute(open_.order_by(request.c.registered_at).limit(1)).one_or_none()
    if at >= moment:
        raise CutOffInTheFuture
    if oldest is not None and oldest.registered_at - SLACK < at:
        return CutOff(oldest.registered_at - SLACK, oldest.number)
    return CutOff(at)


@dataclass(frozen=True)
class Logs:
    """How many log files went, or would go, and which could not."""

    files: int
    failed: Sequence[Failed]


def old_logs(folder: Path, before: datetime) -> Sequence[Path]:
    """The files of a folder, and of those in it, that were last written before a moment; links are not followed."""
    return [file for file in _below(folder) if _is_old(file, before)]


def delete_logs(folder: Path, before: datetime) -> Logs:
    """Delete the log files that were last written before a moment, and the folders that hold nothing then. `db clean`
    never touches a file.
    """
    files, failed = 0, []
    # Before: deleting a file touches its folder.
    stale = [Path(path) for path, _, _ in os.walk(folder, topdown=False) if _is_old(Path(path), before)]
    for file in old_logs(folder, before):
        try:
            file.unlink(missing_ok=True)
            files += 1
        except OSError as fault:
            failed.append(Failed(str(file.relative_to(folder)), errno.errorcode.get(fault.errno or 0, "OSError")))
    for one in stale:
        if one != folder:
            _drop_if_empty(one)
    _drop_broken_links(folder)
    return Logs(files, failed)


def _below(folder: Path) -> Iterator[Path]:
    for path, _, names in os.walk(folder):
        yield from (Path(path, name) for name in names)


def _is_old(file: Path, before: datetime) -> bool:
    try:
        return datetime.fromtimestamp(file.lstat().st_mtime, UTC) < before
    except FileNotFoundError:
        return False


def _drop_broken_links(top: Path) -> None:
    """Take away links to folders that have gone, such as `latest` of the reading of DAGs."""
    for path, folders, names in os.walk(top):
        for link in (Path(path, name) for name in (*folders, *names)):
            if link.is_symlink() and not link.exists():
                link.unlink(missing_ok=True)


def _drop_if_empty(folder: Path) -> None:
    """Take away a folder that nobody has touched for long; a task that begins in it now keeps it."""
    try:
        folder.rmdir()
    except OSError as fault:
        if fault.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.EACCES, errno.EPERM):
            raise
