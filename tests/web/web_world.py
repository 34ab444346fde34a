"""The page under Airflow's own log-in, less the rest of Airflow: users of every role, and a browser for each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from avgflow.roles import DEMO_USERS

ORIGIN = "http://testserver"
_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


@dataclass
class Browser:
    """A browser in which somebody is logged in, or nobody; it sends what browsers send with a form."""

    client: TestClient

    def get(self, path: str) -> Response:
        return self.client.get(f"/avgflow{path}", follow_redirects=False)

    def token(self, page: str = "/") -> str:
        """The token of the forms on a page; what any page gives is as good as another's."""
        found = _TOKEN.search(self.get(page).text)
        assert found, f"no form on {page}"
        return found[1]

    def post(self, path: str, fields: dict[str, object] | None = None, **headers: str) -> Response:
        sent = {
            "Origin": ORIGIN,
            "Sec-Fetch-Site": "same-origin",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return self.client.post(f"/avgflow{path}", data=fields or {}, headers=sent, follow_redirects=False)


def log_in(app: FastAPI, manager: SimpleAuthManager, login: str | None) -> Browser:
    """A browser with a token that Airflow itself signed."""
    client = TestClient(app, base_url=ORIGIN, raise_server_exceptions=False)
    if login is not None:
        user = SimpleAuthManagerUser(username=login, role=DEMO_USERS[login])
        client.cookies.set(COOKIE_NAME_JWT_TOKEN, manager.generate_jwt(user))
    return Browser(client)


As = Callable[[str | None], Browser]
"""The browser of a user of the demonstration, or of nobody."""
