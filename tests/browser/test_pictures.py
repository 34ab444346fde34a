"""Walk each right as the privacy officer's manual tells it, and take its pictures (`make pictures`).

They are written to docs/img, each as large as what it shows. The people on them are those of the demonstration.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from browser_world import Visitor, email_of
from conftest import LogIn
from playwright.sync_api import Locator

from avgflow.demo.truth import SubjectTruth
from avgflow.embedded.stack import Status

pytestmark = pytest.mark.pictures

FOLDER = Path(__file__).parents[2] / "docs" / "img"
NARROW = {"width": 1000, "height": 800}
"""Wide enough that no table breaks, narrow enough to be read in a page of the manual."""
EDGE = 8
"""Pixels around what is shown."""


def picture(visitor: Visitor, name: str, first: Locator, last: Locator) -> None:
    """Keep what lies between the top of one part of the page and the bottom of another, over the page's width."""
    visitor.page.evaluate("scrollTo(0, 0)")  # boxes count from the window's edge, the clip from the page's
    main, top, bottom = visitor.page.locator("main").bounding_box(), first.bounding_box(), last.bounding_box()
    assert main, name
    assert top, name
    assert bottom, name
    begin, end = top["y"] - EDGE, bottom["y"] + bottom["height"] + EDGE
    clip = {"x": main["x"], "y": begin, "width": main["width"], "height": end - begin}
    visitor.page.screenshot(path=FOLDER / f"{name}.png", full_page=True, clip=clip)  # type: ignore[arg-type]


def anew(visitor: Visitor) -> None:
    """The page without what it says right after a form was sent."""
    visitor.page.goto(visitor.page.url.partition("?")[0])


@pytest.fixture
def officer(as_: LogIn) -> Visitor:
    return as_("officer", viewport=NARROW)


def part(visitor: Visitor, labelled_by: str) -> Locator:
    return visitor.page.locator(f"section[aria-labelledby={labelled_by}]")


def head(visitor: Visitor) -> Locator:
    return visitor.page.locator(".head").first


def test_a_new_request(officer: Visitor, people: list[SubjectTruth]) -> None:
    officer.open("/new")
    for right in ("access", "erasure"):
        officer.page.check(f"input[name=right][value={right}]")
    officer.page.fill("#email", email_of(people[0]))
    picture(officer, "new-request", officer.page.locator("h1"), officer.page.locator("#verified_by"))


def test_the_identity(officer: Visitor, people: list[SubjectTruth]) -> None:
    officer.register("access", email_of(people[9]), "")
    officer.until("wacht op controle van de identiteit")
    anew(officer)
    picture(officer, "identity", head(officer), officer.page.locator("form[action$='/asked']"))


def test_an_inzage(officer: Visitor, people: list[SubjectTruth]) -> None:
    officer.register("access", email_of(people[0]), "portal-login")
    officer.until("ingewilligd")
    officer.click("Toon de wachtzin")
    picture(officer, "access", head(officer), part(officer, "now"))


def test_two_people_behind_one_address(officer: Visitor, loaded: tuple[Status, tuple[SubjectTruth, ...]]) -> None:
    several = next(one for one in loaded[1] if one.ambiguous_email)
    officer.register("access", email_of(several))
    officer.until("wacht op keuze van de persoon")
    officer.click("Toon wie het kunnen zijn")
    picture(officer, "choice", head(officer), officer.page.locator("form[action$='/choose']"))


def test_an_erasure(officer: Visitor, people: list[SubjectTruth]) -> None:
    asks = min((one for one in people[10:] if "orders.public.invoice" in one.owned), key=lambda one: len(one.owned))
    officer.register("erasure", email_of(asks))
    officer.until("wacht op goedkeuring")
    anew(officer)
    stays = officer.page.locator("table[aria-labelledby=stays] tbody tr").nth(2)
    picture(officer, "register-request", head(officer), stays)


def test_a_rectification(officer: Visitor, people: list[SubjectTruth]) -> None:
    officer.open("/new")
    officer.page.check("input[name=right][value=rectification]")
    officer.page.fill("#email", email_of(people[2]))
    officer.page.select_option("#verified_by", "in-person")
    form = officer.page.locator("details.part", has=officer.page.locator("#statement"))
    form.evaluate("part => { part.open = true }")
    line = form.locator(".line").first
    line.locator("select").select_option("email")
    line.locator("input[name=new]").fill("robin.nieuw@proef.example")
    picture(officer, "rectification", form.locator("h3", has_text="Rectificatie"), officer.page.locator("#statement"))


def test_an_objection(officer: Visitor, people: list[SubjectTruth]) -> None:
    officer.register("objection", email_of(people[3]), to="all-processing")
    officer.until("wacht op afweging")
    anew(officer)
    picture(officer, "objection", head(officer), officer.page.locator("form[action$='/weigh']"))


def test_a_restriction(officer: Visitor, people: list[SubjectTruth]) -> None:
    officer.register("restriction", email_of(people[4]), ground="accuracy")
    officer.until("ingewilligd")
    picture(officer, "restriction", part(officer, "restrictions"), part(officer, "restrictions"))


def test_a_portability(officer: Visitor, people: list[SubjectTruth]) -> None:
    officer.open("/new")
    officer.page.check("input[name=right][value=portability]")
    officer.page.fill("#email", email_of(people[5]))
    officer.page.select_option("#verified_by", "in-person")
    officer.page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    officer.page.fill("#destination", "inlezen@andere-winkel.example")
    officer.click("Schrijf in en start")
    officer.until("ingewilligd")
    anew(officer)
    picture(officer, "portability", head(officer), part(officer, "now"))


def test_a_decline(officer: Visitor, people: list[SubjectTruth]) -> None:
    officer.register("erasure", email_of(people[6]))
    officer.until("wacht op goedkeuring")
    officer.page.get_by_text("Meer: verlengen").click()
    officer.page.select_option("#decline-reason", "excessive")
    officer.page.fill("#decline-note", "U vroeg dit in drie weken tijd acht keer. Er was steeds niets veranderd.")
    officer.click("Stel voor om af te wijzen")
    officer.click("Toon de brief")
    picture(officer, "decline", head(officer), officer.page.locator(".shown"))


def test_the_list(as_: LogIn) -> None:
    officer = as_("officer")
    officer.open("/?stage=all")
    picture(officer, "register", officer.page.locator("h1"), officer.page.locator(".paging").last)
