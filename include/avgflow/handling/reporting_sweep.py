"""The end of a sweep's run: whether all of it is there, and what the privacy officer hears of it.

A sweep that had nothing to do and has nothing to say is on the register, and mails nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from avgflow.catalog.models import Text
from avgflow.errors import AvgflowError, StoreFault
from avgflow.handling.environment import Environment
from avgflow.register import chain, earlier_sweeps, events, outbox, sweep_proofs, sweeps
from avgflow.register.database import transaction
from avgflow.register.events import SYSTEM, Event, entry
from avgflow.register.names import EventName
from avgflow.register.sweeps import Sweep, SweepStatus
from avgflow.sweep.caps import quiet
from avgflow.sweep_letters import Writer

_GOES_ON = (SweepStatus.PREVIEWING, SweepStatus.PREVIEWED, SweepStatus.WAITING)
_FAULTS = (EventName.STEP_FAILED, EventName.SWEEP_NOT_PROVEN)


class SweepNotAtItsEnd(AvgflowError):
    """A sweep's run is over, and the sweep is not; the message says what is missing."""

    def __init__(self, number: str, missing: Sequence[Text]) -> None:
        super().__init__(f"{number} is not at its end: {'; '.join(one.en for one in missing)}.")
        self.missing = missing


@dataclass(frozen=True)
class Reported:
    """How a sweep ended, what is missing of it, and the mail about it (a Message-ID), where there is one to send."""

    sweep: Sweep
    missing: tuple[Text, ...] = ()
    mail: str | None = None


def report(env: Environment, number: str) -> Reported:
    """Look whether a sweep is at its end, and put the mail about it in the outbox; again it is the same mail."""
    with transaction(env.register) as register:
        sweep = sweeps.get(register, number)
        missing = _missing(env, register, sweep)
        writer = Writer(
            sweep,
            sweeps.found(register, number),
            sweeps.changed(register, number),
            env.catalog,
            env.policy,
            env.templates,
        )
        if missing:
            return Reported(sweep, tuple(missing), _failed(env, register, writer, missing))
        return Reported(sweep, (), _ended(env, register, writer))


def record_failure(env: Environment, number: str, step: str, fault: Exception) -> None:
    """Put on the register that a step failed for good: the kind of fault and the store, nothing of its text."""
    detail = {"step": step, "error": type(fault).__name__}
    if isinstance(fault, StoreFault):
        detail["store"] = fault.store
    with transaction(env.register) as register:
        chain.link(register, env.keyring, [entry(EventName.STEP_FAILED, number, SYSTEM, detail)])


def _missing(env: Environment, register: Connection, sweep: Sweep) -> list[Text]:
    """What keeps a sweep from its end; nothing where it was refused, for then nothing was done."""
    if sweep.status is SweepStatus.REFUSED:
        return []
    history = events.history(register, sweep.number)
    if sweep.status in _GOES_ON:
        at = Text(nl="er is vooraf niet alles geteld", en="the preview did not come to its end")
        if sweep.status is not SweepStatus.PREVIEWING:
            at = Text(nl="er is nog niet over besloten", en="it is not decided on yet")
        return [at, *_faults(history)]
    missing = []
    if sweep.status is not SweepStatus.STOPPED:
        swept = {str(event.detail["store"]) for event in history if event.name == EventName.STORE_SWEPT}
        missing = [
            Text(nl=f"{store.title.nl} is niet klaar", en=f"{name} is not done")
            for name, store in env.catalog.stores.items()
            if name not in swept
        ]
    proof = sweep_proofs.newest(register, sweep.number)
    if proof is None:
        missing.append(Text(nl="er is niet nageteld", en="it was not re-counted"))
    elif not proof.passed or sweep.status is SweepStatus.FAILED:
        missing.append(Text(nl="de natelling klopt niet", en="the re-count did not pass"))
    elif sweep.status not in (SweepStatus.DONE, SweepStatus.STOPPED):
        missing.append(Text(nl="het einde staat niet in het register", en="its end is not on the register"))
    return [*missing, *_faults(history)] if missing else []


def _faults(history: Sequence[Event]) -> list[Text]:
    """Which step failed last, and by what kind of fault."""
    failed = [event for event in history if event.name == EventName.STEP_FAILED]
    if not failed:
        return []
    step, error = failed[-1].detail["step"], failed[-1].detail["error"]
    return [Text(nl=f"stap {step} mislukte ({error})", en=f"step {step} failed ({error})")]


def _failed(env: Environment, register: Connection, writer: Writer, missing: Sequence[Text]) -> str:
    number = writer.sweep.number
    proof = sweep_proofs.newest(register, number)
    message = writer.failed(missing, proof.failures if proof else ())
    # One mail for each time that it failed, however often this runs.
    times = sum(event.name in _FAULTS for event in events.history(register, number))
    kind = f"sweep-failed:{number}:{times}"
    return outbox.enqueue(register, env.keyring, None, kind, env.policy.officer_mailbox, message)


def _ended(env: Environment, register: Connection, writer: Writer) -> str | None:
    sweep, to = writer.sweep, env.policy.officer_mailbox
    if sweep.status is SweepStatus.REFUSED:
        kind, message = f"sweep-refused:{sweep.number}", writer.refused()
    elif sweep.status is SweepStatus.STOPPED or any(rows for rows, _ in writer.done.values()):
        kind, message = f"sweep-report:{sweep.number}", writer.report()
    else:
        since, often = earlier_sweeps.last_taken(register), env.policy.retention.quiet_weeks
        weeks = quiet(since, sweep.day, often)
        if weeks is None:
            return None
        # Said again after as many weeks more, and not each week.
        kind, message = f"sweep-quiet:{since}:{weeks // often}", writer.quiet(weeks)
    return outbox.enqueue(register, env.keyring, None, kind, to, message)
