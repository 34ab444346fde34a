"""Every route of the page, as nobody and as each role: a route that somebody adds is walked by this too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from web_world import As, Browser

from avgflow.roles import DEMO_USERS, GRANTS, SIMPLE_LOGINS, SIMPLE_ROLES, May, granted
from avgflow_airflow.web.access import visitor
from avgflow_airflow.web.app import create_app

VALUES = {"number": "AVG-2026-00001", "sweep": "sweep-2026-00001", "hold": "1", "recipient": "x", "breach": "1"}


def routes() -> list[APIRoute]:
    found = [route for route in create_app().routes if isinstance(route, APIRoute)]
    assert len(found) > 3
    return found


def guards(route: APIRoute) -> Iterator[object]:
    for dependency in route.dependant.dependencies:
        yield dependency.call


def permission(route: APIRoute) -> May | None:
    """What a route asks for; None where it lets in whoever is logged in."""
    asked = [getattr(guard, "permission", None) for guard in guards(route)]
    return next((one for one in asked if one), None)


def path(route: APIRoute) -> str:
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: VALUES[found[1]], route.path)


def call(browser: Browser, route: APIRoute) -> int:
    if "GET" in route.methods:
        return browser.get(path(route)).status_code
    return browser.post(path(route)).status_code


def name(route: APIRoute) -> str:
    return f"{'/'.join(sorted(route.methods))} {route.path}"


@pytest.mark.parametrize("route", routes(), ids=name)
def test_a_route_has_a_guard(route: APIRoute) -> None:
    assert permission(route) or visitor in set(guards(route))


@pytest.mark.parametrize("route", routes(), ids=name)
def test_a_route_that_changes_something_takes_a_signed_form(route: APIRoute) -> None:
    if "GET" not in route.methods:
        assert any("forms" in getattr(guard, "__module__", "") for guard in guards(route))


@pytest.mark.parametrize("route", routes(), ids=name)
def test_nobody_gets_in_anonymously(web: FastAPI, as_: As, route: APIRoute) -> None:
    browser = as_(None)
    if "GET" in route.methods:
        answer = browser.get(path(route))
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/auth/login?next=")
    else:
        assert browser.post(path(route)).status_code == 401


@pytest.mark.parametrize("login", DEMO_USERS)
@pytest.mark.parametrize("route", routes(), ids=name)
def test_each_role_gets_in_where_it_may_and_nowhere_else(web: FastAPI, as_: As, route: APIRoute, login: str) -> None:
    role = SIMPLE_LOGINS.get(login, SIMPLE_ROLES[DEMO_USERS[login]])
    asked = permission(route)
    status = call(as_(login), route)
    if asked is None or asked in granted([role]):
        # Whatever it is about is not there, or the form is not signed; neither is a question of who asks.
        assert status in (200, 303, 304, 403, 404, 409) if "POST" in route.methods else status in (200, 404, 409)
    else:
        assert status == 403


def test_the_auditor_has_no_permission_but_to_see() -> None:
    [auditor] = [role for role in GRANTS if role.value == "auditor"]
    assert GRANTS[auditor] == {May.SEE}
