"""Run by `test_fab_roles`, in a process of its own: the page under Airflow's FAB auth manager, as each user sees it.

Airflow reads its configuration when it is imported, so this cannot be done beside tests with another auth manager. It
prints as JSON what each user may, and what each of their calls is answered with.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import ClassVar

from airflow.api_fastapi import app as airflow_app
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from fastapi import FastAPI
from fastapi.testclient import TestClient

from avgflow.mounted import PAGE
from avgflow.roles import May
from avgflow_airflow.web import access
from avgflow_airflow.web.app import create_app

USERS = {
    "officer": ("User", "AVG privacy officer"),
    "approver": ("User", "AVG second approver"),
    "engineer": ("Op", "AVG engineer"),
    "auditor": ("Viewer", "AVG auditor"),
    "portal": ("User", "AVG portal"),
    "admin": ("Admin",),
    # Of Airflow alone, and of ours alone: neither is enough.
    "colleague": ("User",),
    "unknown": ("AVG privacy officer",),
}
CALLS = (("GET", "/"), ("GET", "/new"), ("GET", "/breaches"), ("POST", "/holds"), ("POST", "/search"))


class _Nothing:
    """A request with no token in it: only who asks is looked at."""

    headers: ClassVar[dict[str, str]] = {}
    cookies: ClassVar[dict[str, str]] = {}


def main() -> None:
    parent = FastAPI()
    parent.mount(PAGE, create_app())
    manager = airflow_app.init_auth_manager(parent)
    security = manager.security_manager
    told: dict[str, dict[str, object]] = {}
    with manager.flask_app.app_context():
        for login, names in USERS.items():
            roles = [security.find_role(name) for name in names]
            security.add_user(login, login, "Test", f"{login}@example.org", roles, password="not-used-here")
        for login in USERS:
            user = security.find_user(username=login)
            told[login] = {
                "name": user.get_name(),
                "roles": sorted(access.roles_of(user)),
                "may": sorted(
                    one for one in access.granted(access.roles_of(user)) if access._allowed_at_airflow(one, user)
                ),
                "calls": {f"{method} {path}": _call(parent, manager, user, method, path) for method, path in CALLS},
            }
    Path(sys.argv[1]).write_text(json.dumps({"may": sorted(May), "users": told}), encoding="utf-8")


def _call(parent: FastAPI, manager: object, user: object, method: str, path: str) -> int:
    client = TestClient(parent, base_url="http://testserver", raise_server_exceptions=False)
    client.cookies.set(COOKIE_NAME_JWT_TOKEN, manager.generate_jwt(user))  # type: ignore[attr-defined]
    headers = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    return client.request(method, f"{PAGE}{path}", headers=headers, follow_redirects=False).status_code


if __name__ == "__main__":
    main()
