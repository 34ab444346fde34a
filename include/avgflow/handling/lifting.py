"""The end of a restriction: the person is told first (art. 18(3)); only then its marks go, and what it stopped.

A human says that it is to end and why (`end`), a mail tells the person (`letter`), and once the mail server has taken
that, or a human told them otherwise (`told`), the stores are unmarked and re-counted, and it is over (`lift`). Each
step finds what was done before it was killed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection

from avgflow import letters
from avgflow.catalog.models import Text
from avgflow.dossier import restriction
from avgflow.dossier.restriction import Lifting
from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM
from avgflow.handling import notice, notifying, planning, suppressing, turns, unmarking
from avgflow.handling.answering import ANSWER
from avgflow.handling.environment import Environment
from avgflow.handling.turns import NotItsTurn
from avgflow.plan import Plan
from avgflow.policy.decide import EVERYTHING
from avgflow.policy.recipients import Recipient
from avgflow.register import locks, notices, outbox, requests, restrictions, subjects, suppressions, weighings
from avgflow.register.database import transaction
from avgflow.register.events import SYSTEM
from avgflow.register.notices import Told
from avgflow.register.plans import PlanMissing
from avgflow.register.requests import Status
from avgflow.register.restrictions import LiftReason, NotRestricted, Restriction

LETTER = "lifting"
"""The kind of the mail that tells the person."""

DAG, OCCASION = "restriction_lifting", "lifted"
"""The DAG, and what stands behind the request's number in the id of its run."""
TASKS = ("tell", "lift")


class StillAtWork(AvgflowError):
    """A restriction was to end while its own request is not at its end."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"{number} is not at its end, and its restriction ends with the decision on it. See what it waits for: "
            f"avgflow request show {number}. To end it without one, first: avgflow request stop {number}"
        )


class NotTold(AvgflowError):
    """A restriction was to be lifted of which the person does not know yet."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"The person of {number} was not told yet that the restriction ends, which the law wants first. Clear task "
            f"'tell'; or tell them another way and record that: avgflow restriction told {number}"
        )


class NotLifting(AvgflowError):
    """A restriction was to end, but the run that does it was not started."""

    def __init__(self, number: str, why: str) -> None:
        super().__init__(
            f"That the restriction of {number} ends is on the register, but nothing was done yet. {why} "
            f"Then give the same command again."
        )


def end(env: Environment, number: str, reason: str, actor: str) -> Sequence[Restriction]:
    """Record why the restriction of a request is to end, with the letter in the outbox, in one transaction; what is to
    end.

    `NotRestricted`, `ReasonRefused`, `StillAtWork`. What was said first stands.
    """
    with transaction(env.register) as register:
        locks.lock(register, [number])
        if requests.get(register, number).status not in (Status.CLOSED, Status.STOPPED):
            raise StillAtWork(number)
        classes = {one.record_class for one in restrictions.standing(register, number)}
        restrictions.end(register, env.keyring, number, classes, reason, actor)
        ending = _ending(register, number)
        if any(one.told_at is None for one in ending):
            who = requests.subject(register, env.keyring, number)
            mail = letters.lifting_mail(
                _letter(env, register, number, who.name, ending), letters.addressee(who), env.templates
            )
            outbox.enqueue(register, env.keyring, number, LETTER, who.email, mail, actor)
        return ending


def start(env: Environment, number: str) -> None:
    """Have it done by a run of its own; `NotLifting` where Airflow does not take it."""
    try:
        notice.start_beside(env.airflow, DAG, number, OCCASION, *TASKS)
    except AvgflowError as fault:
        raise NotLifting(number, str(fault)) from None


def letter(env: Environment, number: str) -> str | None:
    """The Message-ID of the mail that tells the person; None where they know, or nothing is to end."""
    with transaction(env.register) as register:
        if all(one.told_at is not None for one in _ending(register, number)):
            return None
        return next((mail.message_id for mail in outbox.mails(register, number) if mail.kind == LETTER), None)


def told(env: Environment, number: str, actor: str) -> None:
    """Record that a human told the person by another way than mail; `NotRestricted` where nothing is to end."""
    with transaction(env.register) as register:
        if not _ending(register, number):
            raise NotRestricted(number)
        restrictions.told(register, env.keyring, number, None, actor)


def decide_objection(env: Environment, number: str) -> None:
    """Record that what an objection restricted ends for the classes for which a human did not uphold it.

    The answer tells the person; what was upheld stays restricted until a human says that its use has stopped.
    """
    with transaction(env.register) as register:
        locks.lock(register, [number])
        by = refused(register, number)
        for actor in sorted(set(by.values())):
            classes = [name for name in by if by[name] == actor]
            restrictions.end(register, env.keyring, number, classes, LiftReason.REFUSED, actor)


