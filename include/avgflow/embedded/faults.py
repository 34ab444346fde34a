"""What can go wrong with the embedded stack, as values with a name."""

from __future__ import annotations

from pathlib import Path

from avgflow.errors import AvgflowError


class StackBusy(AvgflowError):
    """Another `up` or `down` is at work in the same home."""

    def __init__(self, home: Path) -> None:
        super().__init__(f"Another 'avgflow up' or 'avgflow down' is at work in {home}. Wait until it is done.")


class HomeUnusable(AvgflowError):
    """The folders of the stack cannot be made."""

    def __init__(self, home: Path, error: OSError) -> None:
        place = error.filename or home
        super().__init__(f"{place} cannot be used: {error.strerror or error}. Choose another folder with AVGFLOW_HOME.")


class StackKeysLost(AvgflowError):
    """The database is there, the file with its passwords and the register's keys is not."""

    def __init__(self, state: Path, pgdata: Path) -> None:
        super().__init__(
            f"{state} is missing or unreadable while the database {pgdata} exists: its passwords and the register's "
            f"keys are in that file and cannot be made again. Restore it, or remove both to begin anew."
        )


class DatabaseNotMade(AvgflowError):
    """`initdb` failed."""

    def __init__(self, log: Path) -> None:
        super().__init__(f"PostgreSQL's data folder could not be made. {log} says why.")


class ComponentFailed(AvgflowError):
    """A part of the stack did not start or died."""

    def __init__(self, component: str, log: Path) -> None:
        super().__init__(f"The part '{component}' of the stack does not run. {log} says why; then run 'avgflow up'.")
        self.component = component


class MigrationFailed(AvgflowError):
    """A database could not be brought to the schema that this version needs."""

    def __init__(self, database: str, log: Path) -> None:
        super().__init__(f"The database '{database}' could not be brought up to date. {log} says why.")


class StackWouldNotStop(AvgflowError):
    """Processes are left even after SIGKILL (for example in an uninterruptible wait on a disk)."""

    def __init__(self, pids: list[int]) -> None:
        super().__init__(
            f"Processes of the stack are still there: {', '.join(map(str, pids))}. Run 'avgflow down' again."
        )


class StackDown(AvgflowError):
    """The stack, or a part of it, does not run."""

    def __init__(self, broken: dict[str, str]) -> None:
        parts = ", ".join(f"{name}: {state}" for name, state in broken.items())
        super().__init__(
            f"The embedded stack does not run completely ({parts}). Start what is missing with 'avgflow up'."
            if parts
            else "The embedded stack is not running. Start it with 'avgflow up'."
        )
