"""Who gets data from the company (art. 15(1)(c), 15(2), 19): recipients, and countries outside the EEA."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, model_validator

from avgflow.addresses import parsed
from avgflow.catalog.models import Text
from avgflow.configuration import Strict
from avgflow.errors import AvgflowError


class UnknownRecipient(AvgflowError):
    """A recipient was named that the policy does not have."""

    def __init__(self, known: Iterable[Recipient]) -> None:
        names = ", ".join(recipient.id for recipient in known)
        super().__init__(
            f"The policy has no recipient of that name. Choose one of: {names or 'none, it names nobody'}."
        )


class Recipient(Strict):
    """Who receives data of which classes (art. 15(1)(c)); `named` where the actual identity is known (C-154/21).

    `id`: what stands on the register for it. `notified`: it is told when data it got are erased (art. 19), by `email`,
    or by hand where no address is known; `why_not`: why it is not told (an authority with an inquiry is no recipient,
    art. 4(9)). `known_by`: the kinds of identifiers by which it knows a person; a notice holds no others.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)
    title: Text
    named: tuple[str, ...] = ()
    classes: tuple[str, ...]
    why: Text
    country: str = Field(default="NL", pattern=r"^[A-Z]{2}$")
    role: Literal["processor", "controller", "authority"]
    email: str | None = None
    known_by: tuple[str, ...] = ()
    notified: bool = True
    why_not: Text | None = None

    @model_validator(mode="after")
    def _told_or_said_why_not(self) -> Recipient:
        if self.email is not None and parsed(self.email) is None:
            raise ValueError(
                "email is not an e-mail address; correct it, or take it out: then a human tells this recipient"
            )
        if not self.notified and self.why_not is None:
            raise ValueError(
                "a recipient that is not told of an erasure says why (why_not: {nl: …, en: …}); give the reason, or "
                "set notified: true (art. 19)"
            )
        if self.notified and self.why_not is not None:
            raise ValueError(
                "why_not stands beside notified: true; take why_not out, or set notified: false if it is not told"
            )
        return self


class Transfer(Strict):
    """Data that goes outside the EEA, and the safeguard of art. 46 (art. 15(2))."""

    country: Text
    safeguard: Text
    classes: tuple[str, ...]
