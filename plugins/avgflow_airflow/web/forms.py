"""What a form sends, and that it was our own page that sent it.

Airflow's cookie is sent with every request of its own site, so a form of another site, or of a page that somebody
planted, must not pass: the browser's word on where a request comes from is looked at, and each form carries a signed
token that fits this browser and this user alone.
"""

import hmac
import secrets
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request

from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError
from avgflow.roles import May
from avgflow_airflow.web import bodies
from avgflow_airflow.web.access import Visitor, needs
from avgflow_airflow.web.installation import settings

COOKIE = "avgflow_form"
FIELD = "form_token"
LARGEST = 256 * 1024
"""Bytes of a form: a statement of 4000 characters and a list of values are far below it."""
_MOST_FIELDS = 200
_NONCE = 43
_PURPOSE = "web-form"


class FormRefused(AvgflowError):
    """A form cannot be taken; nothing was done."""

    status = 400


class FormTooLarge(FormRefused):
    status = 413

    def __init__(self) -> None:
        super().__init__("The form is too large. Shorten what you typed; nothing was done.")


class FormUnreadable(FormRefused):
    def __init__(self) -> None:
        super().__init__("The form cannot be read. Open the page anew and send it again; nothing was done.")


class FormNotOurs(FormRefused):
    """It comes from another page than ours, or from one that is too old."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "This page was open too long, or the form came from elsewhere. Open it anew; nothing was done."
        )


@dataclass(frozen=True, repr=False)
class Typed:
    """What was typed so far, to be shown again where something of it is refused; its text form shows nothing."""

    fields: Mapping[str, list[str]]

    def __repr__(self) -> str:
        return "Typed(…)"

    def get(self, name: str, otherwise: str = "") -> str:
        return self.fields.get(name, [otherwise])[-1]

    def has(self, name: str, value: str) -> bool:
        return value in self.fields.get(name, [])

    def nth(self, name: str, place: int) -> str:
        values = self.fields.get(name, [])
        return values[place] if place < len(values) else ""


NOTHING = Typed({})


@dataclass(frozen=True, repr=False)
class Sent:
    """A form that somebody sent who may do so: who, and its fields; its text form shows nothing."""

    by: Visitor
    fields: Mapping[str, list[str]]

    def __repr__(self) -> str:
        return "Sent(…)"

    def get(self, name: str) -> str:
        """The value of a field; empty where it is blank or not there."""
        return self.fields.get(name, [""])[-1]

    def all(self, name: str) -> list[str]:
        """The values of a field that may come several times, without blank ones."""
        return [value for value in self.fields.get(name, []) if value.strip()]

    def has(self, name: str) -> bool:
        """Whether a box is ticked."""
        return bool(self.get(name))

    def pairs(self, names: str, values: str) -> dict[str, str]:
        """Two columns of fields as a mapping; a line without a name is left out."""
        keys, given = self.fields.get(names, []), self.fields.get(values, [])
        return {key.strip(): value for key, value in zip(keys, given, strict=False) if key.strip()}

    @property
    def typed(self) -> Typed:
        return Typed(self.fields)


def sent(permission: May) -> Callable[..., Coroutine[Any, Any, Sent]]:
    """A dependency: the form that was sent, by somebody who may do this."""
    guard = needs(permission)

    async def taken(request: Request, by: Annotated[Visitor, Depends(guard)]) -> Sent:
        require_same_site(request)
        fields = await _read(request)
        if not _is_ours(request, by, fields.get(FIELD, [""])[-1]):
            raise FormNotOurs
        return Sent(by, fields)

    taken.permission = permission  # type: ignore[attr-defined]
    return taken


def nonce(request: Request) -> str:
    """The random word of this browser, a new one where it has none."""
    given = request.cookies.get(COOKIE, "")
    return given if len(given) == _NONCE else secrets.token_urlsafe(32)


def token(own: str, login: str) -> str:
    """What a form carries, for a browser's word and the user in it."""
    return Keyring.of(settings()).sign(_PURPOSE, f"{own}|{login}".encode())


def require_same_site(request: Request) -> None:
    """`FormNotOurs` unless the browser says that one of our own pages asks, or says nothing (then the token counts)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        raise FormNotOurs
    origin = request.headers.get("Origin")
    # A proxy may speak TLS for us, so the scheme says nothing.
    if site is None and origin is not None and urlsplit(origin).netloc != request.headers.get("Host"):
        raise FormNotOurs


def _is_ours(request: Request, by: Visitor, given: str) -> bool:
    own = request.cookies.get(COOKIE, "")
    return len(own) == _NONCE and hmac.compare_digest(given.encode(), token(own, by.login).encode())


async def _read(request: Request) -> Mapping[str, list[str]]:
    if bodies.media_type(request) != "application/x-www-form-urlencoded":
        raise FormUnreadable
    body = await bodies.read(request, LARGEST)
    if body is None:
        raise FormTooLarge
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise FormUnreadable from None
    fields: dict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        fields[name].append(value)
    return fields


Looking = Annotated[Sent, Depends(sent(May.SEE))]
LookingAtPerson = Annotated[Sent, Depends(sent(May.SEE_PERSON))]
Handling = Annotated[Sent, Depends(sent(May.HANDLE))]
Deciding = Annotated[Sent, Depends(sent(May.DECIDE))]
Taking = Annotated[Sent, Depends(sent(May.TAKE_DOSSIER))]
Operating = Annotated[Sent, Depends(sent(May.OPERATE))]
