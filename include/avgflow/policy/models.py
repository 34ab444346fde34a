"""The shape of the policy file.

Two legal bases are kept for a class: the one that the company's policy declares and the one that an assessment finds
for a sole proprietor and for a contact person of a customer; whichever favours the subject is applied.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Literal

from croniter import croniter
from pydantic import Field, model_validator

from avgflow.catalog.models import Text
from avgflow.configuration import Strict, read
from avgflow.errors import AvgflowError
from avgflow.intake import Scope
from avgflow.policy.housekeeping import SHORTEST_CASE_FILE, Housekeeping
from avgflow.policy.periods import Period, fewest_days
from avgflow.terms import Calendar

Basis = Literal["a", "b", "c", "d", "e", "f"]

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]+")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@:+-]{0,99}")
"""As the register takes the name of who did something."""
_LONGEST_COOLING_OFF = 14


class UnknownRecipient(AvgflowError):
    """A recipient was named that the policy does not have."""

    def __init__(self, known: Iterable[Recipient]) -> None:
        names = ", ".join(recipient.id for recipient in known)
        super().__init__(
            f"The policy has no recipient of that name. Choose one of: {names or 'none, it names nobody'}."
        )


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


class Recipient(Strict):
    """Who receives data of which classes (art. 15(1)(c)); `named` where the actual identity is known (C-154/21).

    `id`: what stands on the register for it. `notified`: it is told when data it got are erased (art. 19), by `email`,
    or by hand where no address is known; `why_not`: why it is not told (an authority with an inquiry is no recipient,
    art. 4(9)). `known_by`: the kinds of identifiers by which it knows a person; a notice holds no others.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)
    title: Text
    named: tuple[str, ...] = ()
    classes: tuple[str, ...]
    why: Text
    country: str = Field(default="NL", pattern=r"^[A-Z]{2}$")
    role: Literal["processor", "controller", "authority"]
    email: str | None = None
    known_by: tuple[str, ...] = ()
    notified: bool = True
    why_not: Text | None = None

    @model_validator(mode="after")
    def _told_or_said_why_not(self) -> Recipient:
        if self.email is not None and not _EMAIL.fullmatch(self.email):
            raise ValueError(
                "email is not an e-mail address; correct it, or take it out: then a human tells this recipient"
            )
        if not self.notified and self.why_not is None:
            raise ValueError(
                "a recipient that is not told of an erasure says why (why_not: {nl: …, en: …}); give the reason, or "
                "set notified: true (art. 19)"
            )
        if self.notified and self.why_not is not None:
            raise ValueError(
                "why_not stands beside notified: true; take why_not out, or set notified: false if it is not told"
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


class Caps(Strict):
    """Beyond what a sweep stops and asks a human, for each rule in each table.

    `rows`: so many at once; `share`: such a part of the table's rows (0 to 1); `usual`: so many times what that rule
    swept in the usual week (the median of the last weeks in which it swept anything).
    """

    rows: int = Field(default=10_000, ge=0)
    share: float = Field(default=0.05, ge=0, le=1)
    usual: float = Field(default=5.0, ge=1)


class Retention(Strict):
    """How sweeps are run, that delete what is past its term (art. 5(1)(e)).

    `schedule`: when, as cron writes it, in Dutch time. `caps`: beyond which a human is asked. `quiet_weeks`: after so
    many weeks without a row the privacy officer hears of it, for that too can be a fault. `batch`: rows that one
    transaction changes. `approval_days`: how long a question waits for an answer; a sweep without one does nothing.
    """

    schedule: str = "0 2 * * 0"
    caps: Caps = Caps()
    quiet_weeks: int = Field(default=8, ge=1)
    batch: int = Field(default=5000, ge=1, le=100_000)
    approval_days: int = Field(default=6, ge=1, le=60)

    @model_validator(mode="after")
    def _timed(self) -> Retention:
        if len(self.schedule.split()) != 5 or not croniter.is_valid(self.schedule):
            raise ValueError(
                f"schedule is '{self.schedule}', which is no time as cron writes it; give minute, hour, day, month and "
                "weekday, such as '0 2 * * 0': every Sunday at two"
            )
        return self


class Identity(Strict):
    """How it is made sure who asks (art. 12(6)). `code_days`: how long a mailed one-time code works."""

    code_days: int = Field(default=7, ge=1, le=14)


class Transfer(Strict):
    """Data that goes outside the EEA, and the safeguard of art. 46 (art. 15(2))."""

    country: Text
    safeguard: Text
    classes: tuple[str, ...]


class Remedies(Strict):
    """Where a person can go: the Autoriteit Persoonsgegevens (art. 15(1)(f), 77) and the court (art. 79, UAVG 35)."""

    authority: Text
    court: Text


class Statements(Strict):
    """Texts that an answer carries, in B1 language; `others` where data of others were replaced (art. 15(4)), `secrets`
    where a secret was left out (art. 32).

    In the answer to an erasure: `erased_backups`, what becomes of copies; `kept`, what is done with data that stay;
    `not_a_refusal`, why some things stay as mere proof; `suppression_explained`, what the list of people who want no
    marketing holds, and that it keeps nobody from becoming a customer.
    """

    rights: tuple[Text, ...]
    source: Text
    automated_decisions: Text
    transfers: Text
    backups: Text
    withdrawal: Text
    others: Text
    secrets: Text
    erased_backups: Text
    kept: Text
    not_a_refusal: Text
    suppression_explained: Text
    remedies: Remedies


class Redaction(Strict):
    """What stands in the place of others' data in an access copy (art. 15(4)); `{n}` counts the people."""

    staff: Text = Text(nl="medewerker {n}", en="staff member {n}")
    other: Text = Text(nl="andere persoon {n}", en="other person {n}")
    email: Text = Text(nl="[e-mailadres van iemand anders]", en="[someone else's e-mail address]")
    phone: Text = Text(nl="[telefoonnummer van iemand anders]", en="[someone else's telephone number]")


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
    def _somebody_to_escalate_to(self) -> Policy:
        if self.escalation_mailbox is not None and not _EMAIL.fullmatch(self.escalation_mailbox):
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