def refused(register: Connection, number: str) -> Mapping[str, str]:
    """The classes that are restricted still though a human did not uphold the objection, with who decided that."""
    standing = {one.record_class for one in restrictions.standing(register, number)}
    weighed = weighings.weighed(register, number)
    return {one.record_class: one.actor for one in weighed if not one.upheld and one.record_class in standing}


def lift(env: Environment, number: str) -> Sequence[str]:
    """Unmark the stores and end what is to end; the Message-IDs of what recipients and the privacy officer are told.

    `NotTold` before the person was; `NotItsTurn` while a request of the person is at work in the stores. A second run
    finds what the first did.
    """
    with locks.alone(env.register, [f"lift {number}"]):
        _note_told(env, number)
        with transaction(env.register) as register:
            ending = _ending(register, number)
            plan = _plan(env, register, number)
        if ending:
            _refuse_others(env, number)
            done = unmarking.run(env, number, ending)
            with transaction(env.register) as register:
                _finish(env, register, number, plan, {"rows": done, "stores": len(env.catalog.stores)})
    with transaction(env.register) as register:
        return notifying.mails_of(env, register, number, Told.LIFTED)


def _ending(register: Connection, number: str) -> list[Restriction]:
    """What of a request's restriction is to end and has not."""
    return [one for one in restrictions.standing(register, number) if one.lift_reason is not None]


def _letter(
    env: Environment, register: Connection, number: str, name: str | None, ending: Sequence[Restriction]
) -> Lifting:
    classes = {one.record_class for one in ending}
    return Lifting(
        number=number,
        language=requests.get(register, number).language.value,
        name=name,
        restricted_on=min(one.begun_at for one in ending).astimezone(AMSTERDAM).date(),
        policy=env.policy,
        reason=_words(str(ending[0].lift_reason)),
        kinds=() if EVERYTHING in classes else restriction.titles(env.policy, classes),
        told=_told(env, register, number, classes),
    )


def _words(reason: str) -> Text:
    of_reason = LiftReason(reason)
    return Text(nl=of_reason.nl, en=of_reason.en)


def _told(env: Environment, register: Connection, number: str, classes: Collection[str]) -> tuple[Recipient, ...]:
    """The recipients that were told of the restriction and have data of these classes."""
    knew = {one.recipient for one in notices.notices(register, number) if one.told == Told.RESTRICTED}
    return tuple(
        one for one in env.policy.recipients if one.id in knew and restriction.titles(env.policy, classes, one)
    )


def _note_told(env: Environment, number: str) -> None:
    """Put on the register when the mail server took what tells the person; `NotTold` where it did not yet."""
    with transaction(env.register) as register:
        open_ = [one for one in _ending(register, number) if one.told_at is None]
        if not open_:
            return
        refused = {one.record_class for one in weighings.weighed(register, number) if not one.upheld}
        # What a human refused to uphold the answer tells, anything else a letter of its own.
        kind = ANSWER if {one.record_class for one in open_} <= refused else LETTER
        accepted = outbox.accepted(register, kind, [number])
        if number not in accepted:
            raise NotTold(number)
        restrictions.told(register, env.keyring, number, accepted[number])


def _plan(env: Environment, register: Connection, number: str) -> Plan | None:
    try:
        return planning.newest(env, register, number)
    except PlanMissing:
        return None


def _refuse_others(env: Environment, number: str) -> None:
    with transaction(env.register) as register:
        same = [requests.get(register, number), *subjects.open_of_same(register, number)]
        for other in same:
            if turns.at_work(register, other):
                raise NotItsTurn(number, other.number)


def _finish(env: Environment, register: Connection, number: str, plan: Plan | None, facts: dict[str, int]) -> None:
    """The end on the register, with what hung on it, in one transaction."""
    locks.lock(register, [number])
    told_of = _told(env, register, number, {one.record_class for one in _ending(register, number)})
    classes = restrictions.lift(register, env.keyring, number, facts)
    if not classes or plan is None:
        return
    by_hand = notifying.notify(env, register, plan, Told.LIFTED, told_of, restriction.titles(env.policy, classes))
    notifying.leave_to_officer(env, register, number, Told.LIFTED, by_hand, Told.LIFTED)
    if EVERYTHING in classes:
        addresses = suppressing.own(plan).get("email", frozenset())
        free = [one for one in sorted(addresses) if not _restricted_still(env, register, one)]
        suppressions.end_restriction(register, env.keyring, free, SYSTEM)


def _restricted_still(env: Environment, register: Connection, address: str) -> bool:
    """Whether another restriction keeps an address from being written to."""
    return EVERYTHING in restrictions.of(register, env.keyring, {"email": address})
