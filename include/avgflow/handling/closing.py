"""Step 6: the request is at its end only if every receipt, the proof and the mail server's acceptance are there.

Airflow looks at the last task only, so this one runs whatever happened before, and fails unless all is well.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

from avgflow import letters, workfile
from avgflow.errors import AvgflowError, StoreFault
from avgflow.handling import approving, lifting, linking, repeating, restricting, ways
from avgflow.handling.answering import ANSWER
from avgflow.handling.environment import Environment
from avgflow.handling.over import Declined, Withdrawn
from avgflow.handling.waiting import Question, Waiting
from avgflow.objects import StorageUnreachable
from avgflow.policy.reasons import GROUNDS
from avgflow.register import declines, events, outbox, receipts, requests
from avgflow.register.database import transaction
from avgflow.register.declines import Confirmed
from avgflow.register.evidence import Evidence
from avgflow.register.names import EventName
from avgflow.register.plans import PlanMissing
from avgflow.register.receipts import Step
from avgflow.register.requests import Outcome, Request, Status
from avgflow.workfile import UNFINISHED

VERDICT = "close"
"""The task that is the last of every request's run."""

NAMED = 5
"""Differences between catalog and stores that a reason names; `avgflow catalog check` lists all."""


_DRIFT = {
    "unknown table": "tabel staat niet in de gegevenskaart",
    "missing table": "tabel bestaat niet",
    "unknown column": "kolom staat niet in de gegevenskaart",
    "missing column": "kolom bestaat niet",
    "wrong kind": "is een ander soort tabel of view",
    "wrong key": "heeft een andere sleutel",
    "rejected condition": "een voorwaarde uit de gegevenskaart wordt geweigerd",
}
"""The unsafe ways in which a store can differ from the catalog, in Dutch."""

_ASK_FIRST = (
    "Let op: deze persoon vroeg eerder om de gegevens juist te bewaren (artikel 18 lid 1 letter b of c AVG), en die "
    "beperking geldt nog. Vraag eerst of de persoon nu echt wil dat wij ze wissen."
)
_TAKEN_UP = (EventName.REQUEST_STARTED, EventName.REQUEST_RESUMED)


class Missing(NamedTuple):
    """One thing that keeps a request from being closed, in Dutch and English; nothing of the person."""

    nl: str
    en: str


class NotAtItsEnd(AvgflowError):
    """A request cannot be closed; the message says what is missing."""

    def __init__(self, number: str, missing: Sequence[Missing]) -> None:
        super().__init__(f"{number} is not at its end: {'; '.join(one.en for one in missing)}.")
        self.missing = missing


@dataclass(frozen=True)
class Closed:
    """A request and what came of it, or what is missing."""

    request: Request
    missing: tuple[Missing, ...] = ()


def run(env: Environment, number: str) -> Closed:
    """Close a request, or put it on the register as stopped with what is missing; `Closed.missing` tells which."""
    with transaction(env.register) as register:
        request = requests.get(register, number)
        declined = declines.confirmed(register, env.keyring, number)
        if request.outcome is Outcome.WITHDRAWN:
            missing = []
        else:
            missing = _unanswered(env, register, number) if declined else _missing(env, register, number)
        if missing:
            reason = "; ".join(one.en for one in missing)
            stopped = requests.set_status(
                register, env.keyring, number, Status.STOPPED, reason=f"Not at its end: {reason}."
            )
            return Closed(stopped, tuple(missing))
        outcome = request.outcome or _outcome(env, register, number, declined)
        closed = requests.set_status(register, env.keyring, number, Status.CLOSED, outcome=outcome)
    _tidy(env, number)
    if declined is not None or outcome is Outcome.WITHDRAWN:
        _take_back(env, number)
    return Closed(closed)


def tell_officer(env: Environment, number: str, missing: Sequence[Missing]) -> str:
    """Put a mail to the privacy officer in the outbox that says what is missing where; its Message-ID."""
    with transaction(env.register) as register:
        proven = _proof(env, register, number)
        failed = [
            letters.Shortfall(store["store"], table["table"], check["text"], check["detail"])
            for store in (proven.result["stores"] if proven else ())
            for table in store["tables"]
            for check in table["checks"]
            if not check["passed"]
        ]
        reason = f"Waarom: {'; '.join(one.nl for one in missing)}."
        message = letters.stopped_mail(number, env.policy, failed, reason, templates=env.templates)
        # One mail each time the request is taken up, however often this runs.
        times = sum(event.name in _TAKEN_UP for event in events.history(register, number))
        return outbox.enqueue(register, env.keyring, number, f"stopped:{times}", env.policy.officer_mailbox, message)


