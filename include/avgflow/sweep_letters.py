"""The mails about sweeps, to the privacy officer: a question, a report, that one did not go on, that nothing is found.

Figures and names of tables; no personal data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from typing import Any

from avgflow.catalog.models import Catalog, Text
from avgflow.dossier.content import Language
from avgflow.dossier.sweep import Done, Line, lines_of
from avgflow.mail import compose, officer_address, one_line
from avgflow.policy.models import Policy
from avgflow.register.events import SYSTEM
from avgflow.register.sweeps import Found, Sweep, SweepStatus
from avgflow.sweep import words
from avgflow.sweep.caps import Ask
from avgflow.templating import Templates, long_date


@dataclass(frozen=True)
class Writer:
    """Writes the mails about one sweep: what was found, what was done of it, in one language."""

    sweep: Sweep
    found: Sequence[Found]
    done: Done
    catalog: Catalog
    policy: Policy
    templates: Templates
    language: Language = "nl"

    def waiting(self, until: date) -> EmailMessage:
        """What would go, why a human must look, and how to answer; `until`: the last day for it."""
        return self._mail(
            "sweep_waiting",
            Text(nl="Wacht op u: opschonen {number}", en="Waiting for you: {number}"),
            asks=self._asks(),
            rows=self._rows(sum(one.rows for one in self.found)),
            stores=self._by_store(lambda line: line.figures.rows, Text(nl="alleen leegmaken", en="to be emptied only")),
            until=until,
        )

    def report(self) -> EmailMessage:
        """What went, what stayed and why; of a sweep that is at its end, or that a human stopped."""
        stopped = self.sweep.status is SweepStatus.STOPPED
        gone = self._rows(sum(line.gone for line in self._lines))
        subject = (
            Text(nl="Opschonen {number} is gestopt: {rows} weg", en="{number} was stopped: {rows} gone")
            if stopped
            else Text(nl="Opschonen {number}: {rows} weg", en="{number}: {rows} gone")
        )
        return self._mail(
            "sweep_report",
            subject,
            stopped=one_line(self.sweep.stop_asked_by or "") if stopped else "",
            rows=gone,
            gone=self._by_store(lambda line: line.gone, Text(nl="alleen leeggemaakt", en="emptied only")),
            open=self._counted((line, line.open) for line in self._lines),
            left=self._counted((line, line.left) for line in self._lines),
            **self._stays(),
        )

    def refused(self) -> EmailMessage:
        """That it does not go on, refused by a human or for want of an answer."""
        by = self.sweep.decided_by
        return self._mail(
            "sweep_refused",
            Text(nl="Opschonen {number} gaat niet door", en="{number} does not go on"),
            by="" if by in (None, SYSTEM) else one_line(str(by)),
            asks=self._asks(),
            rows=self._rows(sum(one.rows for one in self.found)),
        )

    def failed(self, missing: Sequence[Text], failures: Sequence[str]) -> EmailMessage:
        """That it is not at its end: what is missing, and what the re-count found."""
        return self._mail(
            "sweep_failed",
            Text(nl="Opschonen {number} is niet goed afgelopen", en="{number} did not end well"),
            missing=[one.in_(self.language) for one in missing],
            failures=[one_line(one) for one in failures],
        )

    def quiet(self, weeks: int) -> EmailMessage:
        """That sweeps have found nothing for so many weeks (nextcloud/user_retention#241)."""
        return self._mail(
            "sweep_quiet",
            Text(nl="Opschonen: al {weeks} weken niets gevonden", en="Sweeps: nothing found for {weeks} weeks"),
            weeks=weeks,
            **self._stays(),
        )

    @property
    def _lines(self) -> list[Line]:
        return lines_of(self.found, self.done, self.catalog, self.language)

    def _mail(self, text: str, subject: Text, **values: Any) -> EmailMessage:
        number = one_line(self.sweep.number)
        return compose(
            text,
            subject.in_(self.language).format(number=number, rows=values.get("rows"), weeks=values.get("weeks")),
            self.policy,
            self.language,
            officer_address(self.policy),
            self.templates,
            number=number,
            day=long_date(self.sweep.day, self.language),
            **values,
        )

    def _asks(self) -> list[str]:
        return [words.ask(Ask.from_json(one), self.catalog, self.language) for one in self.sweep.asks or ()]

    def _rows(self, n: int) -> str:
        return words.rows(n, self.language)

    def _by_store(self, rows_of: Callable[[Line], int], emptied: Text) -> list[Mapping[str, Any]]:
        """The lines with rows, by store, each as one sentence; `emptied`: what is said of rows that stay."""
        by_store: dict[str, list[str]] = {}
        for line in self._lines:
            if rows := rows_of(line):
                by_store.setdefault(line.store, []).append(self._sentence(line, rows, emptied))
        return [
            {"title": words.store_title(self.catalog, store).in_(self.language), "lines": lines}
            for store, lines in by_store.items()
        ]

    def _sentence(self, line: Line, rows: int, emptied: Text) -> str:
        nl = self.language == "nl"
        said = f"{self._of(line)}: {self._rows(rows)}"
        figures = line.figures
        if figures.people and rows == figures.rows:
            said += f" {'van' if nl else 'of'} {words.people(figures.people, self.language)}"
        if line.action == "anonymise":
            said += f", {emptied.in_(self.language)}"
        if figures.oldest and figures.newest:
            oldest, newest = (
                long_date(date.fromisoformat(day[:10]), self.language) for day in (figures.oldest, figures.newest)
            )
            between = f"van {oldest} tot en met {newest}" if nl else f"from {oldest} to {newest}"
            began = f"{'op' if nl else 'on'} {oldest}" if oldest == newest else between
            said += f" ({'termijn begonnen' if nl else 'their terms began'} {began})"
        return one_line(said)

    def _of(self, line: Line) -> str:
        return f"{line.title} ({line.record_class})"

    def _counted(self, lines: Iterable[tuple[Line, int]]) -> list[str]:
        placed = ((line, self._placed(line), rows) for line, rows in lines if rows)
        return [one_line(f"{where}: {self._rows(rows)}") for _, where, rows in placed]

    def _placed(self, line: Line) -> str:
        return f"{self._of(line)}, {words.store_title(self.catalog, line.store).in_(self.language)}"

    def _stays(self) -> dict[str, list[str]]:
        because = "omdat" if self.language == "nl" else "because"
        held = [
            one_line(f"{self._placed(line)}: {self._rows(rows)}, {because} {why}")
            for line in self._lines
            for rows, why in line.held
        ]
        return {"held": held, "undated": self._counted((line, line.figures.undated) for line in self._lines)}
