"""What the register keeps beside requests, in a browser: restrictions, withholdings, breaches, sweeps."""

from __future__ import annotations

from browser_world import NUMBERS, SWEPT, email_of
from conftest import LogIn

from avgflow.demo.truth import SubjectTruth
from avgflow.embedded.stack import Status
from avgflow.register import outbox, restrictions
from avgflow.register.database import transaction
from avgflow.settings import engine


def test_a_restriction_ends_once_the_person_was_told(as_: LogIn, stack: Status, people: list[SubjectTruth]) -> None:
    officer = as_("officer")
    number = NUMBERS["restriction"] = officer.register("restriction", email_of(people[4]), ground="claims")
    officer.until("ingewilligd")
    limits = officer.page.locator("section[aria-labelledby=restrictions]")
    assert "geldt" in limits.inner_text()
    limits.get_by_label("Waarom eindigt de beperking?").select_option("claim-over")
    officer.click("Beëindig de beperking")
    officer.until_there("opgeheven")
    with transaction(engine(stack.as_json()["register"])) as register:
        [letter] = [mail for mail in outbox.mails(register, number) if mail.kind == "lifting"]
        lifted = [one.lifted_at for one in restrictions.of_request(register, number)]
    assert letter.accepted_at is not None
    assert lifted
    assert all(at and at > letter.accepted_at for at in lifted)


def test_a_row_is_withheld_by_two_and_given_again(as_: LogIn, stack: Status, people: list[SubjectTruth]) -> None:
    officer, approver = as_("officer"), as_("approver")
    [row, *_] = next(one.owned["crm.public.ticket"].keys or () for one in people if "crm.public.ticket" in one.owned)
    officer.open("/withholdings")
    officer.page.select_option("#table", "crm.public.ticket")
    officer.page.locator("input[name=key]").first.fill("0")
    officer.page.select_option("#ground", "d")
    officer.click("Stel voor om deze rij niet te geven")
    officer.page.get_by_text("In het systeem is geen rij met deze sleutel.").wait_for()
    assert officer.page.locator("#ground").input_value() == "d"
    officer.page.locator("input[name=key]").first.fill(str(row[0]))
    officer.click("Stel voor om deze rij niet te geven")
    assert "voorgesteld" in officer.page.locator("tbody").inner_text()

    approver.open("/withholdings")
    approver.page.locator("tbody button").first.click()
    approver.page.get_by_text("Bevestigd. Deze rij geven wij nu niet.").wait_for()
    officer.open("/withholdings")
    officer.page.get_by_role("button", name="Beëindig").click()
    officer.page.locator("tbody .state").get_by_text("beëindigd").wait_for()


def test_a_breach_from_the_first_word_to_the_end(as_: LogIn) -> None:
    officer = as_("officer")
    officer.open(f"/requests/{NUMBERS['access']}")
    officer.page.get_by_role("link", name="Ging een brief of pakket naar de verkeerde persoon?").click()
    assert officer.page.locator("#number").input_value() == NUMBERS["access"]
    officer.page.select_option("#what", "package")
    officer.page.fill("#aware", officer.page.locator("#aware").get_attribute("max") or "")
    officer.page.fill("#to", "onbekend")
    officer.click("Leg het datalek vast")
    officer.page.get_by_role("link", name="datalek 1").click()
    assert "ontbreekt" in officer.said()
    for field in ("consequences", "measures", "ap-not-told"):
        officer.page.fill(f"#{field}", "De ontvanger kan het pakket niet openen.")
    officer.page.select_option("#high-risk", "no")
    officer.click("Leg dit vast")
    assert "alles staat erin" in officer.said()
    officer.click("Toon wat er staat")
    assert "onbekend" in officer.page.locator(".shown").inner_text()
    officer.open("/breaches/1")
    officer.click("Sluit het datalek af")
    assert "afgesloten" in officer.state()


def test_a_sweep_is_counted_read_refused_and_then_approved(as_: LogIn, stack: Status) -> None:
    officer, engineer, approver = as_("officer"), as_("engineer"), as_("approver")
    engineer.open("/sweeps")
    engineer.click("Tel nu wat er weg mag")
    assert "Er is nog nooit opgeschoond." in engineer.page.locator("section[aria-labelledby=counted]").inner_text()
    engineer.click("Start nu een opschoning")
    engineer.until_there("wacht op goedkeuring")
    [first] = engineer.page.locator("tbody th a").all_inner_texts()

    officer.open(f"/sweeps/{first}")
    within = officer.page.frame_locator("iframe.proof")
    assert "Te lang bewaard, mag weg" in within.locator("main").inner_text()
    officer.page.get_by_role("link", name="English").click()
    assert "Kept for too long, may go" in within.locator("main").inner_text()
    officer.page.get_by_role("link", name="Nederlands").click()
    officer.click("Keur dit af")
    officer.until("afgekeurd")

    officer.open("/sweeps")
    officer.click("Start nu een opschoning")
    officer.until_there("wacht op goedkeuring")
    second = officer.page.locator("tbody th a").first.inner_text()
    assert second != first
    approver.open(f"/sweeps/{second}")
    approver.click("Keur dit goed")
    approver.until("klaar en nageteld")
    assert "✓ Opgeschoond." in approver.page.frame_locator("iframe.proof").locator(".verdict").inner_text()
    assert (officer.refused, engineer.refused, approver.refused) == ([], [], [])
    SWEPT.extend((first, second))