def ask_officer(env: Environment, question: Question) -> str:
    """Put a mail to the privacy officer in the outbox that says what a request waits for; its Message-ID."""
    number = question.number
    with transaction(env.register) as register:
        request = requests.get(register, number)
        waiting = question.waiting
        kept = restricting.refused_erasure(register, number) if waiting is Waiting.APPROVAL else ()
        explanation = " ".join([waiting.explanation, *([_ASK_FIRST] if kept else [])])
        message = letters.waiting_mail(
            number,
            env.policy,
            waiting.nl,
            waiting.commands(number),
            explanation,
            due=request.due,
            templates=env.templates,
            earlier=[one.number for one in repeating.before(register, events.history(register, number))],
        )
        # One mail for each kind of question; the approval of another plan is another question.
        plans_made = sum(event.name == EventName.PLAN_MADE for event in events.history(register, number))
        kind = f"waiting:{waiting}:{plans_made}" if waiting is Waiting.APPROVAL else f"waiting:{waiting}"
        return outbox.enqueue(register, env.keyring, number, kind, env.policy.officer_mailbox, message)


class Stopping(AvgflowError):
    """A human stopped the request, and its run has not come to its end yet."""

    def __init__(self, number: str, actor: str) -> None:
        super().__init__(f"{number} was stopped by {actor}. Clear a task once its run has ended to go on after all.")


def resume(env: Environment, number: str) -> None:
    """Say that a stopped request is being worked on again: a human cleared one of its tasks.

    `Stopping` where a human stopped it and the verdict is not given yet: then it is Airflow that does a task again.
    `Withdrawn` where the person took it back, `Declined` where it is not carried out as asked.
    """
    with transaction(env.register) as register:
        request = requests.get(register, number)
        if request.outcome is Outcome.WITHDRAWN:
            raise Withdrawn(number)
        if declines.is_confirmed(register, number):
            raise Declined(number)
        if request.status is not Status.STOPPED:
            return
        stops = [event for event in events.history(register, number) if event.name == EventName.REQUEST_STOPPED]
        if stops and stops[-1].actor != events.SYSTEM:
            raise Stopping(number, stops[-1].actor)
        requests.set_status(register, env.keyring, number, Status.RUNNING)


def stop(env: Environment, number: str, actor: str) -> None:
    """Put on the register that a human stopped the request, and who."""
    with transaction(env.register) as register:
        reason = f"Stopped by {actor}."
        requests.set_status(register, env.keyring, number, Status.STOPPED, actor=actor, reason=reason)


def record_failure(env: Environment, number: str, step: str, fault: Exception) -> None:
    """Put on the register that a step failed for good: the kind of fault and the store, nothing of its text."""
    detail = {"step": step, "error": type(fault).__name__}
    if isinstance(fault, StoreFault):
        detail["store"] = fault.store
    with transaction(env.register) as register:
        events.append(register, env.keyring, EventName.STEP_FAILED, number, detail=detail)


def give_up(env: Environment, number: str, step: str, error: str) -> None:
    """Put a request on the register as stopped where even the verdict could not be reached."""
    with transaction(env.register) as register:
        reason = f"Task {step} failed ({error}); its log says what to do."
        requests.set_status(register, env.keyring, number, Status.STOPPED, reason=reason)


def _missing(env: Environment, register: Connection, number: str) -> list[Missing]:
    stopped = _stopped(register, number)
    if stopped:
        return [stopped]
    if requests.get(register, number).verified_by is None:
        return [Missing("de identiteit is niet vastgesteld", "the person is not verified"), *_why(register, number)]
    done = receipts.receipts(register, number)
    way = ways.way_of(register, number)
    written = {receipt.store for receipt in done if receipt.step == way.step}
    missing = _unapproved(env, register, number) + [
        Missing(f"geen ontvangstbewijs van {store}", f"no receipt of store {store}")
        for store in env.catalog.stores
        if store not in written
    ]
    proven = _proof(env, register, number)
    if proven is None:
        missing.append(Missing(f"geen {way.evidence.nl}", f"no {way.evidence.en}"))
    elif not proven.passed:
        missing.append(Missing(f"de {way.check.nl} is niet geslaagd", f"the {way.check.en} did not pass"))
    missing += _unanswered(env, register, number)
    if lifting.refused(register, number):
        nl = "de beperking van wat werd afgewezen is niet opgeheven; doe taak 'lift' en wat volgt opnieuw"
        en = "what was restricted is not lifted where the objection was refused; clear task 'lift' and what follows"
        missing.append(Missing(nl, en))
    return missing + _why(register, number) if missing else []


