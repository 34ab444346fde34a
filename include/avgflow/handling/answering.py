"""Step 5: the package, its passphrase and the mail, ready in the outbox; made once, however often this runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from avgflow import letters
from avgflow.catalog.names import TableName
from avgflow.crypto import new_passphrase
from avgflow.dossier.content import Answer, Redacted, StoreContent, TableContent
from avgflow.errors import AvgflowError
from avgflow.handling import annotating, planning, redacting, suppressing, validating
from avgflow.handling.environment import Environment
from avgflow.handling.identify import Question, Waiting, ask
from avgflow.handling.validating import KNOWN_FILE, readers
from avgflow.intake import Subject, day_in_amsterdam
from avgflow.redaction import Known, Redactor
from avgflow.register import events, evidence, outbox, passphrases, receipts, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.receipts import Step
from avgflow.register.requests import Request, Status
from avgflow.workfile import Reader

if TYPE_CHECKING:
    from avgflow.dossier.package import Package

ANSWER = "answer"
"""The kind of the mail to the person; there is one of it per request."""


class NotProven(AvgflowError):
    """An answer was to be made without evidence that it is complete."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"There is no proof that {number} is complete; task 'validate' must pass before 'answer' runs."
        )


@dataclass(frozen=True)
class Prepared:
    """A mail in the outbox, or a package that is too large for one and waits for the privacy officer."""

    message_id: str | None
    question: Question | None = None


def run(env: Environment, number: str) -> Prepared:
    """Make the answer of one request and put its mail in the outbox; a second run finds the mail that is there."""
    # Here, because reading a DAG must not load what makes PDFs and archives.
    from avgflow.dossier import package

    with transaction(env.register) as register:
        waiting = [mail.message_id for mail in outbox.mails(register, number) if mail.kind == ANSWER]
        if waiting:
            return Prepared(waiting[0])
        proven = validating.proof(env, register, number)
        if proven is None or not proven.passed:
            raise NotProven(number)
        request = requests.get(register, number)
        subject = requests.subject(register, env.keyring, number)
    answer = content(env, request, subject, proven)
    if answer.row_count == 0:
        return _queue(env, number, subject, letters.nothing_found_mail(answer, subject.email, env.templates))
    with transaction(env.register) as register:
        phrase = passphrases.put_passphrase(register, env.keyring, number, new_passphrase())
    made = package.build(answer, phrase, env.settings.work / number, env.templates)
    with transaction(env.register) as register:
        _made(env, register, answer, made)
    if made.size > env.settings.attachment_limit_mb * 1024 * 1024:
        question = Question(number, Waiting.HANDOVER)
        with transaction(env.register) as register:
            ask(env, register, question)
        return Prepared(None, question)
    return _queue(env, number, subject, letters.answer_mail(answer, made, subject.email, env.templates))


def hand_over(env: Environment, number: str, actor: str) -> None:
    """Record that the privacy officer gave the person the package by another way than mail."""
    with transaction(env.register) as register:
        receipts.put_receipt(
            register, env.keyring, number, Step.HAND_OVER, "officer", {"packages": 1}, "handed-over", actor
        )
        requests.set_status(register, env.keyring, number, Status.RUNNING, actor=actor)


def deliver(env: Environment, message_id: str, send: Callable[[EmailMessage, str], None]) -> outbox.Delivery:
    """Send a mail of the outbox, unless the mail server has accepted it before."""
    return outbox.deliver(env.register, env.keyring, message_id, send)


def content(env: Environment, request: Request, subject: Subject, proof: evidence.Evidence) -> Answer:
    """What the person gets to see: every table of every store, others' data replaced."""
    plan = planning.stored(env, [request.number])[request.number]
    opened = readers(env, request.number)
    try:
        sealed = (env.settings.work / request.number / KNOWN_FILE).read_bytes()
    except FileNotFoundError:
        raise NotProven(request.number) from None
    who = Known.from_json(env.keyring.open_json(sealed))
    made = redacting.redactors(env, opened, who, request.language)
    return Answer(
        number=request.number,
        language=request.language.value,
        name=subject.name,
        received=request.received,
        made_on=day_in_amsterdam(),
        policy=env.policy,
        stores=tuple(_store(env, name, opened[name], made[name]) for name in env.catalog.stores),
        shared_mailbox=plan.shared_rows > 0,
        redactions=tuple(Redacted(**entry) for entry in proof.result["redactions"]),
        noted=tuple(annotating.of_person(env, suppressing.own(plan))),
    )


def _store(env: Environment, store: str, reader: Reader, made: dict[TableName, Redactor]) -> StoreContent:
    """Every table of a store that can hold somebody's rows; those that an access copy leaves out say why."""
    described = env.catalog.stores[store]
    tables = []
    for name, table in described.tables.items():
        if name in made and table.subject:
            columns, rows = reader.header(name).columns, reader.counts[name]
            tables.append(TableContent(str(name), table, columns, rows, partial(_rows, reader, name, made[name])))
        elif table.subject:
            tables.append(TableContent(str(name), table, (), 0, lambda: iter(())))
    return StoreContent(store, described.title, tuple(tables))


def _rows(reader: Reader, name: TableName, redactor: Redactor) -> Iterator[tuple[str | None, tuple[str | None, ...]]]:
    for record_class, values, _ in redactor.rows(reader.rows(name)):
        yield record_class, values


def _queue(env: Environment, number: str, subject: Subject, message: EmailMessage) -> Prepared:
    with transaction(env.register) as register:
        return Prepared(outbox.enqueue(register, env.keyring, number, ANSWER, subject.email, message))


def _made(env: Environment, register: Connection, answer: Answer, made: Package) -> None:
    detail = {"manifest": made.manifest_digest, "bytes": made.size, "rows": answer.row_count}
    events.append(register, env.keyring, EventName.ANSWER_MADE, answer.number, detail=detail)
