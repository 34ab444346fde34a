"""Which field of a submission a refusal of the intake is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from avgflow import fields
from avgflow.asked import AskedMisplaced
from avgflow.errors import AvgflowError
from avgflow.fields import IntakeRefused, InvalidEmail, InvalidText
from avgflow.handling.registering import UnknownKind
from avgflow.several import ONLY_OF
from avgflow_airflow.web.faults import refused
from avgflow_airflow.web.portal.problems import Wrong
from avgflow_airflow.web.portal.submission import Submission

OF_INTAKE = (IntakeRefused, UnknownKind)
"""What is wrong with what was asked, and not with us."""

_OF_FORM = {"new": "correct", "identifier_kind": "identifiers"}
"""Fields that the page's form calls otherwise."""


def wrong(fault: AvgflowError, submission: Submission) -> Wrong:
    """A refusal with the name of its field."""
    said = refused(fault)
    field = _found(fault, submission) or said.field
    return Wrong(
        field=_OF_FORM.get(field or "", field) or "correct",
        detail=said.en,
        detail_nl=None if said.only_english else said.nl,
    )


def _found(fault: AvgflowError, submission: Submission) -> str | None:
    """The field, where the kind of fault alone does not say it."""
    given = submission.given()
    match fault:
        case InvalidEmail():
            return _first(("email", "person_email", "destination"), given, fields.email)
        case AskedMisplaced():
            asked = fields.stripped(submission.right).lower()
            return next(
                (name for name, right in ONLY_OF.items() if _is_given(given.get(name)) and right != asked), None
            )
        case InvalidText():
            return _first(("name", "customer_number", "phone", "person_name"), given, _line) or _of_text(fault)
    return None


def _is_given(value: str | dict[str, str] | None) -> bool:
    return bool(fields.stripped(value) if isinstance(value, str) else value)


def _first(names: tuple[str, ...], given: dict[str, Any], check: Callable[[str], object]) -> str | None:
    """The first of these fields that does not pass."""
    for name in names:
        try:
            if name == "email" or fields.stripped(given.get(name)):
                check(given.get(name, ""))
        except IntakeRefused:
            return name
    return None


def _line(value: str) -> str | None:
    return fields.text("text", value)


def _of_text(fault: InvalidText) -> str | None:
    text = str(fault)
    if text.startswith("The statement "):
        return "statement"
    if "identifier" in text.split(".")[0]:
        return "identifiers"
    return "was" if text.startswith("The former ") else "correct"
