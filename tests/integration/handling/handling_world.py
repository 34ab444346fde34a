"""An installation for tests of the steps: four loaded stores, a register and a mail server, all of them real."""

from __future__ import annotations

import io
import json
import smtplib
import traceback
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pyzipper
from aiosmtpd.controller import Controller
from sqlalchemy import Connection

from avgflow.demo import truth
from avgflow.demo.stores import STORES
from avgflow.demo.truth import SubjectTruth
from avgflow.embedded.mailbox import Folder
from avgflow.embedded.ports import Reservations
from avgflow.errors import AvgflowError
from avgflow.handling import answering, closing, collecting, identify, planning, registering, validating, verifying
from avgflow.handling.closing import Closed
from avgflow.handling.environment import Environment
from avgflow.handling.waiting import Waiting
from avgflow.identity import Candidate
from avgflow.intake import Subject, parse
from avgflow.register import identities, outbox, passphrases, requests
from avgflow.register.database import transaction
from avgflow.register.outbox import Delivery
from avgflow.register.requests import Request

SUBJECTS = 200
SOME = 25
"""So many are looked at each time, with every kind and trait among them; all of them by `make test-faults`."""
OFFICER = "privacy-officer"

json_as_stored = partial(json.loads, parse_float=Decimal)


class Mailbox:
    """A mail server on 127.0.0.1 that keeps every delivery; it can be stopped and started again on its port."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        with Reservations() as ports:
            self._port = ports.choose()
        self._server: Controller | None = None

    def start(self) -> None:
        self._server = Controller(Folder(self._folder), hostname="127.0.0.1", port=self._port, enable_SMTPUTF8=True)
        self._server.start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def send(self, message: EmailMessage, recipient: str) -> None:
        """As the tasks send: returns once the server has accepted the mail."""
        with smtplib.SMTP("127.0.0.1", self._port, timeout=10) as client:
            client.send_message(message, to_addrs=[recipient])

    def mails(self, number: str) -> list[EmailMessage]:
        """Every delivery for a request, in order of arrival; a double is there twice."""
        kept = (file.read_bytes() for file in sorted(self._folder.glob("*.eml")))
        read = (message_from_bytes(mail, policy=policy.SMTP) for mail in kept if number.encode() in mail)
        return [mail for mail in read if number in mail["Subject"]]


class Export:
    """What a person gets who opens the zip of the mail with the passphrase."""

    def __init__(self, mail: EmailMessage, number: str, passphrase: str) -> None:
        self.number = number
        attached = {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
        self.pdf: bytes = attached[f"inzage-{number}.pdf"]
        self._archive = pyzipper.AESZipFile(io.BytesIO(attached[f"inzage-{number}.zip"]))
        self._archive.setpassword(passphrase.encode())

    @property
    def names(self) -> list[str]:
        return [str(name) for name in self._archive.namelist()]

    def read(self, name: str) -> bytes:
        """A file of the zip, decrypted."""
        content: bytes = self._archive.read(name)
        return content

    @cached_property
    def tables(self) -> dict[str, dict[str, Any]]:
        """The JSON file of each table by the table's name with its store in front; no number becomes a float."""
        read = (json_as_stored(self.read(name)) for name in self.names if name.startswith("json/"))
        return {f"{one['store']}.{one['table']}": one for one in read}

    @property
    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """The rows of the tables that have any."""
        return {name: table["rows"] for name, table in self.tables.items() if table["rows"]}

    def csv(self) -> str:
        """Every CSV file, one after the other."""
        return "\n".join(self.read(name).decode() for name in self.names if name.startswith("csv/"))

    @property
    def manifest(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.read("manifest.json"))
        return content

    @cached_property
    def attachments(self) -> dict[str, bytes]:
        if "bijlagen.zip" not in self.names:
            return {}
        with zipfile.ZipFile(io.BytesIO(self.read("bijlagen.zip"))) as packed:
            return {name: packed.read(name) for name in packed.namelist()}


