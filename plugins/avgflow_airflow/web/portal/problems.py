"""What a portal is told where something is refused: a problem (RFC 9457), which names fields and repeats no value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Literal

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from avgflow.errors import AvgflowError
from avgflow.handling.submitting import KeyUsed
from avgflow.register.locks import UnknownRequest
from avgflow_airflow.web.access import NotAllowed
from avgflow_airflow.web.render import base_of

MEDIA_TYPE = "application/problem+json"
PREFIX = "/api/v1"
"""Below this address whatever is asked is asked by a program."""
_LATER = {"Retry-After": "60"}


class Wrong(BaseModel):
    """What is wrong with a field: its name (`correct.phone` for one within another), and what to do about it."""

    field: str = Field(examples=["email"])
    detail: str = Field(examples=["The e-mail address is not one. Give one address, such as name@company.nl."])
    detail_nl: str | None = Field(default=None, description="The same in Dutch, where there is Dutch.")


class Problem(BaseModel):
    """What was refused, and what to do about it."""

    type: Literal["about:blank"] = "about:blank"
    title: str = Field(description="What the status means.", examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str = Field(description="One line that says what to do.")
    errors: list[Wrong] | None = Field(default=None, description="The fields that do not fit; none of their values.")


class Refusal(AvgflowError):
    """Something that a portal sent is not taken; nothing was registered."""

    status = 400
    headers: Mapping[str, str] = {}
    errors: Sequence[Wrong] = ()


class NoToken(Refusal):
    status = 401
    headers = {"WWW-Authenticate": "Bearer"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__(
            "Send a token that Airflow gave and that is still valid (POST /auth/token) as Authorization: Bearer …. A "
            "cookie is not looked at here."
        )


class MayNotVouch(Refusal):
    status = 403
    errors = (
        Wrong(
            field="verified_by",
            detail="This account may not say that who asks is verified. Leave it out: a human sees to it.",
        ),
    )

    def __init__(self) -> None:
        super().__init__("This account may not vouch for who asks (AVGFLOW_PORTALS_THAT_VOUCH). Nothing was done.")


class NoKey(Refusal):
    def __init__(self) -> None:
        super().__init__(
            "Send an Idempotency-Key of 8 to 64 printable signs without blanks, a new one for each request and the "
            "same one where you send it again. Nothing was registered."
        )


class NoJson(Refusal):
    def __init__(self) -> None:
        super().__init__("The body is not JSON in UTF-8. Correct it; nothing was registered.")


class TooLarge(Refusal):
    status = 413

    def __init__(self, largest: int) -> None:
        super().__init__(f"The body is larger than {largest} bytes. Shorten it; nothing was registered.")


class OtherType(Refusal):
    status = 415
    headers = {"Accept": "application/json"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__("Send the request as application/json. Nothing was registered.")


class TooOften(Refusal):
    """`seconds`: after how many the next call is taken."""

    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__("This account calls too often. Send it again when the seconds in Retry-After are over.")
        self.headers = {"Retry-After": str(seconds)}


class FieldsRefused(Refusal):
    status = 422

    def __init__(self, *errors: Wrong) -> None:
        super().__init__("The request cannot be taken as it is. Correct the fields below; nothing was registered.")
        self.errors = errors


def wanted(request: Request) -> bool:
    """Whether a program asks, which gets a problem and no page."""
    return request.url.path.removeprefix(base_of(request)).startswith(f"{PREFIX}/")


def answer(fault: Exception) -> JSONResponse:
    """A fault as the answer to a program. What is ours is not told: its text may quote anything."""
    match fault:
        case Refusal():
            return _problem(fault.status, str(fault), fault.headers, fault.errors)
        case NotAllowed():
            return _problem(
                403, "This account is no portal (the role is 'AVG portal'), or Airflow lets it start no run."
            )
        case UnknownRequest():
            return _problem(404, "This account submitted no request with this number.")
        case KeyUsed():
            return _problem(409, str(fault))
        case HTTPException():
            return _problem(fault.status_code, _of_http(fault.status_code), fault.headers or {})
        case AvgflowError():
            return _problem(503, "The register cannot take this now. Send it again later, with the same key.", _LATER)
    return _problem(500, "Something went wrong here. Send it again with the same key; if it stays, tell who runs this.")


def _of_http(status: int) -> str:
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return "This address does not take this method; the header Allow names those it does."
    return "There is nothing at this address; openapi.json says what there is."


def _problem(
    status: int, detail: str, headers: Mapping[str, str] | None = None, errors: Sequence[Wrong] = ()
) -> JSONResponse:
    said = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors) if errors else None
    )
    return JSONResponse(said.model_dump(exclude_none=True), status, dict(headers or {}), media_type=MEDIA_TYPE)
