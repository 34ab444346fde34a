"""Step 5: the package, its passphrase and the mail, ready in the outbox; made once, however often this runs.

What the answers with a package share is here; `answering_portability` has what that right does otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email.message import EmailMessage
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from avgflow import letters
from avgflow.asked import Asked
from avgflow.catalog.names import TableName
from avgflow.crypto import new_passphrase
from avgflow.dossier.content import Answer, Redacted, StoreContent, TableContent
from avgflow.errors import AvgflowError
from avgflow.handling import annotating, linking, planning, redacting, restricting, suppressing, validating, withholding
from avgflow.handling.environment import Environment
from avgflow.handling.validating import KNOWN_FILE, readers
from avgflow.handling.waiting import Question, Waiting, ask
from avgflow.intake import Subject, day_in_amsterdam
from avgflow.plan import Plan
from avgflow.redaction import Known, Redactor
from avgflow.register import events, evidence, outbox, passphrases, receipts, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.receipts import Step
from avgflow.register.requests import Request, Status
from avgflow.register.withholdings import Withheld
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

    begun = begin(env, number)
    if isinstance(begun, Prepared):
        return begun
    if begun.handed_over:
        return Prepared(None)
    answer, to, who = content(env, begun), begun.subject.email, letters.addressee(begun.subject)
    if answer.row_count == 0:
        return queue(env, number, ANSWER, to, letters.nothing_found_mail(answer, who, env.templates))
    folder = env.settings.work / number
    made = pack(env, answer, lambda phrase: package.build(answer, phrase, folder, env.templates))
    if isinstance(made, Prepared):
        return made
    return queue(env, number, ANSWER, to, letters.answer_mail(answer, made, who, env.templates))


@dataclass(frozen=True)
class Begun:
    """A request that is to be answered, with the proof that its work is well done; `handed_over`: its package went out
    by another way than mail.
    """

    request: Request
    subject: Subject
    asked: Asked
    proof: evidence.Evidence
    handed_over: bool

    @property
    def number(self) -> str:
        return self.request.number


def begin(env: Environment, number: str) -> Begun | Prepared:
    """What an answer is made of, or the answer that is there; `NotProven` before the check has passed."""
    with transaction(env.register) as register:
        waiting = mail_of(register, number, ANSWER)
        if waiting is not None:
            return Prepared(waiting.message_id)
        proven = validating.proof(env, register, number)
        if proven is None or not proven.passed:
            raise NotProven(number)
        return Begun(
            requests.get(register, number),
            requests.subject(register, env.keyring, number),
            requests.asked(register, env.keyring, number),
            proven,
            any(receipt.step == Step.HAND_OVER for receipt in receipts.receipts(register, number)),
        )


def mail_of(register: Connection, number: str, kind: str) -> outbox.Mail | None:
    """The mail of a kind that is in the outbox for a request."""
    return next((mail for mail in outbox.mails(register, number) if mail.kind == kind), None)


def pack(env: Environment, answer: Answer, build: Callable[[str], Package]) -> Package | Prepared:
    """The package, built with the passphrase it gets, on record; one that is too large for a mail has links, or waits
    for a human where no storage gives any.
    """
    number = answer.number
    with transaction(env.register) as register:
        phrase = passphrases.put_passphrase(register, env.keyring, number, new_passphrase())
    made = build(phrase)
    with transaction(env.register) as register:
        detail = {"manifest": made.manifest_digest, "bytes": made.size, "rows": answer.row_count}
        events.append(register, env.keyring, EventName.ANSWER_MADE, number, detail=detail)
    if made.size > env.settings.attachment_limit_mb * 1024 * 1024:
        return linking.offer(env, number, made) or wait(env, Question(number, Waiting.HANDOVER))
    return made


def wait(env: Environment, question: Question) -> Prepared:
    """Put on the register that a human is asked before anything goes out."""
    with transaction(env.register) as register:
        ask(env, register, question)
    return Prepared(None, question)


def queue(env: Environment, number: str, kind: str, to: str, message: EmailMessage) -> Prepared:
    """Put a mail in the outbox; one of its kind that is there already stands."""
    with transaction(env.register) as register:
        return Prepared(outbox.enqueue(register, env.keyring, number, kind, to, message))


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


def content(env: Environment, begun: Begun) -> Answer:
    """What the person gets to see: every table of every store, others' data replaced."""
    plan = planning.stored(env, [begun.number])[begun.number]
    opened = readers(env, begun.number)
    made = redacting.redactors(env, opened, known(env, begun.number), begun.request.language)
    withheld = withholding.standing(env)
    stores = tuple(_store(env, name, opened[name], made[name]) for name in env.catalog.stores)
    kept = tuple(_less(env, begun.number, withheld, store) for store in stores)
    own = suppressing.own(plan)
    noted, limited = tuple(annotating.of_person(env, own)), restricting.of_person(env, own)
    less = kept != stores
    return replace(of(env, begun, plan, kept), noted=noted, limited=limited, kept_back=less)


def of(env: Environment, begun: Begun, plan: Plan, stores: tuple[StoreContent, ...]) -> Answer:
    """An answer to this request with these contents."""
    return Answer(
        number=begun.number,
        language=begun.request.language.value,
        name=begun.subject.name,
        on_behalf_of=begun.subject.on_behalf_of,
        received=begun.request.received,
        made_on=day_in_amsterdam(),
        policy=env.policy,
        stores=stores,
        shared_mailbox=plan.shared_rows > 0,
        redactions=tuple(Redacted(**entry) for entry in begun.proof.result["redactions"]),
    )


def known(env: Environment, number: str) -> Known:
    """Who is who in the rows of a request, as its check found it; `NotProven` where that is gone."""
    try:
        sealed = (env.settings.work / number / KNOWN_FILE).read_bytes()
    except FileNotFoundError:
        raise NotProven(number) from None
    return Known.from_json(env.keyring.open_json(sealed))


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


def _less(env: Environment, number: str, withheld: Withheld, store: StoreContent) -> StoreContent:
    """A store's tables without the rows that are withheld (UAVG art. 41(1)), which goes on record."""
    tables = []
    for table in store.tables:
        name = TableName.parse(table.name)
        rows, left = table.rows, table.row_count
        if left and withheld.of(store.name, name):
            at = [[column for column, _ in table.columns].index(part) for part in table.table.key]
            rows = withholding.left(withheld, store.name, name, at, table.rows)
            left = sum(1 for _ in rows())
        if left < table.row_count:
            withholding.note(env, number, store.name, name, table.row_count - left)
        tables.append(table if left == table.row_count else replace(table, rows=rows, row_count=left))
    return store if tuple(tables) == store.tables else replace(store, tables=tuple(tables))


def _rows(reader: Reader, name: TableName, redactor: Redactor) -> Iterator[tuple[str | None, tuple[str | None, ...]]]:
    for record_class, values, _ in redactor.rows(reader.rows(name)):
        yield record_class, values
