"""All that everybody who may see the register sees of a request, as of one moment; and the details of the person, which
are shown to a human who has to know, on record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from avgflow.asked import Asked
from avgflow.dossier.audit.deadline import Deadline
from avgflow.dossier.audit.decisions import Decision, decisions
from avgflow.handling import auditing, planning, repeating, restricting
from avgflow.handling.environment import Environment
from avgflow.intake import Subject
from avgflow.plan import Plan
from avgflow.register import (
    approvals,
    clock,
    database,
    declines,
    documents,
    events,
    evidence,
    notices,
    outbox,
    receipts,
    requests,
    restrictions,
)
from avgflow.register.approvals import Said
from avgflow.register.clock import Clock
from avgflow.register.declines import Confirmed, Proposal
from avgflow.register.documents import Document
from avgflow.register.events import Event
from avgflow.register.evidence import Evidence
from avgflow.register.names import EventName
from avgflow.register.notices import Notice
from avgflow.register.outbox import Mail
from avgflow.register.plans import PlanMissing
from avgflow.register.receipts import Receipt
from avgflow.register.requests import Request
from avgflow.register.restrictions import Restriction


@dataclass(frozen=True)
class Seen:
    """A request with all that hangs on it; nothing of the person, and of a plan no key of any row is to be shown.

    `said`: who approved or refused which plan. `asked_to_keep`: restrictions by which the person of an erasure asked
    for their data to be kept. `earlier`, `together`: the person's other requests, from before and from the same moment.
    """

    request: Request
    history: Sequence[Event]
    clock: Clock
    deadline: Deadline
    decisions: Sequence[Decision]
    plan: Plan | None
    said: Sequence[Said]
    receipts: Sequence[Receipt]
    evidence: Sequence[Evidence]
    mails: Sequence[Mail]
    notices: Sequence[Notice]
    documents: Sequence[Document]
    proposal: Proposal | None
    declined: Confirmed | None
    restrictions: Sequence[Restriction]
    asked_to_keep: Sequence[Restriction]
    earlier: Sequence[Request]
    together: Sequence[Request]

    @property
    def approved(self) -> bool:
        """Whether the newest plan is the one that was approved last."""
        last = self.said[-1] if self.said else None
        return last is not None and last.approved and self.plan is not None and last.digest == self.plan.digest

    @property
    def has_passphrase(self) -> bool:
        return any(event.name == EventName.PASSPHRASE_MADE for event in self.history)


def look(env: Environment, number: str) -> Seen:
    """A request as it stands; `UnknownRequest`."""
    with database.snapshot(env.register) as register:
        request = requests.get(register, number)
        history = events.history(register, number)
        plan = _plan(env, register, number)
        return Seen(
            request=request,
            history=history,
            clock=clock.read(history),
            deadline=auditing.deadline_of(env, register, number),
            decisions=decisions(history, env.policy),
            plan=plan,
            said=approvals.said(register, number),
            receipts=receipts.receipts(register, number),
            evidence=evidence.evidence(register, number),
            mails=outbox.mails(register, number),
            notices=notices.notices(register, number),
            documents=documents.documents(register, number),
            proposal=declines.proposal(register, env.keyring, number),
            declined=declines.confirmed(register, env.keyring, number),
            restrictions=restrictions.of_request(register, number),
            asked_to_keep=restricting.refused_erasure(register, number) if plan is not None and plan.erases else (),
            earlier=repeating.before(register, history),
            together=requests.together(register, number),
        )


def show_person(env: Environment, number: str, actor: str) -> tuple[Subject, Asked]:
    """Who asks, and what they ask besides the right: personal data, so each showing is put on record."""
    with database.transaction(env.register) as register:
        who = requests.subject(register, env.keyring, number)
        asked = requests.asked(register, env.keyring, number)
        events.append(register, env.keyring, EventName.SUBJECT_SHOWN, number, actor)
    return who, asked


def _plan(env: Environment, register: Connection, number: str) -> Plan | None:
    try:
        return planning.newest(env, register, number)
    except PlanMissing:
        return None
