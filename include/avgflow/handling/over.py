"""That nothing more is done for a request or a sweep: it was taken back, declined, stopped, or has its answer."""

from __future__ import annotations

from avgflow.errors import AvgflowError
from avgflow.register.requests import Outcome, Request, RequestClosed, Status


class Ended(AvgflowError):
    """Nothing more is done; a subclass says why."""


class Withdrawn(Ended):
    """The person took the request back."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} was withdrawn; nothing more is done for it.")


class Declined(Ended):
    """The request is not carried out as asked, and the letter that says so is made."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} was declined; nothing more is done for it but to tell the person.")


def refuse_closed(request: Request) -> None:
    """`Withdrawn` for a request that was taken back, `RequestClosed` for one that is closed otherwise."""
    if request.outcome is Outcome.WITHDRAWN:
        raise Withdrawn(request.number)
    if request.status is Status.CLOSED:
        raise RequestClosed(request.number, str(request.outcome))
