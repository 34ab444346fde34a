"""Every route of the page, as nobody and as each role: a route that somebody adds is walked by this too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from web_world import NUMBER, As, Browser, Calls

from avgflow.roles import DEMO_USERS, GRANTS, May, Role, granted, of_simple
from avgflow_airflow.web.access import visitor
from avgflow_airflow.web.app import create_app
from avgflow_airflow.web.portal.problems import PREFIX

VALUES = {
    "number": NUMBER,
    "sweep": "sweep-2026-00001",
    "hold": "1",
    "breach": "1",
    "withheld": "1",
    "place": "1",
    "recipient": "ict-supplier",
    "nth": "1",
    "task": "plan",
}
"""For each part of an address: of something that is there or not, which is no question of who asks."""

WALKED = [route for route in create_app().routes if isinstance(route, APIRoute)]
ROUTES = [route for route in WALKED if not route.path.startswith(PREFIX)]
"""The pages, for people."""
OF_PORTALS = [route for route in WALKED if route.path.startswith(PREFIX)]
"""The way in for programs."""


def guards(route: APIRoute) -> Iterator[object]:
    for dependency in route.dependant.dependencies:
        yield dependency.call


def permission(route: APIRoute) -> May | None:
    """What a route asks for; None where it lets in whoever is logged in."""
    return next((one for guard in guards(route) if (one := getattr(guard, "permission", None))), None)


def is_read(route: APIRoute) -> bool:
    return "GET" in route.methods


def path(route: APIRoute) -> str:
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: VALUES[found[1]], route.path)


def name(route: APIRoute) -> str:
    return f"{'/'.join(sorted(route.methods))} {route.path}"


def test_there_are_routes_to_walk() -> None:
    assert len(ROUTES) > 30
    assert {method for route in ROUTES for method in route.methods} <= {"GET", "POST"}


@pytest.mark.parametrize("route", WALKED, ids=name)
def test_a_route_has_a_guard(route: APIRoute) -> None:
    assert permission(route) or visitor in set(guards(route))


@pytest.mark.parametrize("route", [route for route in ROUTES if not is_read(route)], ids=name)
def test_a_route_that_changes_something_takes_a_signed_form(route: APIRoute) -> None:
    assert any(getattr(guard, "__module__", "") == "avgflow_airflow.web.forms" for guard in guards(route))


def test_nobody_gets_in_anonymously(as_: As) -> None:
    nobody = as_(None)
    for route in ROUTES:
        if is_read(route):
            answer = nobody.get(path(route))
            assert answer.status_code == 303, name(route)
            assert answer.headers["Location"].startswith("/auth/login?next="), name(route)
        else:
            assert nobody.post(path(route)).status_code == 401, name(route)


@pytest.mark.parametrize("login", DEMO_USERS)
def test_each_role_gets_in_where_it_may_and_nowhere_else(as_: As, request_on_register: str, login: str) -> None:
    allowed = granted(of_simple(login, DEMO_USERS[login]))
    browser = as_(login)
    for route in ROUTES:
        asked = permission(route)
        status = _call(browser, route)
        if asked is not None and asked not in allowed:
            assert status == 403, f"{login}: {name(route)} gave {status}"
        else:
            assert status in (200, 303, 404, 409, 422), f"{login}: {name(route)} gave {status}"


def test_portals_have_two_routes_which_nobody_else_may_use() -> None:
    assert sorted(name(route) for route in OF_PORTALS) == [
        "GET /api/v1/requests/{number}",
        "POST /api/v1/requests",
    ]
    assert {permission(route) for route in OF_PORTALS} == {May.SUBMIT}
    assert {role for role in Role if May.SUBMIT in GRANTS[role]} == {Role.PORTAL}
    assert GRANTS[Role.PORTAL] == {May.SUBMIT}


@pytest.mark.parametrize("login", [None, "stranger", *DEMO_USERS])
def test_a_program_gets_in_with_a_portals_token_alone(
    as_: As, calls: Calls, request_on_register: str, login: str | None
) -> None:
    refused = 401 if login is None else 403
    for route in OF_PORTALS:
        # With all that a browser of theirs sends, which is a cookie: nobody.
        assert as_(login).client.request(*_of_program(route)).status_code == 401, name(route)
        one = calls(login)
        status = one.client.request(*_of_program(route), headers=dict(one.headers)).status_code
        assert status == ((404 if is_read(route) else 415) if login == "portal" else refused), name(route)


def test_a_user_without_a_role_sees_nothing(as_: As) -> None:
    stranger = as_("stranger")
    for route in ROUTES:
        if permission(route) is not None:
            assert _call(stranger, route) == 403, name(route)


def test_the_auditor_sees_and_does_nothing_else() -> None:
    assert GRANTS[Role.AUDITOR] == {May.SEE, May.TAKE_DOSSIER}


def test_a_token_that_airflow_did_not_sign_is_nobodys(as_: As) -> None:
    nobody = as_(None)
    nobody.client.cookies.set("_token", "eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJvZmZpY2VyIiwicm9sZSI6InVzZXIifQ.c2lnbmF0dXJl")
    assert nobody.get("/").status_code == 303
    assert nobody.post("/holds").status_code == 403


def _of_program(route: APIRoute) -> tuple[str, str]:
    return "GET" if is_read(route) else "POST", f"/avgflow{path(route)}"


def _call(browser: Browser, route: APIRoute) -> int:
    if is_read(route):
        return browser.get(path(route)).status_code
    return browser.send(path(route)).status_code
