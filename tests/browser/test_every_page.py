"""Every page: what an auditor sees and cannot do, and how it looks, to eyes and to axe-core."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_world import NUMBERS, SIZES, SWEPT, Visitor, faults, happened
from conftest import LogIn

from avgflow.demo.truth import SubjectTruth
from avgflow.embedded.stack import Status
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.settings import engine
from avgflow_airflow.web.app import create_app

LISTS = ("/", "/?stage=all&sort=number", "/new", "/sweeps", "/holds", "/restrictions", "/withholdings", "/recipients",
         "/suppressions", "/breaches")  # fmt: skip

LOOKS = [("desktop", "light", "nl"), ("telephone", "dark", "en")]
"""At which width, in which light, in which language axe-core looks at each page: at each of them once, for it takes
long."""

OTHER_LOOKS = [("desktop", "dark", "en"), ("telephone", "light", "nl")]
"""With those above every language and every light comes at every width."""


def test_the_auditor_reads_everything_but_the_person_and_changes_nothing(
    as_: LogIn, stack: Status, people: list[SubjectTruth]
) -> None:
    auditor = as_("auditor")
    pages = [f"/requests/{number}" for number in NUMBERS.values()]
    pages += [f"/requests/{NUMBERS['erasure']}/run", f"/requests/{NUMBERS['access']}/evidence/1"]
    known = [value.lower() for one in people[:8] for value in one.identifiers.values() if "@" in value]
    for path in (*(path for path in LISTS if path != "/new"), *pages):
        auditor.open(path)
        assert auditor.page.locator("form[method=post]:not([action$='/dossier'])").count() == 0, path
        text = auditor.page.content().lower()
        assert not [value for value in known if value in text], path

    before = _last(stack)
    for route in create_app().routes:
        if "POST" in getattr(route, "methods", ()) and not route.path.endswith("/dossier"):  # type: ignore[attr-defined]
            path = route.path.replace("{number}", NUMBERS["access"]).replace("{sweep}", "sweep-2026-00001")  # type: ignore[attr-defined]
            path = re.sub(r"\{(hold|breach|withheld|place)\}", "1", path).replace("{recipient}", "ict-supplier")
            answer = auditor.context.request.post(f"{auditor.url}/avgflow{path}", form={"form_token": "0" * 64})
            # A portal's own way in takes no cookie at all, whoever's it is.
            assert answer.status == (401 if path.startswith("/api/") else 403), path
    assert auditor.open("/new").locator("h1").inner_text() == "Dat mag u niet"
    assert _last(stack) == before


def test_the_auditor_takes_the_dossier_along(as_: LogIn, stack: Status, tmp_path: Path) -> None:
    auditor = as_("auditor")
    auditor.open(f"/requests/{NUMBERS['erasure']}")
    with auditor.page.expect_download() as taken:
        auditor.page.get_by_role("button", name="Haal het dossier op").click()
    file = tmp_path / taken.value.suggested_filename
    taken.value.save_as(file)
    shutil.unpack_archive(file, tmp_path)
    checked = subprocess.run(
        [sys.executable, "verify.py"], cwd=tmp_path / file.stem, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert happened(stack, NUMBERS["erasure"], EventName.DOSSIER_EXPORTED) == ["auditor"]


@pytest.mark.parametrize(("size", "scheme", "language"), LOOKS)
def test_axe_finds_nothing_serious_and_all_has_room(
    as_: LogIn, shots: Path | None, size: str, scheme: str, language: str
) -> None:
    officer = as_("officer", viewport=SIZES[size], color_scheme=scheme)
    for name in _each(officer, language):
        assert faults(officer.page) == [], name
        _has_room(officer, name)
        _keep(officer, shots, f"{size}-{scheme}-{language}-{name}")


@pytest.mark.parametrize(("size", "scheme", "language"), OTHER_LOOKS)
def test_all_has_room(as_: LogIn, shots: Path | None, size: str, scheme: str, language: str) -> None:
    officer = as_("officer", viewport=SIZES[size], color_scheme=scheme)
    for name in _each(officer, language):
        _has_room(officer, name)
        _keep(officer, shots, f"{size}-{scheme}-{language}-{name}")


def _each(officer: Visitor, language: str) -> Iterator[str]:
    """Open every page in turn, and what is shown only where somebody asks; the name of what is open."""
    officer.open(f"/?lang={language}")
    erasure = f"/requests/{NUMBERS['erasure']}"
    pages = (*LISTS, *(f"/requests/{number}" for number in NUMBERS.values()), f"{erasure}/run", f"{erasure}/run/plan/1",
             f"{erasure}/evidence/1", *(f"/sweeps/{sweep}" for sweep in SWEPT), "/breaches/1", "/nowhere")  # fmt: skip
    for path in pages:
        officer.open(path)
        yield path
    # What is shown only where somebody asks for it, and what a page says where something is refused.
    for path, form, name in (
        (f"/requests/{NUMBERS['access']}", "person", "shown-person"),
        (f"/requests/{NUMBERS['access']}", "passphrase", "shown-passphrase"),
        (f"/requests/{NUMBERS['choice']}", "candidates", "shown-candidates"),
        (f"/requests/{NUMBERS['erasure']}", "mentions", "shown-mentions"),
        ("/breaches/1", "show", "shown-breach"),
        ("/sweeps", "preview", "shown-preview"),
        (f"/requests/{NUMBERS['choice']}", "choose", "refused-choice"),
    ):
        officer.open(path)
        if form == "choose":
            officer.page.fill("#persons", "99")
        officer.page.locator(f"form[action$='/{form}'] button").first.click()
        officer.page.wait_for_load_state()
        assert officer.page.locator(".shown, .note.bad, #counted").count(), name
        yield name
    officer.open("/new")
    officer.page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    officer.page.fill("#email", "wie@")
    officer.page.locator("form").evaluate("form => { form.noValidate = true }")
    officer.page.locator("button.main").click()
    officer.page.wait_for_load_state()
    yield "refused-new"


def _keep(officer: Visitor, shots: Path | None, name: str) -> None:
    if shots is not None:
        file = re.sub(r"[/?&]+", "_", name).strip("_")
        officer.page.screenshot(path=shots / f"{file}.png", full_page=True)


def _has_room(visitor: Visitor, path: str) -> None:
    """Nothing makes the page wider than the screen, and nothing reaches beyond its own form, over the next one."""
    wide = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{path} is {wide} pixels too wide"
    beyond = visitor.page.evaluate("""[...document.querySelectorAll('form')].flatMap(form => {
      const edge = form.getBoundingClientRect().right + 1
      return [...form.querySelectorAll('select, input, textarea, button')]
        .filter(one => one.getBoundingClientRect().right > edge).map(one => one.name || one.innerText)
    })""")
    assert beyond == [], f"{path}: beyond its form: {beyond}"


def _last(stack: Status) -> int:
    """The number of events on the register."""
    with transaction(engine(stack.as_json()["register"])) as register:
        return int(register.exec_driver_sql("SELECT last_id FROM chain_head").scalar_one())
