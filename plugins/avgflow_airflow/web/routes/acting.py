"""What every form of the page has in common: it is carried out, or the page says in one line why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from fastapi import Request
from fastapi.responses import Response

from avgflow.errors import AvgflowError
from avgflow.fields import iso_day, stripped
from avgflow.handling.environment import Environment
from avgflow_airflow.web.faults import Refused, refused
from avgflow_airflow.web.forms import Sent
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.render import away
from avgflow_airflow.web.routes.request import rendered

NOT_DONE = 409

Work = Callable[[Environment], str]
"""What a form asks; it returns the word for what was done (`actions.done`)."""


class NoSuchDay(AvgflowError):
    """A day is not given as it must be."""

    def __init__(self) -> None:
        super().__init__("This is not a day. Give it as YYYY-MM-DD, or leave it out for today.")


class NothingChosen(AvgflowError):
    """A form was sent in which something is still to be chosen."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Choose {what} first; nothing was done.")


def carry_out(
    request: Request, sent: Sent, path: str, work: Work, again: Callable[[Environment, Refused], Response]
) -> Response:
    """Do what a form asks and go on to a page, with a word on what was done; or show one `again`, with the line that
    says why not.
    """
    with installation(sent.by) as env:
        try:
            done = work(env)
        except AvgflowError as fault:
            return again(env, refused(fault))
    return away(request, f"{path}?done={done}")


def act(request: Request, sent: Sent, number: str, work: Work) -> Response:
    """The same of a form on a request's page."""

    def again(env: Environment, why: Refused) -> Response:
        return rendered(request, sent.by, env, number, refused=why, status=NOT_DONE, typed=sent.typed)

    return carry_out(request, sent, f"/requests/{number}", work, again)


def answered(taken: bool) -> str:
    """The word for an answer that Airflow took, or will take."""
    return "answered" if taken else "given"


def day_of(given: str) -> date | None:
    """A day as typed, None for a blank one; `NoSuchDay`."""
    if not stripped(given):
        return None
    day = iso_day(given)
    if day is None:
        raise NoSuchDay
    return day
