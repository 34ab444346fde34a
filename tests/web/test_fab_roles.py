"""The roles under FAB, Airflow's auth manager of production: made by the command of the README, asked by the page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from avgflow.roles import FAB_ROLES, GRANTS, May, Role

HERE = Path(__file__).parent
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
OWN = [name for name in FAB_ROLES if name.startswith("AVG ")]


@pytest.fixture(scope="module")
def told(register_of_module: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("fab")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "AVGFLOW"))}
    env |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__AUTH_MANAGER": FAB,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(home / "none"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__API_AUTH__JWT_SECRET": "of-this-test-and-no-other-and-long-enough-for-hs512-to-be-content-with-it",
        "AIRFLOW__API__SECRET_KEY": "of-this-test-and-no-other",
        "AVGFLOW_HOME": str(home),
        "AVGFLOW_AIRFLOW_URL": "http://127.0.0.1:9",
        "PYTHONPATH": os.pathsep.join(sys.path),
        **register_of_module.environment(),
    }
    answers = home / "answers.json"
    for command in (
        ["-m", "airflow", "db", "migrate"],
        ["-m", "airflow", "roles", "create", *OWN],
        [str(HERE / "fab_page.py"), str(answers)],
    ):
        done = subprocess.run(
            [sys.executable, *command], env=env, cwd=home, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return dict(json.loads(answers.read_text(encoding="utf-8"))["users"])


@pytest.mark.parametrize(
    ("login", "role"),
    [
        ("officer", Role.OFFICER),
        ("approver", Role.APPROVER),
        ("engineer", Role.ENGINEER),
        ("auditor", Role.AUDITOR),
        ("portal", Role.PORTAL),
        ("admin", Role.ENGINEER),
    ],
)
def test_a_user_with_both_roles_may_all_that_the_role_grants(told: dict[str, Any], login: str, role: Role) -> None:
    one = told[login]
    assert one["name"] == login
    assert one["roles"] == [role.value]
    assert one["may"] == sorted(may.value for may in GRANTS[role])
    sees = May.SEE in GRANTS[role]
    assert one["calls"]["GET /"] == (200 if sees else 403)
    assert one["calls"]["GET /breaches"] == (200 if sees else 403)
    assert one["calls"]["GET /new"] == (200 if May.HANDLE in GRANTS[role] else 403)


@pytest.mark.parametrize("login", ["colleague", "unknown"])
def test_one_of_the_two_is_not_enough(told: dict[str, Any], login: str) -> None:
    assert told[login]["may"] == []
    assert set(told[login]["calls"].values()) == {403}


def test_nobody_sends_a_form_that_is_not_ours(told: dict[str, Any]) -> None:
    for login, one in told.items():
        assert {one["calls"]["POST /holds"], one["calls"]["POST /search"]} <= {400, 403}, login
