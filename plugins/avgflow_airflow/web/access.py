"""Who looks at the page, and whether they may: every route asks this, and this asks Airflow's auth manager.

Airflow leaves a plugin's routes open to anybody. Two things must hold here: the user's role at Airflow gives the
permission (`avgflow.roles`), and the auth manager allows the user the same of Airflow's runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import Depends, Request

from avgflow.roles import May, Role, granted, of_fab, of_simple

_AT_AIRFLOW: dict[May, tuple[Any, DagAccessEntity]] = {
    May.SEE: ("GET", DagAccessEntity.RUN),
    May.SEE_PERSON: ("PUT", DagAccessEntity.HITL_DETAIL),
    May.TAKE_DOSSIER: ("GET", DagAccessEntity.TASK_LOGS),
    May.HANDLE: ("POST", DagAccessEntity.RUN),
    May.DECIDE: ("PUT", DagAccessEntity.HITL_DETAIL),
    May.OPERATE: ("POST", DagAccessEntity.RUN),
    May.SUBMIT: ("POST", DagAccessEntity.RUN),
}
"""What the auth manager is asked for each permission: a method on what every DAG of ours has."""


class NotAllowed(Exception):
    """A user is logged in and may not do this."""

    def __init__(self, visitor: Visitor, permission: May) -> None:
        super().__init__(f"{permission.value} is not for this user")
        self.visitor = visitor
        self.permission = permission


@dataclass(frozen=True)
class Visitor:
    """A user who is logged in at Airflow, with the token of that."""

    login: str
    roles: frozenset[Role]
    may: frozenset[May]
    token: str = field(repr=False)

    def can(self, permission: str) -> bool:
        """Whether a permission is theirs; for templates, which show no form to whom may not send it."""
        return May(permission) in self.may


def visitor(request: Request, user: GetUserDep) -> Visitor:
    """Who asks; Airflow's own 401 for nobody. What they may is not looked at yet."""
    roles = roles_of(user)
    may = frozenset(one for one in granted(roles) if _allowed_at_airflow(one, user))
    return Visitor(user.get_name(), roles, may, _token(request))


def needs(permission: May) -> Callable[..., Visitor]:
    """A dependency that lets in only who may do this; `NotAllowed` for others."""

    def permitted(request: Request, user: GetUserDep) -> Visitor:
        who = visitor(request, user)
        if permission not in who.may:
            raise NotAllowed(who, permission)
        return who

    permitted.permission = permission  # type: ignore[attr-defined]
    return permitted


def roles_of(user: BaseUser) -> frozenset[Role]:
    """The roles that a user of Airflow has here."""
    if isinstance(user, SimpleAuthManagerUser):
        return of_simple(user.get_name(), user.role)
    named: Collection[Any] = getattr(user, "roles", ())
    return of_fab([str(role.name) for role in named if hasattr(role, "name")])


def _allowed_at_airflow(permission: May, user: BaseUser) -> bool:
    method, entity = _AT_AIRFLOW[permission]
    return bool(get_auth_manager().is_authorized_dag(method=method, access_entity=entity, user=user))


def _token(request: Request) -> str:
    """The token that Airflow took this user's name from: a header's wins over the cookie's, as it does there."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and given:
        return given
    return request.cookies.get(COOKIE_NAME_JWT_TOKEN, "")


Anybody = Annotated[Visitor, Depends(visitor)]
"""Whoever is logged in, with a role or without."""
Seeing = Annotated[Visitor, Depends(needs(May.SEE))]
SeeingPerson = Annotated[Visitor, Depends(needs(May.SEE_PERSON))]
Handler = Annotated[Visitor, Depends(needs(May.HANDLE))]
