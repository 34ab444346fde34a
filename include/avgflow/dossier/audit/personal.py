"""The last look before a dossier is issued: nothing in it may name the person.

Nothing that goes into it should: this is for what nobody foresaw, such as a log line of another's operator.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from avgflow.airflow_runs import Run, Task, Try
from avgflow.dossier.audit.runs import Airflow
from avgflow.errors import AvgflowError
from avgflow.intake import Subject
from avgflow.plan import Plan

SHORTEST = 6
"""Characters: a shorter value stands in other words by chance."""


class PersonalDataFound(AvgflowError):
    """A file of the dossier names the person."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"The dossier was not issued: {path} would have held data of the person. Report this as a fault of avgflow."
        )


@dataclass(frozen=True)
class Personal:
    """What names a person; its text form shows nothing."""

    pattern: re.Pattern[str] | None

    def __repr__(self) -> str:
        return "Personal(…)"

    @classmethod
    def of(cls, subject: Subject, plans: Iterable[Plan], staff: Collection[str]) -> Personal:
        """What the request gave and the stores hold of the person; less what is a login of staff who worked on it."""
        values = {subject.email, subject.phone or "", *subject.identifiers.values(), *_names(subject)}
        for plan in plans:
            values |= {value for held in plan.footprint.held.values() for value in held}
        logins = {login.casefold() for login in staff}
        wanted = {
            value.strip()
            for value in values
            if len(value.strip()) >= SHORTEST and value.strip().casefold() not in logins
        }
        forms = {form for value in wanted for form in (value, html.escape(value), json.dumps(value)[1:-1])}
        if not forms:
            return cls(None)
        longest_first = sorted(forms, key=len, reverse=True)
        # A value within a longer word or number is another value.
        joined = "|".join(map(re.escape, longest_first))
        return cls(re.compile(rf"(?<![0-9A-Za-z])(?:{joined})(?![0-9A-Za-z])", re.IGNORECASE))

    def names(self, text: str) -> bool:
        """Whether a text names the person."""
        return self.pattern is not None and self.pattern.search(text) is not None

    def without(self, airflow: Airflow) -> Airflow:
        """Airflow's runs, less the logs that name the person: these are withheld, and said to be."""
        return replace(airflow, runs=tuple(map(self._run, airflow.runs)))

    def _run(self, run: Run) -> Run:
        return replace(run, tasks=tuple(map(self._task, run.tasks)))

    def _task(self, task: Task) -> Task:
        return replace(task, tries=tuple(map(self._try, task.tries)))

    def _try(self, one: Try) -> Try:
        if one.log is not None and any(self.names(json.dumps(line, ensure_ascii=False)) for line in one.log):
            return replace(one, log=None, withheld=True)
        return one

    def refuse(self, folder: Path) -> None:
        """`PersonalDataFound` where a file of a folder names the person."""
        for file in sorted(folder.rglob("*")):
            if file.is_file() and self.names(file.read_text(encoding="utf-8")):
                raise PersonalDataFound(file.relative_to(folder).as_posix())


def _names(subject: Subject) -> Iterator[str]:
    """A name of one word alone stands in other texts by chance."""
    for name in (subject.name, subject.person_name):
        if name and len(name.split()) > 1:
            yield name
    if subject.person_email:
        yield subject.person_email
