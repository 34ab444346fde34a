"""Saying, after a correction was asked for, which value of the person is wrong; and showing what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from avgflow import asked as checked
from avgflow.asked import Asked
from avgflow.errors import AvgflowError
from avgflow.handling.environment import Environment
from avgflow.handling.over import refuse_closed
from avgflow.handling.turns import begun
from avgflow.register import events, locks, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName


class NothingAskedToCorrect(AvgflowError):
    """What was asked was to be shown or said more exactly of a request that asks no such thing."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"{number} asks for no correction of that kind; `avgflow request show {number} --asked` shows what it asks."
        )


class AlreadyBegun(AvgflowError):
    """It was to be said which value is wrong while the stores are being changed."""

    def __init__(self, number: str) -> None:
        super().__init__(f"The stores are being changed for {number} already; register another request.")


def say_which(env: Environment, number: str, was: Mapping[str, str], actor: str) -> None:
    """Record which value of an attribute is wrong; `NothingAskedToCorrect` where none of it is to be corrected."""
    with transaction(env.register) as register:
        locks.lock(register, [number])
        refuse_closed(requests.get(register, number))
        if begun(register, number):
            raise AlreadyBegun(number)
        asked = requests.asked(register, env.keyring, number)
        right = {one.attribute: one.new for one in asked.corrections}
        if not set(was) <= set(right):
            raise NothingAskedToCorrect(number)
        said = {one.attribute: one.old for one in asked.corrections if one.old is not None} | dict(was)
        made = replace(asked, corrections=checked.corrections(right, said))
        requests.restate(register, env.keyring, number, made)
        facts = {"attributes": sorted(was)}
        events.append(register, env.keyring, EventName.CORRECTION_STATED, number, actor, facts)


def show(env: Environment, number: str, actor: str) -> Asked:
    """What a request asks besides its right; the showing is put on record."""
    with transaction(env.register) as register:
        asked = requests.asked(register, env.keyring, number)
        events.append(register, env.keyring, EventName.ASKED_SHOWN, number, actor)
    return asked
