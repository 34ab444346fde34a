"""Jinja2 templates, sandboxed: a template that a company edits can show what it is given, and reach nothing else."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM
from avgflow.settings import INCLUDE

_FOLDER = INCLUDE / "templates"
MONTHS = {
    "nl": (
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}


class WrongTemplate(AvgflowError):
    """A template cannot be used; the message names it and what is wrong, never what it was given."""


def long_date(day: date, language: str) -> str:
    """A day as people write it: `3 maart 2026`, `3 March 2026`."""
    return f"{day.day} {MONTHS['en' if language == 'en' else 'nl'][day.month - 1]} {day.year}"


def long_time(moment: str, language: str = "nl") -> str:
    """An ISO 8601 moment in Dutch time, to the second: `25 november 2026, 14:05:12`; other text as it is."""
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    if at.tzinfo is not None:
        at = at.astimezone(AMSTERDAM)
    return f"{long_date(at.date(), language)}, {at:%H:%M:%S}"


def short_time(moment: str) -> str:
    """An ISO 8601 moment in Dutch time, for a table: `25-11-2026 14:05:12`; a day as `25-11-2026`."""
    at = datetime.fromisoformat(moment)
    if at.tzinfo is None:
        return f"{at:%d-%m-%Y}"
    return f"{at.astimezone(AMSTERDAM):%d-%m-%Y %H:%M:%S}"


@cache
def _environment(folder: Path) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(long_date=long_date, long_time=long_time, short_time=short_time)
    return environment


class Templates:
    """The templates of one folder. Text is left as it is, `*.html` is escaped; an unknown name is a fault."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self.folder = folder
        self._environment = _environment(folder)

    def read_all(self) -> None:
        """Read all of them now; one that is changed later is read again when it is used."""
        for name in self._environment.list_templates(extensions=["txt", "html"]):
            self._environment.get_template(name)

    def text(self, name: str, **values: Any) -> str:
        """One template filled in; `WrongTemplate` where it is missing, broken or asks for what there is not."""
        try:
            return self._environment.get_template(name).render(**values)
        except TemplateError as wrong:
            line = getattr(wrong, "lineno", None)
            place = f"{name}:{line}" if line else name
            raise WrongTemplate(
                f"The template {place} cannot be used ({type(wrong).__name__}). Correct it in {self.folder.name}/."
            ) from None
