"""The task log says nothing that is not on its list, in the words that the register has for the same."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from avgflow.embedded.layout import REPOSITORY
from avgflow.register.names import EventName
from avgflow.register.receipts import Step, event_of
from avgflow_airflow.tasklog import Line, say

PLUGIN = REPOSITORY / "plugins"
THE_LOG = PLUGIN / "avgflow_airflow" / "tasklog.py"
LOGGERS = {"structlog", "logging", "warnings"}
LEVELS = {"debug", "info", "warning", "warn", "error", "exception", "critical", "msg"}


def sources() -> Iterator[Path]:
    """Every file in which a task's code stands."""
    files = [file for folder in (PLUGIN, REPOSITORY / "dags") for file in sorted(folder.rglob("*.py"))]
    assert THE_LOG in files
    yield from (file for file in files if file != THE_LOG)


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def calls(file: Path) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(tree(file)) if isinstance(node, ast.Call))


def modules(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("file", list(sources()), ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_no_task_has_a_logger_of_its_own(file: Path) -> None:
    assert not modules(file) & LOGGERS
    for call in calls(file):
        match call.func:
            case ast.Name(id="print"):
                raise AssertionError(f"{file}:{call.lineno} prints")
            case ast.Attribute(value=ast.Name(id="log" | "logger"), attr=attr) if attr in LEVELS:
                raise AssertionError(f"{file}:{call.lineno} logs by itself")
            case ast.Attribute(value=ast.Attribute(attr="log"), attr=attr) if attr in LEVELS:
                raise AssertionError(f"{file}:{call.lineno} logs as an operator")


@pytest.mark.parametrize("file", list(sources()), ids=lambda file: str(file.relative_to(REPOSITORY)))
def test_every_line_is_one_of_the_list(file: Path) -> None:
    names = {line.name for line in Line}
    for call in calls(file):
        if not (isinstance(call.func, ast.Name) and call.func.id == "say"):
            continue
        match call.args:
            case [ast.Attribute(value=ast.Name(id="Line"), attr=name)]:
                assert name in names, f"{file}:{call.lineno}"
            case [ast.Name(id="line")]:  # made of members, just above
                pass
            case _:
                raise AssertionError(f"{file}:{call.lineno} says what may be anything")


def test_what_the_register_has_a_word_for_is_called_so() -> None:
    events = {event.value: event for event in EventName}
    for line in Line:
        if event := events.get(line.value):
            assert (line.nl, line.en) == (event.nl, event.en)
            assert line.name == event.name
    assert any(line.value in events for line in Line)


def test_what_a_step_does_in_a_store_has_a_line() -> None:
    of_a_store = set(Step) - {Step.HAND_OVER}
    assert {event_of(step).value for step in of_a_store} <= {line.value for line in Line}


def test_no_line_has_two_meanings() -> None:
    assert len({line.value for line in Line}) == len({line.text for line in Line}) == len(Line)
    assert all(line.nl and line.en for line in Line)


def test_a_line_has_its_words_its_code_and_its_facts() -> None:
    with capture_logs() as lines:
        say(Line.TABLE_COLLECTED, store="crm", table="public.note", classes="R2=3", rows=3, milliseconds=4)
        say(Line.CHECK_FAILED, store="crm", check="rows_identical")
        say(Line.MAIL_FAILED, error="SMTPServerDisconnected", code="what a caller calls so does not count")
    facts = {"store": "crm", "table": "public.note", "classes": "R2=3", "rows": 3, "milliseconds": 4}
    assert lines[0] == {
        "event": "Tabel verzameld / table collected",
        "code": "table.collected",
        "log_level": "info",
        **facts,
    }
    assert [(line["code"], line["log_level"]) for line in lines[1:]] == [
        ("check.failed", "error"),
        ("mail.failed", "warning"),
    ]
