"""The privacy officer's day in a browser, under the real Airflow: asked, carried out, refused, approved, proven."""

from __future__ import annotations

from pathlib import Path

from browser_world import NUMBERS, email_of, happened
from conftest import LogIn

from avgflow.demo.truth import SubjectTruth
from avgflow.embedded.stack import Status
from avgflow.register import approvals
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.settings import engine


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
    officer.page.get_by_role("link", name="De taken en hun logboeken").click()
    officer.until_there("geslaagd")
    assert {"Wie is dit?", "Plan", "Afsluiten"} <= set(officer.page.locator("tbody th").all_inner_texts())
    officer.open(f"/requests/{number}")
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


def test_what_was_stopped_is_taken_up_again_and_taken_back(as_: LogIn, stack: Status) -> None:
    officer, number = as_("officer"), NUMBERS["refused"]
    officer.open(f"/requests/{number}")
    officer.click("Maak een nieuw plan")
    officer.until("wacht op goedkeuring")
    assert happened(stack, number, EventName.REQUEST_TAKEN_UP) == ["officer"]
    officer.page.get_by_text("Meer: verlengen").click()
    officer.click("Trek het verzoek in")
    officer.until("ingetrokken")
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


def test_an_objection_is_weighed(as_: LogIn, stack: Status, people: list[SubjectTruth]) -> None:
    officer = as_("officer")
    # Another one is left as it is, to be looked at while it waits.
    NUMBERS["weighing"] = officer.register("objection", email_of(people[7]), to="all-processing")
    number = NUMBERS["weighed"] = officer.register("objection", email_of(people[5]), to="all-processing")
    officer.until("wacht op afweging")
    # The class of records has a name beside its code.
    assert "R1, " in officer.page.locator("form[action$=weigh]").inner_text()
    officer.click("Zo weeg ik het bezwaar af")
    officer.until("ingewilligd")
    assert set(happened(stack, number, EventName.OBJECTION_WEIGHED)) == {"officer"}


def test_the_right_person_is_chosen_among_several(
    as_: LogIn, stack: Status, loaded: tuple[Status, tuple[SubjectTruth, ...]]
) -> None:
    officer = as_("officer")
    several = next(one for one in loaded[1] if one.ambiguous_email)
    number = NUMBERS["choice"] = officer.register("access", email_of(several))
    officer.until("wacht op keuze van de persoon")
    officer.click("Toon wie het kunnen zijn")
    assert officer.page.locator(".shown .mono").count() > 1
    officer.page.get_by_label("Nummer van de juiste persoon").fill("9")
    officer.click("Dit is de persoon")
    assert "Kies uit de personen 1 tot en met" in officer.said()
    assert happened(stack, number, EventName.CANDIDATES_SHOWN) == ["officer"]


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
