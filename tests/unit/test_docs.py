"""What README and docs say can be followed: links lead somewhere, commands and their options exist, so do variables."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from avgflow.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "benchmarks").glob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
VARIABLE = re.compile(r"\bAVGFLOW_[A-Z_]+[A-Z]\b")
TEST = re.compile(r"\btest_[a-z0-9_]+\.py\b")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@cache
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchor(heading: str) -> str:
    """As a Markdown viewer makes it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {anchor(line.lstrip("#")) for line in FENCE.sub("", text(page)).splitlines() if line.startswith("#")}


def commands(page: Path) -> Iterator[str]:
    """Every `avgflow …` that a page shows, without what is printed or said beside it."""
    shown = [line for block in FENCE.findall(text(page)) for line in block.splitlines()]
    shown += INLINE.findall(FENCE.sub("", text(page)))
    for line in shown:
        if re.match(r"\s*(\.venv/bin/)?avgflow ", line):
            yield re.split(r"\s{2,}|;|\||\s\[|…|\)\s|#", line.strip())[0]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_each_link_leads_somewhere(page: Path) -> None:
    lost = []
    for target in LINK.findall(text(page)):
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, heading = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (heading and there.suffix == ".md" and heading not in anchors(there)):
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_each_command_exists_with_its_options(page: Path) -> None:
    unknown = [f"{command}: {fault}" for command in commands(page) if (fault := fault_of(command))]
    assert unknown == []


def fault_of(command: str) -> str | None:
    """What is wrong with a command as it is written; nothing for one that exists."""
    try:
        _, *words = shlex.split(command)
    except ValueError:
        return None  # the middle of a sentence
    at: Any = typer.main.get_command(app)
    while words and hasattr(at, "commands") and not words[0].startswith("-"):
        word = words.pop(0)
        if word not in at.commands:
            # A list of sub commands (`show|approve`) or a gap stands for each of them.
            return None if re.fullmatch(r"[A-Z.]+", word) else f"no command {word}"
        at = at.commands[word]
    known = {option for parameter in at.params for option in (*parameter.opts, *parameter.secondary_opts)}
    wrong = [word for word in words if re.fullmatch(r"--?[a-z][a-z-]*", word) and word not in {*known, "--help"}]
    return f"no option {', '.join(wrong)}" if wrong else None


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_each_variable_is_read_somewhere(page: Path) -> None:
    sources = "".join(
        file.read_text(encoding="utf-8")
        for folder in ("include", "plugins", "dags", "config", "tests", "benchmarks")
        for file in (ROOT / folder).rglob("*.py")
        if file != Path(__file__)
    ).lower()
    sources += text(ROOT / "docker-compose.yaml").lower()
    missing = {
        name
        for name in VARIABLE.findall(text(page))
        if name.lower() not in sources and name.removeprefix("AVGFLOW_").lower() not in sources
    }
    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_each_named_test_exists(page: Path) -> None:
    there = {file.name for file in (ROOT / "tests").rglob("test_*.py")}
    assert set(TEST.findall(text(page))) - there == set()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_each_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text(ROOT / "Makefile"), re.MULTILINE))
    asked = {
        target
        for line in [*INLINE.findall(text(page)), *("\n".join(FENCE.findall(text(page))).splitlines())]
        if (found := re.match(r"\s*make((?: [a-z-]+)+)(?:\s{2,}|$|\s#)", line))
        for target in found.group(1).split()
    }
    assert asked - targets == set()
