"""What is set in a row so that the store itself knows: what the catalog says under `stops` and `restricts`."""

from __future__ import annotations

from pydantic import Field, model_validator

from avgflow.configuration import Strict
from avgflow.intake import Scope


class Mark(Strict):
    """What is set in a row, so that the store itself knows.

    `when`: SQL over the row's columns that holds while the row is still to be set, and no more once it is. `set`: SQL
    for the new value of each column.
    """

    when: str
    set: dict[str, str] = Field(min_length=1)


class Stop(Mark):
    """What an objection (art. 21) or a withdrawn consent (art. 7(3)) sets; `scope`: what is objected to."""

    scope: Scope


class Restrict(Mark):
    """What a restriction (art. 18) sets; `lift`: SQL for the value that each of these columns gets when it ends."""

    lift: dict[str, str] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Restrict:
        if set(self.set) != set(self.lift):
            raise ValueError("restricts sets and lifts other columns; give each a value under set and under lift")
        return self
