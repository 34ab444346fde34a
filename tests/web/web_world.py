"""The page under Airflow's own log-in, less the rest of Airflow: users of every role, and a browser for each."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from avgflow.roles import DEMO_USERS
from avgflow_airflow.web import forms

ORIGIN = "http://testserver"
NUMBER = "AVG-2026-00001"
FIELD = forms.FIELD
_NONCE = re.compile(rf'name="{FIELD}" value="([0-9a-f]{{64}})"')


@dataclass
class Browser:
    """A browser in which somebody is logged in, or nobody; it sends what browsers send with a form."""

    client: TestClient
    login: str | None

    def get(self, path: str) -> Response:
        return self.client.get(f"/avgflow{path}", follow_redirects=False)

    def token(self) -> str:
        """The token of the forms of this browser; what any page gives is as good as another's."""
        self.get("/")
        return forms.token(self.client.cookies[forms.COOKIE], self.login or "")

    def send(self, path: str, fields: Mapping[str, object] | None = None, **headers: str) -> Response:
        """A form of our own, filled in."""
        return self.post(path, {FIELD: self.token(), **(fields or {})}, **headers)

    def post(self, path: str, fields: Mapping[str, object] | None = None, **headers: str) -> Response:
        own = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
        sent = own | {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in sent.items() if value}
        return self.client.post(f"/avgflow{path}", data=dict(fields or {}), headers=kept, follow_redirects=False)


def token_on(page: str) -> str | None:
    """The token that a page's forms carry."""
    found = _NONCE.search(page)
    return found[1] if found else None


def log_in(app: FastAPI, manager: SimpleAuthManager, login: str | None) -> Browser:
    """A browser with a token that Airflow itself signed; for a name it does not know, of a user without a role."""
    client = TestClient(app, base_url=ORIGIN, raise_server_exceptions=False)
    if login is not None:
        user = SimpleAuthManagerUser(username=login, role=DEMO_USERS.get(login))
        client.cookies.set(COOKIE_NAME_JWT_TOKEN, manager.generate_jwt(user))
    return Browser(client, login)


@dataclass
class Program:
    """A program that calls the way in for portals with a token in the header, and without any cookie."""

    client: TestClient
    headers: Mapping[str, str]

    def submit(self, body: object, key: str | None = "key-of-this-request", **headers: str) -> Response:
        """Send a request, as JSON unless it is text already."""
        own = {"Content-Type": "application/json", **({"Idempotency-Key": key} if key is not None else {})}
        sent = {**self.headers, **own, **{name.replace("_", "-"): value for name, value in headers.items()}}
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        return self.client.post("/avgflow/api/v1/requests", content=content, headers=sent)

    def look(self, number: str) -> Response:
        return self.client.get(f"/avgflow/api/v1/requests/{number}", headers=dict(self.headers))

    def describe(self) -> Response:
        return self.client.get("/avgflow/openapi.json", headers=dict(self.headers), follow_redirects=False)


def program(app: FastAPI, manager: SimpleAuthManager, login: str | None, role: str | None = None) -> Program:
    """A program with a token of a user; with none for nobody."""
    client = TestClient(app, base_url=ORIGIN, raise_server_exceptions=False)
    if login is None:
        return Program(client, {})
    user = SimpleAuthManagerUser(username=login, role=role or DEMO_USERS.get(login))
    return Program(client, {"Authorization": f"Bearer {manager.generate_jwt(user)}"})


Calls = Callable[..., Program]
"""The program of a user, or of nobody."""

As = Callable[[str | None], Browser]
"""The browser of a user of the demonstration, or of nobody."""
