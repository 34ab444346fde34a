"""The privacy officer's day in a browser, under the real Airflow: asked, carried out, refused, approved, proven."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from browser_world import SCHEMES, SIZES, Visitor, faults
from conftest import LogIn

from avgflow.demo.truth import SubjectTruth
from avgflow.embedded.stack import Status
from avgflow.register import approvals, events
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.settings import engine
from avgflow_airflow.web.app import create_app

NUMBERS: dict[str, str] = {}
"""The requests that the tests made, in the order of this file, by what they are about."""

LISTS = ("/", "/?stage=all&sort=number", "/new", "/sweeps", "/holds", "/restrictions", "/recipients", "/suppressions",
         "/breaches")  # fmt: skip


def happened(stack: Status, number: str, name: EventName) -> list[str]:
    """Who did what a request's events of a name tell of."""
    with transaction(engine(stack.as_json()["register"])) as register:
        return [event.actor for event in events.history(register, number) if event.name == name]


def email_of(one: SubjectTruth) -> str:
    return one.identifiers["email"]


def test_airflow_leads_to_the_page(as_: LogIn) -> None:
    officer = as_("officer")
    officer.page.goto(officer.url)
    officer.page.locator("nav, body").get_by_text("Verzoekenregister", exact=True).first.click()
    within = officer.page.frame_locator("iframe[title=Verzoekenregister]")
    within.get_by_role("link", name="Nieuw verzoek").click()
    within.get_by_role("heading", name="Nieuw verzoek").wait_for()
    assert not within.get_by_role("link", name="Airflow").count()


def test_an_inzage_from_the_form_to_the_passphrase(as_: LogIn, stack: Status, people: list[SubjectTruth]) -> None:
    officer = as_("officer")
    number = NUMBERS["access"] = officer.register("access", email_of(people[0]), "portal-login")
    officer.until("ingewilligd")

    officer.page.get_by_role("link", name="Bewijs van volledigheid").click()
    proof = officer.page.frame_locator("iframe.proof")
    proof.locator("h1").first.wait_for()
    assert number in proof.locator("body").inner_text()

    officer.open(f"/requests/{number}")
    assert not officer.page.locator(".phrase").count()
    officer.click("Toon de wachtzin")
    assert len(officer.page.locator(".phrase").inner_text().split("-")) == 7
    assert happened(stack, number, EventName.PASSPHRASE_SHOWN) == ["officer"]
    officer.open(f"/requests/{number}")
    assert not officer.page.locator(".phrase").count()
    assert officer.refused == []


def test_an_erasure_whose_plan_is_refused(as_: LogIn, stack: Status, people: list[SubjectTruth]) -> None:
    officer = as_("officer")
    number = NUMBERS["refused"] = officer.register("erasure", email_of(people[1]))
    officer.until("wacht op goedkeuring")
    assert officer.page.get_by_role("heading", name="Wat er gebeurt").count()
    assert "wissen" in officer.page.locator("section[aria-labelledby=plan]").inner_text()
    officer.click("Keur dit plan af")
    officer.until("gestopt")
    assert happened(stack, number, EventName.PLAN_REFUSED) == ["officer"]
    assert happened(stack, number, EventName.STORE_ERASED) == []


def test_an_erasure_that_another_user_approves(as_: LogIn, stack: Status, people: list[SubjectTruth]) -> None:
    officer, approver = as_("officer"), as_("approver")
    number = NUMBERS["erasure"] = officer.register("erasure", email_of(people[2]))
    officer.until("wacht op goedkeuring")
    name = officer.page.locator("section[aria-labelledby=plan] .mono").first.inner_text()

    approver.open(f"/requests/{number}")
    assert not approver.page.get_by_role("button", name="Stop het werk aan dit verzoek").count()
    approver.click("Keur dit plan goed")
    approver.until("ingewilligd")
    with transaction(engine(stack.as_json()["register"])) as register:
        said = approvals.said(register, number)
    assert [(one.actor, one.approved, one.digest[:12]) for one in said] == [("approver", True, name)]

    approver.page.get_by_role("link", name="Bewijs van wissen").click()
    approver.page.frame_locator("iframe.proof").locator("h1").first.wait_for()
    assert (officer.refused, approver.refused) == ([], [])


