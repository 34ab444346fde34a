"""What was refused, as a page says it: Dutch where there is Dutch, else the one line that every entry gives."""

from __future__ import annotations

from dataclasses import dataclass

from avgflow.errors import AvgflowError
from avgflow_airflow.web.dutch import DUTCH


class NoSuchPage(AvgflowError):
    """An address that leads nowhere."""

    def __init__(self) -> None:
        super().__init__("There is no such page.")


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
    line, field = DUTCH.get(type(fault).__name__, (None, None))
    text = str(fault)
    dutch = fault.nl or (line and line.format_map({**vars(fault), "text": text}))
    return Refused(dutch or text, text, field or _field_of(text))


def _field_of(text: str) -> str | None:
    """The field that a refusal of a text names."""
    return next((field for words, field in _NAMED.items() if text.startswith(words)), None)


_NAMED = {
    "The name ": "name",
    "The customer number ": "customer_number",
    "The telephone number ": "phone",
    "The statement ": "statement",
}
