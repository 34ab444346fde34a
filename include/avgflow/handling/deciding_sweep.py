"""Between the preview of a sweep and its work: a human looks where there is a reason to, until a day.

What is approved is the digest of what the preview counted. Where nothing asks for a human, nobody is asked; where
nobody answers in time, nothing is done.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from avgflow.fields import AMSTERDAM
from avgflow.handling import second_officer
from avgflow.handling.approving import SHOWN
from avgflow.handling.environment import Environment
from avgflow.handling.over import Ended
from avgflow.handling.sweeping import SweepStopped
from avgflow.handling.waiting import ChoiceRefused
from avgflow.register import outbox, sweeps
from avgflow.register.database import transaction
from avgflow.register.events import SYSTEM
from avgflow.register.sweeps import Sweep, SweepStatus
from avgflow.sweep_letters import Writer

_NAMED = re.compile(rf"[0-9a-f]{{{SHOWN},64}}")
_UNDECIDED = (SweepStatus.PREVIEWED, SweepStatus.WAITING)


class SweepRefused(Ended):
    """A sweep does not go on: a human refused it, or nobody answered in time."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} was refused; nothing was changed, and the next sweep counts anew.")


@dataclass(frozen=True)
class SweepQuestion:
    """A sweep waits for a human until a moment; `mail`: the Message-ID of the mail that says so."""

    number: str
    until: datetime
    mail: str


def decide(env: Environment, number: str, now: datetime | None = None) -> SweepQuestion | None:
    """None where the sweep may be carried out: a human approved what was counted, or nothing asked for one.

    `SweepRefused` where a human refused it, or nobody answered within the policy's `approval_days`; `SweepStopped`.
    """
    moment = now or datetime.now(UTC)
    refuse_refused(env, number)
    with transaction(env.register) as register:
        sweep = sweeps.get(register, number)
        if sweep.status in _UNDECIDED and sweep.stop_asked_at is not None:
            sweep = sweeps.end(register, env.keyring, number, SweepStatus.STOPPED, {"rows": 0})
    if sweep.status is SweepStatus.STOPPED:
        raise SweepStopped(number)
    if sweep.status not in _UNDECIDED:
        return None
    with transaction(env.register) as register:
        if not sweep.asks:
            sweeps.approve(register, env.keyring, number, None, SYSTEM)
            return None
        until = last_moment(env, sweep)
        if moment < until:
            sweeps.wait(register, env.keyring, number)
            return SweepQuestion(number, until, _tell(env, register, sweep, until))
        sweeps.refuse(register, env.keyring, number, SYSTEM)
    raise SweepRefused(number)


def refuse_refused(env: Environment, number: str) -> None:
    """`SweepRefused` where the sweep does not go on: then there is nothing to prove."""
    with transaction(env.register) as register:
        if sweeps.get(register, number).status is SweepStatus.REFUSED:
            raise SweepRefused(number)


def take(env: Environment, number: str, named: object, actor: str) -> None:
    """Record that a human approves what was counted; `named`: the first twelve signs of its digest, or more.

    `ChoiceRefused` where that is another, or where this human may not approve it.
    """
    with transaction(env.register) as register:
        sweep = sweeps.get(register, number)
        refuse_other(sweep, named)
        refuse_stranger(env, number, actor)
        sweeps.approve(register, env.keyring, number, str(named).strip().lower(), actor)


def refuse(env: Environment, number: str, actor: str) -> None:
    """Record that a human refuses the sweep; nothing is changed."""
    with transaction(env.register) as register:
        sweeps.refuse(register, env.keyring, number, actor)


def last_moment(env: Environment, sweep: Sweep) -> datetime:
    """Until when an answer is waited for: the end of a day, in Dutch time."""
    counted = (sweep.previewed_at or sweep.begun_at).astimezone(AMSTERDAM)
    last_day = counted.date() + timedelta(days=env.policy.retention.approval_days)
    return datetime.combine(last_day, datetime.min.time(), AMSTERDAM) + timedelta(days=1)


def refuse_other(sweep: Sweep, named: object) -> None:
    """`ChoiceRefused` unless `named` are the first signs of what the sweep's preview counted."""
    number = sweep.number
    if not isinstance(named, str) or not _NAMED.fullmatch(named := named.strip().lower()):
        raise ChoiceRefused(
            f"Say what you approve: the {SHOWN} signs that `avgflow retention show {number}` ends with.",
            f"Zeg wat u goedkeurt: de {SHOWN} tekens van wat er geteld is.",
        )
    if not (sweep.digest or "").startswith(named):
        raise ChoiceRefused(
            f"That is not what {number} has counted. Look at it anew: `avgflow retention show {number}`.",
            "Dit is niet wat er nu geteld is. Bekijk het opnieuw.",
        )


def refuse_stranger(env: Environment, number: str, actor: str) -> None:
    """`ChoiceRefused` where the policy names officers, and this human is none of them."""
    officers = second_officer.officers(env)
    if officers and actor.lower() not in officers:
        raise ChoiceRefused(
            f"To approve {number} is for a privacy officer: {', '.join(sorted(officers))}.",
            f"Goedkeuren kan alleen een privacy officer: {', '.join(sorted(officers))}.",
        )


def _tell(env: Environment, register: Connection, sweep: Sweep, until: datetime) -> str:
    """Put the question in the outbox; its Message-ID. Again it is the same mail."""
    found = sweeps.found(register, sweep.number)
    writer = Writer(sweep, found, {}, env.catalog, env.policy, env.templates)
    message = writer.waiting((until.astimezone(AMSTERDAM) - timedelta(days=1)).date())
    kind = f"sweep-waiting:{sweep.number}"
    return outbox.enqueue(register, env.keyring, None, kind, env.policy.officer_mailbox, message)