def test_what_is_wrong_stands_at_its_field(as_: LogIn, people: list[SubjectTruth]) -> None:
    officer = as_("officer")
    officer.open("/new")
    officer.page.check("input[name=right][value=objection]")
    officer.page.fill("#email", email_of(people[3]))
    officer.click("Schrijf in en start")
    assert officer.page.locator("#wrong-to").inner_text() == "Kies waar het bezwaar over gaat."
    assert officer.page.locator("#email").input_value() == email_of(people[3])
    officer.page.select_option("#to", "marketing")
    officer.click("Schrijf in en start")
    NUMBERS["objection"] = officer.page.url.rpartition("/")[2].partition("?")[0]
    officer.until("wacht op controle van de identiteit")
    officer.page.select_option("#method", "phone-callback")
    officer.click("Identiteit vastgesteld")
    officer.until("ingewilligd")


def test_a_person_is_found_by_an_address_that_stands_in_no_address(
    as_: LogIn, stack: Status, people: list[SubjectTruth]
) -> None:
    officer = as_("officer")
    officer.open("/")
    officer.page.fill("input[name=identifier]", email_of(people[0]).upper())
    officer.click("Zoek persoon")
    assert officer.page.get_by_role("link", name=NUMBERS["access"]).count()
    assert "@" not in officer.page.url
    log = (Path(stack.as_json()["home"]) / "logs" / "api-server.log").read_text(encoding="utf-8")
    assert email_of(people[0]).lower() not in log.lower()


def test_the_auditor_reads_everything_but_the_person_and_changes_nothing(
    as_: LogIn, stack: Status, people: list[SubjectTruth]
) -> None:
    auditor = as_("auditor")
    pages = [f"/requests/{number}" for number in NUMBERS.values()]
    pages += [f"/requests/{NUMBERS['erasure']}/run", f"/requests/{NUMBERS['access']}/evidence/1"]
    known = [value.lower() for one in people[:4] for value in one.identifiers.values() if "@" in value]
    for path in (*(path for path in LISTS if path != "/new"), *pages):
        auditor.open(path)
        assert auditor.page.locator("form[method=post]:not([action$='/dossier'])").count() == 0, path
        text = auditor.page.content().lower()
        assert not [value for value in known if value in text], path

    before = _last(stack)
    for route in create_app().routes:
        if "POST" in getattr(route, "methods", ()) and not route.path.endswith("/dossier"):  # type: ignore[attr-defined]
            path = route.path.replace("{number}", NUMBERS["access"]).replace("{sweep}", "sweep-2026-00001")  # type: ignore[attr-defined]
            path = path.replace("{hold}", "1").replace("{recipient}", "ict-supplier")
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


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_serious(as_: LogIn, shots: Path | None, size: str, scheme: str) -> None:
    officer = as_("officer", viewport=SIZES[size], color_scheme=scheme)
    erasure = f"/requests/{NUMBERS['erasure']}"
    pages = (*LISTS, *(f"/requests/{number}" for number in NUMBERS.values()), f"{erasure}/run", f"{erasure}/run/plan/1",
             f"{erasure}/evidence/1", f"{erasure}?lang=en", "/nowhere", "/?lang=nl")  # fmt: skip
    for path in pages:
        officer.open(path)
        assert faults(officer.page) == [], path
        _unbroken(officer, path)
        if shots is not None:
            name = path.replace("/", "_").replace("?", "_").replace("&", "_") or "_"
            officer.page.screenshot(path=shots / f"{size}-{scheme}{name}.png", full_page=True)


def _unbroken(visitor: Visitor, path: str) -> None:
    """Nothing makes the page wider than the screen."""
    wide = visitor.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{path} is {wide} pixels too wide"


def _last(stack: Status) -> int:
    """The number of events on the register."""
    with transaction(engine(stack.as_json()["register"])) as register:
        return int(register.exec_driver_sql("SELECT last_id FROM chain_head").scalar_one())
