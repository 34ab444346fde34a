"""Faults that a person has to act on, as values with a name.

A message is one line that says what is wrong and what to do. It never holds personal data, a value of any
row, or SQL: it is printed by the command line, stored in the register and written to task logs.
"""

from __future__ import annotations


class AvgflowError(Exception):
    """The root of every fault with a message for a person; a subclass names the kind.

    `nl`: the same line in Dutch, where it says more than that; the page has one for each of the other kinds.
    """

    nl: str | None = None


class ToldTwice(AvgflowError):
    """A fault whose kind says too little of it: each has its own line in English and in Dutch."""

    def __init__(self, en: str, nl: str) -> None:
        super().__init__(en)
        self.nl = nl


class WrongSetting(AvgflowError):
    """A setting is missing or unusable; the message names it and how to set it."""


class StoreFault(AvgflowError):
    """Something is wrong with one store; a subclass names what."""

    store: str


class StoreUnreachable(StoreFault):
    """A store's database did not answer; worth another try later."""

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(f"The store '{store}' cannot be reached ({reason}). It is tried again; check its database.")
        self.nl = f"Het systeem '{store}' antwoordt niet. Probeer het straks opnieuw, of laat de database nakijken."
        self.store = store


class StoreRefused(StoreFault):
    """A store's database answered with an error; only its SQLSTATE is repeated (its text may quote rows)."""

    def __init__(self, store: str, sqlstate: str) -> None:
        super().__init__(
            f"The store '{store}' refused a statement (SQLSTATE {sqlstate}). "
            f"Look in that database's own log; the text of the error may quote rows and is not repeated here."
        )
        self.nl = (
            f"De database van het systeem '{store}' gaf een fout ({sqlstate}). Vraag de technisch beheerder om te "
            f"kijken."
        )
        self.store = store
        self.sqlstate = sqlstate


class StoreBusy(StoreFault):
    """A store let us wait for a lock or took too long, because others work in it; worth another try later."""

    def __init__(self, store: str, sqlstate: str) -> None:
        super().__init__(
            f"The store '{store}' is busy with other work (SQLSTATE {sqlstate}). Nothing was changed in it; it is "
            f"tried again."
        )
        self.nl = f"Het systeem '{store}' is druk. Er is niets veranderd. Probeer het straks opnieuw."
        self.store = store
        self.sqlstate = sqlstate
