"""Dutch first, English by a switch that the browser remembers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from fastapi import Request
from fastapi.responses import Response

Language = Literal["nl", "en"]
COOKIE = "avgflow_lang"
_YEAR = 365 * 24 * 3600


def language(request: Request) -> Language:
    """What the address asks for, or else what was asked for before; Dutch where nothing was."""
    wanted = request.query_params.get("lang") or request.cookies.get(COOKIE)
    return "en" if wanted == "en" else "nl"


def remember(request: Request, response: Response, path: str) -> None:
    """Keep what the address asks for."""
    if request.query_params.get("lang") in ("nl", "en"):
        response.set_cookie(
            COOKIE,
            language(request),
            max_age=_YEAR,
            path=path,
            httponly=True,
            samesite="strict",
            secure=is_secure(request),
        )


def is_secure(request: Request) -> bool:
    """Whether cookies may say that they go over TLS only."""
    return request.url.scheme == "https"


def teller(of: Language) -> Callable[..., str]:
    """`t` of the templates: the one of two texts that fits, or the one of a thing that has both (`nl`, `en`)."""

    def t(dutch: Any, english: str | None = None) -> str:
        if english is not None:
            return str(english if of == "en" else dutch)
        return str(getattr(dutch, of))

    return t