@dataclass(frozen=True)
class Office:
    """The steps on one installation, as the DAG takes them."""

    env: Environment
    mailbox: Mailbox
    stores: Mapping[str, str]
    """The DSN of each store, for whoever owns it."""

    def register(self, **given: Any) -> str:
        """A request on the register, verified by portal login unless the test says otherwise; its number."""
        intake = parse(**{"right": "access", "verified_by": "portal-login", **given})
        return registering.register(self.env, intake, OFFICER).request.number

    def register_subject(self, subject: SubjectTruth, **given: Any) -> str:
        """A request by a person of the demonstration world, with the identifiers that lead to all that is theirs."""
        known = dict(subject.identifiers)
        own = {kind: known.pop(kind) for kind in ("email", "customer_number") if kind in known}
        return self.register(**{**own, "identifiers": known, **given})

    def identify(self, subjects: Mapping[str, SubjectTruth]) -> None:
        """Find the persons of requests (by number); a human chooses whose rows the truth says they own."""
        for number, question in identify.identify(self.env, list(subjects)).items():
            if question is not None:
                assert question.waiting is Waiting.CHOICE, question
                verifying.choose(self.env, number, theirs(self.candidates(number), subjects[number]), OFFICER)
                assert identify.identify(self.env, [number])[number] is None

    def candidates(self, number: str) -> tuple[Candidate, ...]:
        with transaction(self.env.register) as register:
            return identities.candidates(register, self.env.keyring, number)

    def collect(self, *numbers: str) -> None:
        """Plan, then collect every store."""
        planning.make(self.env, numbers)
        for store in self.env.catalog.stores:
            collecting.run(self.env, store, numbers)

    def finish(self, number: str) -> Closed:
        """Answer and close a validated request."""
        prepared = answering.run(self.env, number)
        assert prepared.message_id is not None, prepared
        self.deliver(prepared.message_id)
        return closing.run(self.env, number)

    def answer(self, *numbers: str) -> None:
        """The whole way of requests whose persons are identified, to the accepted mail and the closed request."""
        self.collect(*numbers)
        for done in validating.run(self.env, numbers).values():
            assert done.verdict.passed, done.verdict.failures
        for number in numbers:
            assert self.finish(number).missing == ()

    def deliver(self, message_id: str) -> Delivery:
        return answering.deliver(self.env, message_id, self.mailbox.send)

    def request(self, number: str) -> Request:
        with transaction(self.env.register) as register:
            return requests.get(register, number)

    def subject(self, register: Connection, number: str) -> Subject:
        return requests.subject(register, self.env.keyring, number)

    def queued(self, number: str) -> list[outbox.Mail]:
        with transaction(self.env.register) as register:
            return list(outbox.mails(register, number))

    def export(self, number: str) -> Export:
        """The export in the one mail of a request, opened with the passphrase that the officer tells."""
        (mail,) = self.mailbox.mails(number)
        with transaction(self.env.register) as register:
            phrase = passphrases.show_passphrase(register, self.env.keyring, number, OFFICER)
        return Export(mail, number, phrase)

    def query(self, store: str, statement: Any, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a store, read or changed behind the back of avgflow; committed."""
        with psycopg.connect(self.stores[store]) as connection:
            cursor = connection.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def change(self, store: str, statement: Any, *parameters: Any) -> None:
        self.query(store, statement, *parameters)


Open = Callable[..., Office]
"""Makes an office: `office(crm=dsn)` with another database for a store, `office(dsn_of=…)` with another look-up."""


def theirs(people: Sequence[Candidate], subject: SubjectTruth) -> frozenset[int]:
    """Which candidates (from 1) a human who knows the truth picks: those with a row that is the subject's."""
    owned = {(table, tuple(map(str, key))) for table, rows in subject.owned.items() for key in rows.keys or ()}
    return frozenset(
        index
        for index, person in enumerate(people, 1)
        if any((f"{row.store}.{row.table}", row.key) in owned for row in person.rows)
    )


def rarest_first(people: Sequence[SubjectTruth]) -> list[SubjectTruth]:
    """The same people; first those of whom nobody before has all their traits and kind, so that some stand for all."""
    seen: set[str] = set()
    bring, alike = list[SubjectTruth](), list[SubjectTruth]()
    for person in people:
        own = traits_of([person])
        (alike if own <= seen else bring).append(person)
        seen |= own
    return bring + alike


def traits_of(people: Iterable[SubjectTruth]) -> set[str]:
    """The kinds and traits that there are among them."""
    return {trait for person in people for trait in (person.kind, *person.traits)}


def in_batches(number: int, at_once: int) -> list[Any]:
    """Where each batch begins, for `parametrize`: those of the first `SOME` always, the others with the long tests."""
    return [
        pytest.param(first, marks=[] if first < SOME else pytest.mark.faults) for first in range(0, number, at_once)
    ]


MANY = [SOME, pytest.param(100, marks=pytest.mark.faults)]
"""How many ask at once, for `parametrize`."""


def with_trait(people: Iterable[SubjectTruth], *traits: str) -> SubjectTruth:
    """The first subject with all of these traits."""
    return next(person for person in people if set(traits) <= set(person.traits))


def keys_of(rows: Iterable[Mapping[str, Any]], table: str) -> list[tuple[str, ...]]:
    """The keys of delivered rows, as texts, sorted."""
    store, _, name = table.partition(".")
    return sorted(tuple(str(row[column]) for column in STORES[store].keys[name]) for row in rows)


def wanted_keys(held: truth.TableRows) -> list[tuple[str, ...]]:
    """The keys of the truth in the same form."""
    return sorted(tuple(map(str, key)) for key in held.keys or ())


@contextmanager
def refused(kind: type[AvgflowError], person: SubjectTruth, match: str = ".") -> Iterator[pytest.ExceptionInfo[Any]]:
    """The block is refused with this kind of fault, whose text and traceback hold nothing of the person."""
    with pytest.raises(kind, match=match) as caught:
        yield caught
    told = str(caught.value) + "".join(traceback.format_exception(caught.value))
    assert personal_in(told, person) == []


def personal_in(text: str, person: SubjectTruth) -> list[str]:
    """What of a person, and of the others in their rows, stands in a text."""
    values = {person.name, *person.identifiers.values(), *person.others.emails, *person.others.phones}
    values |= set(person.others.names)
    return sorted(value for value in values if value.strip().lower() in text.lower())
