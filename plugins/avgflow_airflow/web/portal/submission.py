"""What a portal submits: its form in JSON, read without repeating any of it; `avgflow.intake` checks the values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from avgflow.capacity import Capacity
from avgflow.fields import LONGEST_EMAIL, LONGEST_STATEMENT, LONGEST_TEXT
from avgflow.intake import Language, RestrictionGround, Right, Scope, Verification
from avgflow.roles import May
from avgflow_airflow.web import bodies
from avgflow_airflow.web.access import Visitor
from avgflow_airflow.web.installation import settings
from avgflow_airflow.web.portal.account import Portal
from avgflow_airflow.web.portal.problems import FieldsRefused, MayNotVouch, NoJson, NoKey, OtherType, TooLarge, Wrong

LARGEST = 64 * 1024
"""Bytes of a body."""
KEY = "Idempotency-Key"
KEY_PATTERN = r"[!-~]{8,64}"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""What a field is called; anything else may be a value that stands in the wrong place, and is not repeated."""

_EMAIL: dict[str, Any] = {"format": "email", "maxLength": LONGEST_EMAIL}
_LINE: dict[str, Any] = {"maxLength": LONGEST_TEXT}
_DAY: dict[str, Any] = {"format": "date"}
_BY_NAME: dict[str, Any] = {"propertyNames": {"pattern": f"^{_NAME.pattern}$"}}


class Submission(BaseModel):
    """What a person asks through a portal. A field that is left out, or blank, counts as not given."""

    # The values are checked where every entry has them checked, so here all are text; the description says more.
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        title="Submission",
        json_schema_extra={"required": ["right", "email"]},
    )

    right: str = Field("", description="What is asked.", json_schema_extra={"enum": list(Right)})
    email: str = Field("", description="Of who asks; the answer goes there.", json_schema_extra=_EMAIL)
    name: str = Field("", description="Of who asks, for the letter.", json_schema_extra=_LINE)
    customer_number: str = Field("", description="Of whose data they are.", json_schema_extra=_LINE)
    phone: str = Field("", description="Never used to find anybody.", json_schema_extra=_LINE)
    identifiers: dict[str, str] = Field(
        {},
        description="Further identifiers of whose data they are, by kind as the catalog names it.",
        json_schema_extra=_BY_NAME,
    )
    received: str = Field("", description="Day of receipt; today if left out.", json_schema_extra=_DAY)
    verified_by: str = Field(
        "",
        description="Only for a portal that may vouch for who asks, because the person had to log in.",
        json_schema_extra={"enum": [Verification.PORTAL_LOGIN.value]},
    )
    language: str = Field("nl", description="Of the answer.", json_schema_extra={"enum": list(Language)})
    to: str = Field("", description="What an objection is to.", json_schema_extra={"enum": list(Scope)})
    ground: str = Field("", description="Why data are restricted.", json_schema_extra={"enum": list(RestrictionGround)})
    correct: dict[str, str] = Field(
        {}, description="Of a rectification: the right values, by attribute.", json_schema_extra=_BY_NAME
    )
    was: dict[str, str] = Field(
        {}, description="Of a rectification: the wrong values, by attribute.", json_schema_extra=_BY_NAME
    )
    statement: str = Field(
        "",
        description="Of a rectification: the person's own words.",
        json_schema_extra={"maxLength": LONGEST_STATEMENT},
    )
    destination: str = Field(
        "", description="Of a portability: the address of another company that gets the data.", json_schema_extra=_EMAIL
    )
    asks_as: str = Field(
        "", description="In what capacity who asks does so.", json_schema_extra={"enum": list(Capacity)}
    )
    born: str = Field("", description="Of a child whose data they are.", json_schema_extra=_DAY)
    person_email: str = Field("", description="Of whose data they are, where another asks.", json_schema_extra=_EMAIL)
    person_name: str = Field("", description="The same.", json_schema_extra=_LINE)

    def __repr__(self) -> str:
        return "Submission(…)"

    __str__ = __repr__

    def given(self) -> dict[str, Any]:
        """The fields of `avgflow.intake.parse` that were given."""
        return self.model_dump(exclude_unset=True)


class State(BaseModel):
    """Where a request stands; nothing of the person."""

    number: str = Field(pattern=r"^AVG-[0-9]{4}-[0-9]{5,}$")
    right: str = Field(json_schema_extra={"enum": list(Right)})
    status: str
    outcome: str | None = Field(description="What it came to; null as long as it is not closed.")
    received: date
    due: date = Field(description="By when the law wants an answer (art. 12(3)).")
    extended_due: date = Field(description="By when, where the term is extended.")


@dataclass(frozen=True, repr=False)
class Sent:
    """A submission with its key, and who sent it; its text form shows nothing."""

    by: Visitor
    key: str
    submission: Submission

    def __repr__(self) -> str:
        return "Sent(…)"


async def sent(request: Request, by: Portal) -> Sent:
    """A dependency: what a portal submits; a `Refusal` says what does not fit."""
    if bodies.media_type(request) != "application/json":
        raise OtherType
    key = request.headers.get(KEY, "")
    if not re.fullmatch(KEY_PATTERN, key):
        raise NoKey
    body = await bodies.read(request, LARGEST)
    if body is None:
        raise TooLarge(LARGEST)
    submission = read(body)
    if submission.verified_by.strip() and not settings().vouches(by.login):
        raise MayNotVouch
    return Sent(by, key, submission)


sent.permission = May.SUBMIT  # type: ignore[attr-defined]

Submitting = Annotated[Sent, Depends(sent)]


def read(body: bytes) -> Submission:
    """A submission of its JSON; `NoJson`, or `FieldsRefused` with the name of each field that does not fit."""
    try:
        submission = Submission.model_validate_json(body)
    except ValidationError as refused:
        # Not what pydantic says: it may repeat the value.
        errors = refused.errors(include_url=False, include_input=False, include_context=False)
        if any(error["type"] == "json_invalid" for error in errors):
            raise NoJson from None
        raise FieldsRefused(*_wrong(errors)) from None
    if submission.verified_by.strip().lower() not in ("", Verification.PORTAL_LOGIN):
        raise FieldsRefused(
            Wrong(field="verified_by", detail="A portal verifies by portal-login alone. Give that, or leave it out.")
        )
    return submission


_MOST_ERRORS = 50


def _wrong(errors: Sequence[ErrorDetails]) -> list[Wrong]:
    return [
        Wrong(field=_named(error["loc"]), detail=_WHY.get(error["type"], _OTHER)) for error in errors[:_MOST_ERRORS]
    ]


def _named(place: Sequence[int | str]) -> str:
    known = [str(part) if _NAME.fullmatch(str(part)) else "…" for part in place if part != "[key]"]
    return ".".join(known) or "…"


_OTHER = "This does not have the form that openapi.json describes. Correct it."
_WHY = {
    "extra_forbidden": "There is no such field. Leave it out, or see openapi.json for the one that is meant.",
    "string_type": "This must be a text. Correct it, or leave it out.",
    "string_unicode": "This is no valid Unicode. Correct it.",
    "dict_type": "This must be an object of names and texts. Correct it, or leave it out.",
    "model_type": "The body must be one JSON object.",
}
