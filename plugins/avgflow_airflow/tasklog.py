"""What a task's log can say: one list, and the one function that says it.

A line has the words of the register's event for the same thing, Dutch first, the event's name as `code`, and facts as
fields: numbers of requests, names of stores, tables and columns, record classes, counts, milliseconds, digests. A test
reads the plugin's code, so that no other message gets in.
"""

from __future__ import annotations

import time

import structlog

from avgflow.register.names import Bilingual, EventName

_log = structlog.get_logger("avgflow")


def _of(event: EventName) -> tuple[str, str, str]:
    return event.value, event.nl, event.en


class Line(Bilingual):
    """Everything that a task's log can say, by the code that is written with it."""

    REQUEST_VERIFIED = _of(EventName.REQUEST_VERIFIED)
    REQUEST_IDENTIFIED = _of(EventName.REQUEST_IDENTIFIED)
    REQUEST_WAITING = _of(EventName.REQUEST_WAITING)
    REQUEST_STOPPED = _of(EventName.REQUEST_STOPPED)
    REQUEST_CLOSED = _of(EventName.REQUEST_CLOSED)

    PLAN_MADE = _of(EventName.PLAN_MADE)
    PLAN_APPROVED = _of(EventName.PLAN_APPROVED)
    OBJECTION_WEIGHED = _of(EventName.OBJECTION_WEIGHED)

    SUPPRESSION_ADDED = _of(EventName.SUPPRESSION_ADDED)
    RESTRICTION_LIFTED = _of(EventName.RESTRICTION_LIFTED)

    STORE_COLLECTED = _of(EventName.STORE_COLLECTED)
    STORE_ERASED = _of(EventName.STORE_ERASED)
    STORE_STOPPED = _of(EventName.STORE_STOPPED)
    STORE_CORRECTED = _of(EventName.STORE_CORRECTED)
    STORE_RESTRICTED = _of(EventName.STORE_RESTRICTED)
    STORE_REPLAYED = _of(EventName.STORE_REPLAYED)

    SWEEP_PREVIEWED = _of(EventName.SWEEP_PREVIEWED)
    SWEEP_WAITING = _of(EventName.SWEEP_WAITING)
    SWEEP_APPROVED = _of(EventName.SWEEP_APPROVED)
    SWEEP_REFUSED = _of(EventName.SWEEP_REFUSED)
    STORE_SWEPT = _of(EventName.STORE_SWEPT)
    SWEEP_STOPPED = _of(EventName.SWEEP_STOPPED)
    SWEEP_PROVEN = _of(EventName.SWEEP_PROVEN)
    SWEEP_NOT_PROVEN = _of(EventName.SWEEP_NOT_PROVEN)
    SWEEP_ENDED = _of(EventName.SWEEP_ENDED)

    CHECK_PASSED = _of(EventName.CHECK_PASSED)
    CHECK_FAILED = _of(EventName.CHECK_FAILED)
    REDACTION_MADE = _of(EventName.REDACTION_MADE)

    ANSWER_MADE = _of(EventName.ANSWER_MADE)
    MAIL_ACCEPTED = _of(EventName.MAIL_ACCEPTED)
    MAIL_FAILED = _of(EventName.MAIL_FAILED)
    WATCH_RAN = _of(EventName.WATCH_RAN)

    DATA_LET_GO = _of(EventName.DATA_LET_GO)
    HOUSEKEEPING_DONE = _of(EventName.HOUSEKEEPING_DONE)

    # Finer than the register, which has one event for a store:
    TABLE_COLLECTED = "table.collected", "Tabel verzameld", "Table collected"
    TABLE_DONE = "table.done", "Tabel verwerkt", "Table done"
    ROWS_COUNTED = "rows.counted", "Rijen geteld die te lang bewaard zijn", "Rows counted that are past their term"
    ROWS_DONE = "rows.done", "Rijen verwerkt", "Rows done"
    CHECKS_DONE = "checks.done", "Alles nagemeten", "All checked"

    # Of the housekeeping:
    CASE_FILE_KEPT = "case_file.kept", "Dossier blijft", "Case file stays"
    DATA_LEFT = "data.left", "Niet gewist", "Not deleted"
    AIRFLOW_CLEANED = "airflow.cleaned", "Tabel van Airflow opgeruimd", "Table of Airflow cleaned"
    AIRFLOW_KEPT = "airflow.kept", "Oude runs blijven: er loopt nog iets", "Old runs stay: something is at work"
    AIRFLOW_ELSEWHERE = "airflow.elsewhere", "Airflow wordt elders opgeruimd", "Airflow is cleaned elsewhere"

    FIGURES_GIVEN = "figures.given", "Cijfers doorgegeven", "Figures given"

    # Of the task itself, and not of the request:
    TASK_PAUSED = "task.paused", "Wacht", "Waiting"
    TASK_ENDED = "task.ended", "Hier gebeurt niets meer", "Nothing more is done"
    TASK_RETRIED = "task.retried", "Later opnieuw", "To be tried again"
    TASK_FAULTED = "task.faulted", "Onverwachte fout", "Unexpected fault"
    ANSWER_UNFIT = "answer.unfit", "Antwoord past niet bij de vraag", "Answer does not fit the question"
    MAIL_REFUSED = "mail.refused", "Mail geweigerd", "Mail refused"
    REGISTER_UNREACHABLE = "register.unreachable", "Register onbereikbaar", "Register unreachable"

    @property
    def text(self) -> str:
        """As it stands in the log: `Plan gemaakt / plan made`."""
        return f"{self.nl} / {self.en[0].lower()}{self.en[1:]}"


_WARNINGS = {Line.TASK_RETRIED, Line.ANSWER_UNFIT, Line.MAIL_FAILED, Line.REGISTER_UNREACHABLE}
_ERRORS = {
    Line.REQUEST_STOPPED,
    Line.CHECK_FAILED,
    Line.SWEEP_NOT_PROVEN,
    Line.DATA_LEFT,
    Line.TASK_FAULTED,
    Line.MAIL_REFUSED,
}


def say(line: Line, /, **facts: object) -> None:
    """Write one line to the task's log; `facts` are its fields, without any value of any row."""
    write = _log.error if line in _ERRORS else _log.warning if line in _WARNINGS else _log.info
    write(line.text, **{**facts, "code": line.value})


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    @property
    def milliseconds(self) -> int:
        return round((time.perf_counter() - self._began) * 1000)
