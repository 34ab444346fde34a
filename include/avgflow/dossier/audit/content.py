"""What the dossier says of a request, as plain data (`dossier.json`): everything an auditor asks and nothing of the
person. No row key, identifier, address, or value of any row is in it; staff are named by login.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from avgflow.catalog.models import Catalog, Text
from avgflow.dossier.audit import runs, words
from avgflow.dossier.audit.deadline import Deadline
from avgflow.dossier.audit.decisions import Decision
from avgflow.dossier.audit.runs import Airflow
from avgflow.plan import Plan
from avgflow.policy.models import Policy
from avgflow.register.approvals import Said
from avgflow.register.chain import ChainReport, Written
from avgflow.register.evidence import Kept
from avgflow.register.names import EventName
from avgflow.register.notices import Notice
from avgflow.register.outbox import Mail
from avgflow.register.plans import StoredPlan
from avgflow.register.receipts import Receipt, Step
from avgflow.register.requests import Request

FORMAT = "avgflow-dossier/1"


@dataclass(frozen=True)
class Code:
    """Which avgflow made the dossier: its version, and the SHA-256 of its source files."""

    version: str
    source: str


@dataclass(frozen=True)
class Facts:
    """What the register and Airflow have of one request, as of one moment."""

    request: Request
    events: Sequence[Written]
    chain: ChainReport
    deadline: Deadline
    decisions: Sequence[Decision]
    plans: Sequence[tuple[StoredPlan, Plan]]
    said: Sequence[Said]
    receipts: Sequence[Receipt]
    evidence: Sequence[Kept]
    mails: Sequence[Mail]
    notices: Sequence[Notice]
    airflow: Airflow
    code: Code
    made_at: datetime
    made_by: str


def document(facts: Facts, policy: Policy, catalog: Catalog) -> dict[str, Any]:
    """`dossier.json`; its form is that of `schema.json`."""
    newest = facts.plans[-1][1] if facts.plans else None
    return {
        "format": FORMAT,
        "number": facts.request.number,
        "made": {"at": _text(facts.made_at), "by": facts.made_by, "avgflow": asdict(facts.code)},
        "controller": {"name": policy.controller.name, "policy_version": policy.version},
        "request": _request(facts.request),
        "deadline": _deadline(facts.deadline),
        "decisions": [_decision(one) for one in facts.decisions],
        "plans": [_plan(stored, plan, facts.said, policy, catalog) for stored, plan in facts.plans],
        "receipts": [_receipt(one, newest) for one in facts.receipts],
        "evidence": [_evidence(nth, one) for nth, one in enumerate(facts.evidence, 1)],
        "mails": [_mail(one) for one in facts.mails],
        "recipients": [_notice(one, policy) for one in facts.notices],
        "chain": {**asdict(facts.chain), "head": str(facts.chain.head)},
        "airflow": runs.document(facts.airflow),
    }


def events(facts: Facts) -> dict[str, Any]:
    """`events.json`: the request's events as they stand in the chain, with what each means."""
    return {
        "format": FORMAT,
        "number": facts.request.number,
        "events": [{**vars(one), "means": _both(_event(one.name))} for one in facts.events],
    }


def _event(name: str) -> Text:
    try:
        known = EventName(name)
    except ValueError:
        return Text(nl=name, en=name)
    return Text(nl=known.nl, en=known.en)


def evidence_path(nth: int, one: Kept, ending: str) -> str:
    """Where a check stands in the dossier."""
    return f"evidence/{nth:03}-{one.kind}.{ending}"


def _request(request: Request) -> dict[str, Any]:
    return {
        "right": request.right.value,
        "article": words.ARTICLES[request.right],
        "scope": request.scope,
        "ground": request.ground,
        "capacity": request.capacity.value,
        "language": request.language.value,
        "status": request.status.value,
        "waiting_for": request.waiting_for,
        "outcome": request.outcome,
        "received": _text(request.received),
        "due": _text(request.due),
        "extended_due": _text(request.extended_due),
        "registered_at": _text(request.registered_at),
        "verified_by": request.verified_by,
        "verified_at": _text(request.verified_at),
        "together": request.together,
    }


