"""A form passes only where our own page sent it, in the browser of the user that it was made for."""

from __future__ import annotations

import pytest
from web_world import FIELD, As

from avgflow_airflow.web.forms import LARGEST

HOLD = {"reason": "claim", "class": "R2"}


def test_our_own_form_is_taken(as_: As) -> None:
    answer = as_("officer").send("/holds", HOLD)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/avgflow/holds?done=placed")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
        {"Sec_Fetch_Site": "", "Origin": "https://evil.example"},
    ],
    ids=str,
)
def test_a_form_of_another_site_is_not(as_: As, headers: dict[str, str]) -> None:
    assert as_("officer").send("/holds", HOLD, **headers).status_code == 403


def test_a_form_without_its_token_is_not(as_: As) -> None:
    officer = as_("officer")
    officer.get("/holds")
    assert officer.post("/holds", HOLD).status_code == 403
    assert officer.post("/holds", HOLD | {FIELD: "0" * 64}).status_code == 403


def test_nor_with_the_token_of_another_browser_or_user(as_: As) -> None:
    officer, elsewhere, approver = as_("officer"), as_("officer"), as_("approver")
    other = elsewhere.token()
    officer.token()
    assert officer.post("/holds", HOLD | {FIELD: other}).status_code == 403
    # The same browser, in which another user logs in.
    of_officer = officer.token()
    officer.client.cookies.set("_token", approver.client.cookies["_token"])
    assert officer.post("/search", {"identifier": "x@example.nl", FIELD: of_officer}).status_code == 403


def test_a_form_that_is_too_large_or_of_another_kind_is_refused(as_: As) -> None:
    officer = as_("officer")
    assert officer.send("/holds", HOLD | {"note": "x" * LARGEST}).status_code == 413
    sent = officer.client.post("/avgflow/holds", json=HOLD, headers={"Sec-Fetch-Site": "same-origin"})
    assert sent.status_code == 400


def test_every_page_forbids_scripts_frames_and_copies(as_: As) -> None:
    for answer in (as_("officer").get("/"), as_("officer").get("/nowhere"), as_(None).get("/")):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"


def test_no_page_has_a_script_or_a_style_of_its_own(as_: As) -> None:
    for path in ("/", "/new", "/sweeps", "/holds", "/restrictions", "/recipients", "/suppressions", "/breaches"):
        page = as_("officer").get(path).text
        assert "<script" not in page
        assert "<style" not in page
        assert " style=" not in page
        assert "http://" not in page.replace("http://www.w3.org", "")
