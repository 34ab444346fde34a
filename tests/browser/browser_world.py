"""A browser at a running stack: somebody who logs in at Airflow, reads the page and sends its forms."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, StorageState

from avgflow.demo.truth import SubjectTruth
from avgflow.embedded.stack import Status
from avgflow.register import events
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.settings import engine

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
HOW = "No Chromium was found on PATH (looked for {}). Install one: apt-get install chromium"

DESKTOP = {"width": 1280, "height": 900}
TELEPHONE = {"width": 390, "height": 844}
SIZES = {"desktop": DESKTOP, "telephone": TELEPHONE}
SECONDS_TO_A_PAGE = 120

NUMBERS: dict[str, str] = {}
"""The requests that the tests made, in the order of the files, by what they are about."""
SWEPT: list[str] = []
"""The sweeps that they made."""


def chromium() -> str:
    """The Chromium of this machine; it is never downloaded."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    assert found, HOW.format(", ".join(NAMES))
    return found


def launched(playwright: Playwright) -> Browser:
    # Root has no sandbox of Chromium's; the pages are our own.
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=chromium(), args=root)


@dataclass
class Visitor:
    """Somebody in a browser of their own. `refused`: what the browser would not load or run, of our own pages."""

    context: BrowserContext
    page: Page
    url: str
    refused: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.url}/avgflow{path}")
        return self.page

    def until(self, text: str, seconds: float = 240) -> None:
        """Look at the page anew until a request's state says so."""
        deadline = time.monotonic() + seconds
        while text not in self.state():
            assert time.monotonic() < deadline, f"'{text}' did not come about; it says '{self.state()}'"
            time.sleep(1)
            self.page.reload()

    def state(self) -> str:
        return self.page.locator(".head .state").inner_text()

    def until_there(self, what: str, seconds: float = 240) -> None:
        """Look at the page anew until it says something in its main part."""
        deadline = time.monotonic() + seconds
        while what not in self.said():
            assert time.monotonic() < deadline, f"'{what}' did not come about; it says '{self.said()}'"
            time.sleep(1)
            self.page.reload()

    def said(self) -> str:
        return self.page.locator("main").inner_text()

    def click(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_load_state()

    def register(self, right: str, email: str, verified_by: str = "in-person", **choices: str) -> str:
        """Fill in and send the form of a new request; its number."""
        self.open("/new")
        self.page.check(f"input[name=right][value={right}]")
        self.page.fill("#email", email)
        self.page.fill("#name", "Robin Proefpersoon")
        self.page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        self.page.select_option("#verified_by", verified_by)
        for name, value in choices.items():
            self.page.select_option(f"#{name}", value)
        self.click("Schrijf in en start")
        number = self.page.url.rpartition("/")[2].partition("?")[0]
        assert number.startswith("AVG-"), self.page.locator("main").inner_text()
        return number


def log_in(browser: Browser, url: str, login: str, password: str) -> StorageState:
    """Log in where Airflow sends whoever is not, and come back to the page; what the browser keeps of it."""
    context = browser.new_context(locale="nl-NL")
    page = context.new_page()
    page.set_default_timeout(SECONDS_TO_A_PAGE * 1000)
    page.goto(f"{url}/avgflow/")
    page.wait_for_selector("input[name=username]").fill(login)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url("**/avgflow/")
    kept = context.storage_state()
    context.close()
    return kept


def come_in(browser: Browser, url: str, kept: StorageState, **look: Any) -> Visitor:
    """Open the page in a browser of one's own that has logged in before."""
    context = browser.new_context(locale="nl-NL", storage_state=kept, viewport=look.pop("viewport", DESKTOP), **look)
    page = context.new_page()
    page.set_default_timeout(SECONDS_TO_A_PAGE * 1000)
    visitor = Visitor(context, page, url)
    page.on("console", lambda said: visitor.refused.append(said.text) if "Refused" in said.text else None)
    page.on("request", lambda asked: None if asked.url.startswith(url) else visitor.refused.append(asked.url))
    visitor.open("/")
    return visitor


def faults(page: Page) -> list[str]:
    """What axe-core finds that is serious or critical: rule, and where."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


def happened(stack: Status, number: str, name: EventName) -> list[str]:
    """Who did what a request's events of a name tell of."""
    with transaction(engine(stack.as_json()["register"])) as register:
        return [event.actor for event in events.history(register, number) if event.name == name]


def email_of(one: SubjectTruth) -> str:
    return one.identifiers["email"]