def _deadline(deadline: Deadline) -> dict[str, Any]:
    plain = {name: value for name, value in vars(deadline).items() if name != "steps"}
    days = {name: _text(value) if isinstance(value, date) else value for name, value in plain.items()}
    return {**days, "steps": [_both(step) for step in deadline.steps]}


def _decision(one: Decision) -> dict[str, Any]:
    return {
        "at": _text(one.at),
        "by": one.by,
        "what": _both(one.what),
        "ground": one.ground,
        "reason": _both(one.reason) if one.reason else None,
    }


def _plan(stored: StoredPlan, plan: Plan, said: Sequence[Said], policy: Policy, catalog: Catalog) -> dict[str, Any]:
    return {
        "digest": stored.digest,
        "made_at": _text(stored.made_at),
        "said": [
            {"approved": one.approved, "by": one.actor, "at": _text(one.at)}
            for one in said
            if one.digest == stored.digest
        ],
        "suppress": list(plan.suppress),
        "shared_rows": plan.shared_rows,
        "contract_runs": plan.basis.contract_runs if plan.basis else None,
        "steps": [_step(one, policy, catalog, False) for one in plan.steps]
        + [_step(one, policy, catalog, True) for one in plan.done],
    }


def _step(step: Any, policy: Policy, catalog: Catalog, done_before: bool) -> dict[str, Any]:
    store = catalog.stores.get(step.store)
    table = store.tables.get(step.table) if store else None
    record_class = policy.classes.get(step.record_class or "")
    return {
        "store": step.store,
        "store_title": _both(store.title) if store else None,
        "table": str(step.table),
        "table_title": _both(table.title) if table else None,
        "class": step.record_class,
        "class_title": _both(record_class.title) if record_class else None,
        "rows": step.rows,
        "action": step.action,
        "columns": list(step.columns),
        "reason": _both(step.reason) if step.reason else None,
        "ground": step.ground or None,
        "keep_until": _text(step.keep_until),
        "under_an_earlier_plan": done_before,
    }


def _receipt(receipt: Receipt, plan: Plan | None) -> dict[str, Any]:
    return {
        "step": receipt.step,
        "store": receipt.store,
        "counts": dict(receipt.counts),
        "planned": _planned(receipt, plan),
        "work": {table: dict(done) for table, done in receipt.work.items()},
        "digest": receipt.digest,
        "written_at": _text(receipt.written_at),
    }


def _planned(receipt: Receipt, plan: Plan | None) -> dict[str, int]:
    """The rows of each table that the newest plan has for what a receipt is of."""
    if plan is None or receipt.step == Step.HAND_OVER:
        return dict(receipt.counts)
    rows: Counter[str] = Counter()
    for step in plan.steps_of(receipt.store):
        if receipt.step == Step.COLLECT:
            rows[str(step.table)] = plan.read_of(receipt.store, step.table)
        elif step.changes:
            rows[str(step.table)] += step.rows
    return dict(rows)


def _evidence(nth: int, one: Kept) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "passed": one.passed,
        "digest": one.digest,
        "kept_at": _text(one.kept_at),
        "html": evidence_path(nth, one, "html"),
        "json": evidence_path(nth, one, "json"),
    }


def _mail(mail: Mail) -> dict[str, Any]:
    return {
        "kind": mail.kind,
        "means": _both(words.mail(mail.kind)),
        "digest": mail.digest,
        "queued_at": _text(mail.queued_at),
        "attempts": mail.attempts,
        "failure": mail.failure,
        "accepted_at": _text(mail.accepted_at),
    }


def _notice(notice: Notice, policy: Policy) -> dict[str, Any]:
    known = {one.id: one.title for one in policy.recipients}
    title = known.get(notice.recipient)
    return {
        "recipient": notice.recipient,
        "title": _both(title) if title else None,
        "told": notice.told.value,
        "classes": list(notice.classes),
        "to_be_told_since": _text(notice.told_at),
        "mailed_at": _text(notice.mailed_at),
        "by_hand_on": _text(notice.by_hand_on),
        "by_hand_by": notice.by_hand_by,
        "confirmed_at": _text(notice.confirmed_at),
        "confirmed_by": notice.confirmed_by,
    }


def _both(text: Text) -> Mapping[str, str]:
    return {"nl": text.nl, "en": text.en}


def _text(moment: date | datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
