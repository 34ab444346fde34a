"""A page from a template: in the reader's language, with a token for its forms."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from avgflow.fields import AMSTERDAM
from avgflow.mounted import PAGE
from avgflow.templating import long_date
from avgflow_airflow.web import forms, language
from avgflow_airflow.web.access import Visitor

FOLDER = Path(__file__).parent


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(iso=lambda day: day.isoformat(), moment=_moment, iso_moment=_iso_moment)
    return environment


def page(request: Request, visitor: Visitor | None, name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A template filled in.

    Each has `t` (a text in the reader's language), `day` (a date in words), `base` (where the page is served), `may`
    (whether the visitor may), `form_token` (the hidden field of a form), and `framed`: whether it is shown within
    Airflow, out of which no link may lead.
    """
    of = language.language(request)
    base = base_of(request)
    nonce = forms.nonce(request)
    content = (
        _templates()
        .get_template(name)
        .render(
            lang=of,
            t=language.teller(of),
            day=lambda day: long_date(day, of),
            base=base,
            airflow_url=f"{base.removesuffix(PAGE)}/",
            here=_here(request),
            framed=request.headers.get("Sec-Fetch-Dest") == "iframe",
            visitor=visitor,
            may=visitor.can if visitor else lambda permission: False,
            form_token=_field(nonce, visitor),
            **values,
        )
    )
    response = HTMLResponse(content, status_code=status)
    if visitor is not None and request.cookies.get(forms.COOKIE) != nonce:
        response.set_cookie(
            forms.COOKIE, nonce, path=base, httponly=True, samesite="strict", secure=language.is_secure(request)
        )
    language.remember(request, response, base)
    return response


def away(request: Request, path: str) -> RedirectResponse:
    """Go on to another of our pages, after a form was taken."""
    return RedirectResponse(f"{base_of(request)}{path}", status_code=303)


def base_of(request: Request) -> str:
    """Where the page is served, without a slash at its end (`/avgflow`, or behind Airflow's own path)."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def _here(request: Request) -> str:
    """This page without its language, for the switch: the address and what stands behind it."""
    query = request.query_params.multi_items()
    kept = "&".join(f"{name}={value}" for name, value in query if name != "lang")
    path = str(request.url.path)
    return f"{path}?{kept}&" if kept else f"{path}?"


def _field(nonce: str, visitor: Visitor | None) -> Markup:
    if visitor is None:
        return Markup("")
    signed = forms.token(nonce, visitor.login)
    return Markup('<input type="hidden" name="{}" value="{}">').format(forms.FIELD, signed)


def _moment(at: datetime | date) -> str:
    """A moment in Dutch time, as tables show it."""
    if isinstance(at, datetime):
        return at.astimezone(AMSTERDAM).strftime("%Y-%m-%d %H:%M")
    return at.isoformat()


def _iso_moment(at: str) -> str:
    """The same of a moment as Airflow writes it, to the second; other text as it is."""
    try:
        return datetime.fromisoformat(at).astimezone(AMSTERDAM).strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return at
