"""Which portal calls: by a token of Airflow in the header, and by nothing that a browser sends of itself.

So a page of another site can make nobody's browser submit anything, and no form token is needed.
"""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import resolve_user_from_token
from fastapi import Depends, HTTPException, Request

from avgflow.roles import May
from avgflow_airflow.web.access import NotAllowed, Visitor, visitor
from avgflow_airflow.web.installation import settings
from avgflow_airflow.web.portal.pace import Pace
from avgflow_airflow.web.portal.problems import NoToken, TooOften

PACE = Pace()
"""Of this process."""


async def of_header(request: Request) -> BaseUser:
    """The user whose token the header holds; `NoToken` where there is none, or it is no longer valid."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NoToken
    try:
        return await resolve_user_from_token(token.strip())
    except HTTPException:
        raise NoToken from None


def portal(request: Request, user: Annotated[BaseUser, Depends(of_header)]) -> Visitor:
    """The portal that calls; `NotAllowed` for any other user, `TooOften` for one that calls too often."""
    who = visitor(request, user)
    if May.SUBMIT not in who.may:
        raise NotAllowed(who, May.SUBMIT)
    seconds = PACE.wait(who.login, settings().portal_pace)
    if seconds:
        raise TooOften(seconds)
    return who


portal.permission = May.SUBMIT  # type: ignore[attr-defined]

Portal = Annotated[Visitor, Depends(portal)]
