"""Faults that a person has to act on, as values with a name.

A message is one line that says what is wrong and what to do. It never holds personal data, a value of any
row, or SQL: it is printed by the command line, stored in the register and written to task logs.
"""

from __future__ import annotations


class AvgflowError(Exception):
    """The root of every fault with a message for a person; a subclass names the kind."""


class WrongSetting(AvgflowError):
    """A setting is missing or unusable; the message names it and how to set it."""


class StoreUnreachable(AvgflowError):
    """A store's database did not answer; worth another try later."""

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(f"The store '{store}' cannot be reached ({reason}). It is tried again; check its database.")
        self.store = store


class StoreRefused(AvgflowError):
    """A store's database answered with an error; only its SQLSTATE is repeated (its text may quote rows)."""

    def __init__(self, store: str, sqlstate: str) -> None:
        super().__init__(
            f"The store '{store}' refused a statement (SQLSTATE {sqlstate}). "
            f"Look in that database's own log; the text of the error may quote rows and is not repeated here."
        )
        self.store = store
        self.sqlstate = sqlstate
