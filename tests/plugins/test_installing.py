"""What a new deployment begins with: pools, roles, and one user of each role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride

from avgflow.handling.registering import DAGS
from avgflow.roles import FAB_ROLES, FIRST_USERS, Role, granted, of_fab
from avgflow_airflow.installing import PasswordMissing, make_users, portal_permissions

AIRFLOWS_OWN = {config["role"] for config in FabAirflowSecurityManagerOverride.ROLE_CONFIGS}


@dataclass
class Named:
    name: str


@dataclass
class User:
    username: str
    roles: Sequence[Named]
    password: str = ""


@dataclass
class Manager:
    """The security manager of FAB, as far as users go."""

    users: list[User] = field(default_factory=list)

    def get_all_users(self) -> list[User]:
        return self.users

    def find_user(self, username: str) -> User | None:
        return next((user for user in self.users if user.username == username), None)

    def find_role(self, name: str) -> Named:
        return Named(name)

    def add_user(self, login: str, first: str, last: str, email: str, roles: list[Named], password: str) -> None:
        assert "@" in email
        self.users.append(User(login, roles, password))


@pytest.fixture
def passwords(tmp_path: Path) -> Path:
    for login in FIRST_USERS:
        (tmp_path / login).write_text(f"the password of {login}\n")
    return tmp_path


def test_a_new_deployment_has_a_user_of_each_role_with_a_password_of_its_own(passwords: Path) -> None:
    manager = Manager()
    assert make_users(manager, passwords) == list(FIRST_USERS)
    assert {user.username: user.password for user in manager.users} == {
        login: f"the password of {login}" for login in FIRST_USERS
    }
    roles = frozenset().union(*(of_fab([role.name for role in user.roles]) for user in manager.users))
    assert roles == set(Role)


def test_no_first_user_has_two_roles_of_ours_and_every_role_is_one_that_there_is() -> None:
    for login, roles in FIRST_USERS.items():
        assert len(of_fab(roles)) == 1, login
        assert set(roles) <= AIRFLOWS_OWN | set(FAB_ROLES), login
        # Under FAB ours give nothing at Airflow itself: who looks at the page needs one of Airflow's beside it.
        assert set(roles) & AIRFLOWS_OWN or granted(of_fab(roles)) == granted({Role.PORTAL}), login


def test_where_there_is_an_administrator_nobody_is_made(passwords: Path) -> None:
    manager = Manager([User("the-company's-own", [Named("Admin")])])
    assert make_users(manager, passwords) == []
    assert [user.username for user in manager.users] == ["the-company's-own"]


@pytest.mark.parametrize("there", range(1, len(FIRST_USERS)))
def test_a_first_start_that_was_cut_off_is_gone_on_with(passwords: Path, there: int) -> None:
    manager = Manager(
        [User(login, [Named(role) for role in FIRST_USERS[login]]) for login in list(FIRST_USERS)[:there]]
    )
    make_users(manager, passwords)
    assert [user.username for user in manager.users] == list(FIRST_USERS)


def test_no_user_is_made_without_a_password(passwords: Path) -> None:
    (passwords / "approver").unlink()
    with pytest.raises(PasswordMissing, match="'approver'"):
        make_users(Manager(), passwords)


def test_a_portal_may_start_the_runs_of_requests_and_nothing_else() -> None:
    assert set(portal_permissions()) == {
        ("can_create", "DAG Runs"),
        *(("can_edit", f"DAG:{dag}") for dag in DAGS.values()),
    }
