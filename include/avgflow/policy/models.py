"""The shape of the policy file.

Two legal bases are kept for a class: the one that the company's policy declares and the one that an assessment finds
for a sole proprietor and for a contact person of a customer; whichever favours the subject is applied.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from avgflow.addresses import parsed
from avgflow.catalog.models import Text
from avgflow.configuration import Strict, read
from avgflow.intake import Scope
from avgflow.policy.housekeeping import SHORTEST_CASE_FILE, Housekeeping
from avgflow.policy.periods import Period, fewest_days
from avgflow.policy.recipients import Recipient, Transfer, UnknownRecipient
from avgflow.policy.retention import Retention
from avgflow.policy.statements import Redaction, Statements
from avgflow.terms import Calendar

Basis = Literal["a", "b", "c", "d", "e", "f"]

_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:+-]{0,99}")
"""As the register takes the name of who did something."""
_LONGEST_COOLING_OFF = 14


class Controller(Strict):
    """The company that is responsible (art. 4(7)), and where its privacy officer is reached."""

    name: str
    address: str
    postal_code: str
    city: str
    officer: Text
    phone: str
    email: str
    website: str | None = None


class Purpose(Strict):
    """A purpose of the privacy policy (art. 15(1)(a)) with the bases it declares (art. 6(1)), and the categories of
    persons whose data are used for it (art. 30(1)(c)).
    """

    title: Text
    explanation: Text
    basis_declared: tuple[Basis, ...]
    persons: tuple[Text, ...] = ()


class Assessed(Strict):
    """The basis that fits by assessment: for a sole proprietor, and for a contact person of a customer."""

    sole_proprietor: tuple[Basis, ...]
    contact_person: tuple[Basis, ...]


class Term(Strict):
    """How long a class is kept (art. 15(1)(d)). `law`: by statute, named in `source`; else the company's own choice.

    `period` is an ISO 8601 duration (P7Y, P24M, P30D; P0D: the day itself is the last) or None where nothing but an
    event ends it, so that no sweep takes it; `year_end`: it counts from the end of the year. `text` is what the person
    reads.
    """

    law: bool
    period: Period | None = None
    year_end: bool = False
    source: Text | None = None
    text: Text

    @model_validator(mode="after")
    def _sourced(self) -> Term:
        if self.law and self.source is None:
            raise ValueError("a term by law names its source (source: {nl: 'art. …', en: …})")
        return self


class RecordClass(Strict):
    """A record class (R1..R13): why it is kept, on what basis, how long, and what each right does to it.

    `term` holds unless the catalog names one of `other_terms` for a row; rows under a term by law are kept whatever
    `erasure` says. `erasure`: erase | keep | erase_suppress | suppress. `objection`: absolute | balance (where the
    assessed basis is e or f) | none. `portability`: yes | no | provided (only what the person provided or what was
    observed) | consent (only on consent). `contract`: strictly needed while an order is not completed or paid. `proof`:
    kept only to prove something (consent, a request handled, an objection), which refuses nobody anything.
    `when_erased`: what changes for the person once all of it is gone.

    `scope`: by which word a person objects to this class alone; `channel`: where their addresses are suppressed then.
    A class with an absolute objection has both; one whose only basis is consent has a scope.
    """

    title: Text
    purposes: tuple[int, ...]
    basis_declared: tuple[Basis, ...]
    basis_assessed: Assessed
    term: Term
    other_terms: dict[str, Term] = Field(default_factory=dict)
    erasure: Literal["erase", "keep", "erase_suppress", "suppress"]
    objection: Literal["absolute", "balance", "none"]
    portability: Literal["yes", "no", "provided", "consent"]
    contract: bool = False
    proof: bool = False
    when_erased: Text | None = None
    scope: Scope | None = None
    channel: str | None = None

    @property
    def bases(self) -> frozenset[Basis]:
        """Every basis that is declared or assessed, for whomever."""
        assessed = self.basis_assessed
        return frozenset((*self.basis_declared, *assessed.sole_proprietor, *assessed.contact_person))

    @model_validator(mode="after")
    def _stoppable(self) -> RecordClass:
        if self.scope is Scope.ALL:
            raise ValueError(f"scope is {Scope.ALL}, which is every class; give a word of its own, or take scope out")
        if self.objection == "absolute" and (self.scope is None or self.channel is None):
            raise ValueError(
                "a class with an absolute objection names its scope and channel, so that it can be stopped by name; "
                "add them (scope: marketing, channel: email)"
            )
        return self


class Erasure(Strict):
    """How a plan to erase is decided on.

    `cooling_off_days`: days between approval and erasure in which the person can withdraw. `officers`: the logins of
    the privacy officers; where there is more than one, a plan is approved by another than who registered the request.
    """

    cooling_off_days: int = 0
    officers: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _workable(self) -> Erasure:
        if not 0 <= self.cooling_off_days <= _LONGEST_COOLING_OFF:
            raise ValueError(
                f"cooling_off_days is {self.cooling_off_days}; give 0 to {_LONGEST_COOLING_OFF}, for the answer is due "
                "within a month (art. 12(3))"
            )
        if len({login.strip().lower() for login in self.officers}) < len(self.officers):
            raise ValueError("officers names a login twice, so one person could approve alone; take one of the two out")
        for login in self.officers:
            if not _LOGIN.fullmatch(login):
                raise ValueError(
                    "officers holds what is no login; give the names under which officers log in to Airflow"
                )
        return self


class Identity(Strict):
    """How it is made sure who asks (art. 12(6)). `code_days`: how long a mailed one-time code works."""

    code_days: int = Field(default=7, ge=1, le=14)


class Policy(Strict):
    """One company's policy."""

    version: str
    controller: Controller
    mail_from: str
    officer_mailbox: str
    escalation_mailbox: str | None = None
    """A second address, told of what is late and of what is lost unless it is answered now."""
    calendar: Calendar = Calendar()
    categories: dict[str, Text]
    purposes: dict[int, Purpose]
    classes: dict[str, RecordClass]
    request_class: str
    """The class of the requests themselves: whoever asks has a record of it from then on."""
    identifiers: dict[str, Text] = Field(default_factory=dict)
    """What the kinds of identifiers are called (`customer_number: {nl: klantnummer, …}`)."""
    recipients: tuple[Recipient, ...]
    transfers: tuple[Transfer, ...] = ()
    erasure: Erasure = Erasure()
    identity: Identity = Identity()
    retention: Retention = Retention()
    housekeeping: Housekeeping = Housekeeping()
    security: Text | None = None
    """The measures that protect the data, in general terms (art. 30(1)(g), 32(1))."""
    statements: Statements
    redaction: Redaction = Redaction()

    @model_validator(mode="after")
    def _whole(self) -> Policy:
        for name, record_class in self.classes.items():
            for purpose in record_class.purposes:
                if purpose not in self.purposes:
                    raise ValueError(
                        f"class {name} names purpose {purpose}, which is not under purposes; add or correct it"
                    )
        if self.request_class not in self.classes:
            raise ValueError(f"request_class names {self.request_class}, which is not under classes; add or correct it")
        for what, classes in [
            *((r.title.nl, r.classes) for r in self.recipients),
            *((t.country.nl, t.classes) for t in self.transfers),
        ]:
            for name in classes:
                if name not in self.classes:
                    raise ValueError(f"'{what}' names class {name}, which is not under classes; add or correct it")
        return self

    @model_validator(mode="after")
    def _case_files_kept_long_enough(self) -> Policy:
        period = self.classes[self.request_class].term.period
        if period is not None and fewest_days(period) < fewest_days(SHORTEST_CASE_FILE):
            raise ValueError(
                f"class {self.request_class} keeps the case files for {period}: nobody could show then how a request "
                f"was handled (art. 5(2)); give {SHORTEST_CASE_FILE} or more, or leave period out: then they stay"
            )
        return self

    @model_validator(mode="after")
    def _mail_can_be_sent(self) -> Policy:
        for name, address in (
            ("controller.email", self.controller.email),
            ("mail_from", self.mail_from),
            ("officer_mailbox", self.officer_mailbox),
        ):
            if parsed(address) is None:
                raise ValueError(f"{name} is not an e-mail address, so that no mail could go out; correct it")
        if self.escalation_mailbox is not None and parsed(self.escalation_mailbox) is None:
            raise ValueError("escalation_mailbox is not an e-mail address; correct it, or take it out")
        return self

    @model_validator(mode="after")
    def _recipients_told_apart(self) -> Policy:
        seen: set[str] = set()
        for recipient in self.recipients:
            if recipient.id in seen:
                raise ValueError(f"two recipients have the id {recipient.id}; give each an id of its own")
            seen.add(recipient.id)
            for kind in recipient.known_by:
                if kind not in self.identifiers:
                    raise ValueError(
                        f"recipient {recipient.id} knows a person by {kind}, which is not under identifiers; add what "
                        f"it is called there (identifiers: {{{kind}: {{nl: …, en: …}}}}) or correct it"
                    )
        return self

    def recipients_of(self, classes: Collection[str]) -> tuple[Recipient, ...]:
        """Who is told when data of these classes are erased (art. 19)."""
        return tuple(r for r in self.recipients if r.notified and not set(classes).isdisjoint(r.classes))

    def recipient(self, recipient_id: str) -> Recipient:
        """The recipient of an id; `UnknownRecipient` names those that there are."""
        for recipient in self.recipients:
            if recipient.id == recipient_id:
                return recipient
        raise UnknownRecipient(self.recipients)


def load(path: Path) -> Policy:
    """The policy of a file; `WrongConfiguration` names file, line and remedy."""
    return read(path, Policy)
