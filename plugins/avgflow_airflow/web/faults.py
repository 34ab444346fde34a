"""What was refused, as a page says it: Dutch where there is Dutch, else the one line that every entry gives."""

from __future__ import annotations

from dataclasses import dataclass

from avgflow.errors import AvgflowError


@dataclass(frozen=True)
class Refused:
    """One line for people, in both languages; `field`: the form's field that it is about."""

    nl: str
    en: str
    field: str | None = None

    @property
    def only_english(self) -> bool:
        return self.nl == self.en


def refused(fault: AvgflowError) -> Refused:
    """What the page says of a fault."""
    return Refused(str(fault), str(fault))
