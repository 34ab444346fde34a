"""What Airflow's own database must hold before a deployment starts: `python -m avgflow_airflow.installing`.

The pool of each store, the roles of `avgflow.roles`, and in a new installation one user of each role. Again does no
harm: what somebody changed since stays as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from airflow.models.pool import Pool
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.providers.fab.www.security import permissions
from airflow.utils.session import create_session
from sqlalchemy import select

from avgflow.deployment import SECRETS
from avgflow.errors import AvgflowError
from avgflow.handling.registering import DAGS
from avgflow.roles import FAB_ROLES, FIRST_USERS, Role
from avgflow_airflow.stores import pool_of, store_names

SLOTS = 4
_ADMIN = "Admin"
_DOMAIN = "avgflow.invalid"
"""FAB asks for an address of each user; nothing is sent to it."""


class PasswordMissing(AvgflowError):
    """There is no password for a user who is to be made."""

    def __init__(self, login: str) -> None:
        super().__init__(
            f"There is no password for the first user '{login}'. Put one into {SECRETS}/users/{login}, or let the "
            f"service 'secrets' make it."
        )


def install(passwords: Path) -> list[str]:
    """Make what is missing; the logins of the users that were made. `passwords`: a folder with a file for each."""
    make_pools()
    with get_application_builder() as builder:
        manager = builder.sm
        manager.sync_roles()
        for name in FAB_ROLES:
            manager.add_role(name)
        for action, resource in portal_permissions():
            portal = manager.find_role(_name_of(Role.PORTAL))
            manager.add_permission_to_role(portal, manager.create_permission(action, resource))
        return make_users(manager, passwords)


def make_pools() -> None:
    """A pool for each store; one that is there keeps the slots that somebody gave it."""
    with create_session() as session:
        there = set(session.scalars(select(Pool.pool)))
        for name in (pool_of(store) for store in store_names()):
            if name not in there:
                says = "Tasks at work on this store at once."
                session.add(Pool(pool=name, slots=SLOTS, description=says, include_deferred=False))


def make_users(manager: Any, passwords: Path) -> list[str]:
    """The first users, where there is no administrator yet: later on, people are made and removed at Airflow."""
    if any(_ADMIN in {role.name for role in user.roles} for user in manager.get_all_users()):
        return []
    made = []
    for login, roles in FIRST_USERS.items():
        if manager.find_user(username=login) is not None:
            continue
        file = passwords / login
        if not file.is_file():
            raise PasswordMissing(login)
        password = file.read_text(encoding="utf-8").strip()
        found = [manager.find_role(name) for name in roles]
        manager.add_user(login, login, "avgflow", f"{login}@{_DOMAIN}", found, password)
        made.append(login)
    return made


def portal_permissions() -> list[tuple[str, str]]:
    """What starting a run takes, and nothing else."""
    runs = [(permissions.ACTION_CAN_CREATE, permissions.RESOURCE_DAG_RUN)]
    dags = [f"{permissions.RESOURCE_DAG_PREFIX}{dag}" for dag in sorted(set(DAGS.values()))]
    return runs + [(permissions.ACTION_CAN_EDIT, dag) for dag in dags]


def _name_of(role: Role) -> str:
    return next(name for name, one in FAB_ROLES.items() if one is role)


if __name__ == "__main__":
    try:
        made = install(SECRETS / "users")
    except AvgflowError as fault:
        sys.exit(f"avgflow: {fault}")
    sys.stdout.write(f"users made: {', '.join(made) or 'none'}\n")