def _unanswered(env: Environment, register: Connection, number: str) -> list[Missing]:
    """That the person has no answer yet."""
    mails = [mail for mail in outbox.mails(register, number) if mail.kind == ANSWER]
    # What was handed to another company is confirmed to the person by mail.
    confirmed = requests.asked(register, env.keyring, number).destination is not None
    handed = any(receipt.step == Step.HAND_OVER for receipt in receipts.receipts(register, number))
    if not mails and (confirmed or not handed):
        return [Missing("er ging geen antwoord uit", "no answer went out")]
    if any(mail.accepted_at is None for mail in mails):
        accepted = "the mail server has not accepted the answer"
        return [Missing("de mailserver heeft het antwoord niet aanvaard", accepted)]
    return []


def _proof(env: Environment, register: Connection, number: str) -> Evidence | None:
    try:
        return ways.way_of(register, number).proof(env, register, number)
    except PlanMissing:
        return None


def _outcome(env: Environment, register: Connection, number: str, declined: Confirmed | None) -> Outcome:
    if declined is not None:
        return Outcome(GROUNDS[declined.proposal.reason].outcome)
    return ways.way_of(register, number).outcome(env, register, number, _proof(env, register, number))


def _unapproved(env: Environment, register: Connection, number: str) -> list[Missing]:
    """That the newest plan of a right whose plans are approved is not the one that was approved."""
    if not ways.way_of(register, number).approved or approving.approved(env, register, number):
        return []
    return [Missing("het plan is niet goedgekeurd", "the plan is not approved")]


def _stopped(register: Connection, number: str) -> Missing | None:
    """Who stopped the request since it was last taken up: what else is missing then says nothing."""
    stopped = None
    for event in events.history(register, number):
        if event.name in _TAKEN_UP:
            stopped = None
        elif event.name == EventName.PLAN_REFUSED:
            by = event.actor
            stopped = Missing(
                f"het plan is afgekeurd door {by}; herstel waar het op rust en doe taak 'plan' en wat volgt opnieuw",
                f"the plan was refused by {by}; correct what it rests on, then clear task 'plan' and what follows",
            )
        elif event.name == EventName.REQUEST_STOPPED and event.actor != events.SYSTEM:
            stopped = stopped or Missing(f"gestopt door {event.actor}", f"stopped by {event.actor}")
    return stopped


def _why(register: Connection, number: str) -> list[Missing]:
    """What went wrong since the request was last taken up: the last fault of each step, and where."""
    failed: dict[str, Missing] = {}
    drifted: dict[Missing, None] = {}
    for event in events.history(register, number):
        detail = event.detail
        if event.name in _TAKEN_UP:
            failed, drifted = {}, {}
        elif event.name == EventName.STORE_DRIFTED:
            kind, where = detail["kind"].replace("-", " "), f"{detail['store']}.{detail['table']}"
            drifted[Missing(f"{where}: {_DRIFT.get(kind, kind)}", f"{where}: {kind}")] = None
        elif event.name == EventName.STEP_FAILED:
            step, error = detail["step"], detail["error"]
            nl, en = (f" van {detail['store']}", f" of store {detail['store']}") if "store" in detail else ("", "")
            failed[step] = Missing(f"taak {step} is mislukt ({error}{nl})", f"task {step} failed ({error}{en})")
    left = len(drifted) - NAMED
    more = [Missing(f"nog {left} tabellen of kolommen", f"{left} more tables or columns")] if left > 0 else []
    return [*failed.values(), *list(drifted)[:NAMED], *more]


def _take_back(env: Environment, number: str) -> None:
    """Nobody may fetch the package of a request that is not carried out; where the storage does not answer, the
    housekeeping deletes it.
    """
    if number in linking.standing(env):
        linking.revoke(env, number, events.SYSTEM)
        if env.objects is not None:
            with suppress(StorageUnreachable):
                linking.end(env, number, env.objects)


def _tidy(env: Environment, number: str) -> None:
    """The work files have served; what went out stays until its own term ends."""
    work = env.settings.work / number
    for file in (*work.glob("*.sealed"), *work.glob(f".*{UNFINISHED}")):
        workfile.discard(file)
