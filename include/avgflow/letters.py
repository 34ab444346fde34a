"""The mails: to the person, to the privacy officer, and to recipients who are told what was done (art. 19).

The wording is in `templates/letters`, one text a language; `avgflow.mail` makes the mail of it. A subject holds the
reference and nothing else of the person; the body holds no more than name and reference, and to a recipient only the
identifiers by which it knows the person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from avgflow.catalog.models import Text
from avgflow.dossier.content import Answer, Language
from avgflow.dossier.erasure import ErasureAnswer, Withdrawal
from avgflow.dossier.objection import ObjectionAnswer
from avgflow.dossier.rectification import RectificationAnswer
from avgflow.dossier.restriction import Lifting, RestrictionAnswer
from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM
from avgflow.intake import Subject
from avgflow.mail import address, compose, officer_address, one_line, person_address
from avgflow.policy.models import Policy
from avgflow.policy.recipients import Recipient
from avgflow.register.notices import Told
from avgflow.templating import Templates

if TYPE_CHECKING:
    from avgflow.dossier.package import Package

_LONGEST_NAME = 100

_ACCESS = Text(nl="Uw inzageverzoek {number}", en="Your access request {number}")
_ERASURE = Text(nl="Uw verzoek om wissen {number}", en="Your erasure request {number}")
_RESTRICTION = Text(nl="Uw verzoek om beperking {number}", en="Your restriction request {number}")
_SUBJECTS = {
    "answer": _ACCESS,
    "nothing_found": _ACCESS,
    "erasure": _ERASURE,
    "erasure_nothing_found": _ERASURE,
    "withdrawn": Text(nl="Uw verzoek {number}", en="Your request {number}"),
    "rectification": Text(nl="Uw verzoek om verbeteren {number}", en="Your correction request {number}"),
    "email_changed": Text(nl="Uw e-mailadres is veranderd {number}", en="Your e-mail address was changed {number}"),
    "objection": Text(nl="Uw bezwaar {number}", en="Your objection {number}"),
    "restriction": _RESTRICTION,
    "restriction_nothing_found": _RESTRICTION,
    "lifting": Text(nl="Einde van uw beperking {number}", en="The end of your restriction {number}"),
    Told.ERASED: Text(nl="Gegevens wissen: {number}", en="Erasing data: {number}"),
    Told.CORRECTED: Text(nl="Gegevens verbeteren: {number}", en="Correcting data: {number}"),
    Told.RESTRICTED: Text(nl="Gegevens niet gebruiken: {number}", en="Not using data: {number}"),
    Told.LIFTED: Text(nl="Gegevens weer gebruiken: {number}", en="Using data again: {number}"),
    "stopped": Text(nl="Gestopt: {number}", en="Stopped: {number}"),
    "waiting": Text(nl="Wacht op u: {number}", en="Waiting for you: {number}"),
    "loose_ends": Text(nl="Nog te doen: {number}", en="Still to do: {number}"),
}
_GREETINGS = {
    "name": Text(nl="Beste {name},", en="Dear {name},"),
    "nobody": Text(nl="Beste heer of mevrouw,", en="Dear Sir or Madam,"),
}


@dataclass(frozen=True, repr=False)
class Addressee:
    """Who a letter goes to, and for whom they asked, where that is somebody else."""

    email: str
    on_behalf_of: str | None = None


To: TypeAlias = str | Addressee
"""A plain address is of somebody who asked for themselves."""


_ON_BEHALF = Text(
    nl="U vroeg dit namens {name}. Staat hieronder 'u' of 'uw'? Dan bedoelen wij {name}.",
    en="You asked this on behalf of {name}. Where this letter says 'you' or 'your', we mean {name}.",
)


class ToldByHand(AvgflowError):
    """A notice was to be mailed to a recipient of whom no e-mail address is known."""

    def __init__(self, number: str, recipient: str) -> None:
        super().__init__(
            f"The recipient '{recipient}' has no e-mail address in the policy. Tell it about {number} yourself, then "
            f"record its confirmation: avgflow recipient confirm {number} {recipient}."
        )


@dataclass(frozen=True)
class Shortfall:
    """A check that failed: where and which, in words or figures that hold no value of any row."""

    store: str
    table: str
    check: str
    detail: str = ""

    @property
    def place(self) -> str:
        """Store and table."""
        return f"{self.store}.{self.table}" if self.table else self.store


@dataclass(frozen=True)
class Mention:
    """A free-text column in which identifiers of the person were found again, and in how many rows; no value of any."""

    store: str
    table: str
    column: str
    rows: int


def addressee(subject: Subject) -> Addressee:
    """Who gets the letters of a request: whoever asked."""
    return Addressee(subject.email, subject.on_behalf_of)


def answer_mail(answer: Answer, package: Package | None, to: To, templates: Templates | None = None) -> EmailMessage:
    """The answer with its two files, or with links to them; without a package it says that they come by another way."""
    mail = _to_person("answer", answer, to, templates, package=package)
    if package is not None:
        attach(mail, package)
    return mail


def attach(mail: EmailMessage, package: Package) -> None:
    """Put the files of a package into a mail; where it has links, the day on which they end, for whoever sends it."""
    if package.last_day is not None:
        # RFC 4021: a mail that says nothing any more after that moment. The outbox does not send it then.
        mail["Expires"] = format_datetime(datetime.combine(package.last_day, time.max, AMSTERDAM))
        return
    for file in package.files:
        subtype = file.suffix.removeprefix(".")
        mail.add_attachment(file.read_bytes(), maintype="application", subtype=subtype, filename=file.name)


def nothing_found_mail(answer: Answer, to: To, templates: Templates | None = None) -> EmailMessage:
    """The answer to a person of whom nothing is held: where was searched, and what they can do."""
    return _to_person("nothing_found", answer, to, templates)


def stopped_mail(
    number: str,
    policy: Policy,
    shortfalls: Sequence[Shortfall] = (),
    reason: str = "",
    language: Language = "nl",
    templates: Templates | None = None,
) -> EmailMessage:
    """To the privacy officer: the request stopped, and what is missing where. `reason`: a fault's own message."""
    values = {"number": number, "shortfalls": shortfalls, "reason": one_line(reason)}
    return _to_officer("stopped", number, policy, language, templates, values)


def waiting_mail(
    number: str,
    policy: Policy,
    waits_for: str,
    commands: Sequence[str],
    explanation: str = "",
    due: date | None = None,
    language: Language = "nl",
    templates: Templates | None = None,
    earlier: Sequence[str] = (),
) -> EmailMessage:
    """To the privacy officer: for whom or what the request waits, and which commands answer it; `earlier`: the numbers
    of the same person's earlier requests.
    """
    values = {
        "number": number,
        "waits_for": one_line(waits_for),
        "commands": [one_line(command) for command in commands],
        "explanation": one_line(explanation),
        "due": due,
        "earlier": [one_line(one) for one in earlier],
    }
    return _to_officer("waiting", number, policy, language, templates, values)


def erasure_mail(answer: ErasureAnswer, to: To, templates: Templates | None = None) -> EmailMessage:
    """The answer to an erasure: what is gone, what stays and why, or that nothing was found."""
    kind = "erasure_nothing_found" if answer.outcome == "nothing_found" else "erasure"
    return _to_person(kind, answer, to, templates)


def objection_mail(answer: ObjectionAnswer, to: To, templates: Templates | None = None) -> EmailMessage:
    """The answer to an objection or a withdrawn consent: what stopped and from when, and what goes on and why."""
    return _to_person("objection", answer, to, templates)


def rectification_mail(answer: RectificationAnswer, to: To, templates: Templates | None = None) -> EmailMessage:
    """The answer to a rectification: what is right now, and what stays as it is and why."""
    return _to_person("rectification", answer, to, templates)


def email_changed_mail(
    number: str, policy: Policy, to: str, language: Language, templates: Templates | None = None
) -> EmailMessage:
    """To the former and to the new address of a person: it was changed. Names neither the one nor the other."""
    who = person_address(to, number)
    return compose(
        "email_changed",
        _subject("email_changed", number, language),
        policy,
        language,
        who,
        _or_own(templates),
        number=number,
    )


def restriction_mail(answer: RestrictionAnswer, to: To, templates: Templates | None = None) -> EmailMessage:
    """The answer to a restriction: what is not used any more and what may still be done, or that nothing was found."""
    kind = "restriction_nothing_found" if answer.outcome == "nothing_found" else "restriction"
    return _to_person(kind, answer, to, templates)


def lifting_mail(lifting: Lifting, to: To, templates: Templates | None = None) -> EmailMessage:
    """To the person, before a restriction ends: that it does, and why (art. 18(3))."""
    return _to_person("lifting", lifting, to, templates)


def withdrawn_mail(withdrawal: Withdrawal, to: To, templates: Templates | None = None) -> EmailMessage:
    """The confirmation that a request was withdrawn, and that nothing was changed."""
    return _to_person("withdrawn", withdrawal, to, templates)


def recipient_mail(
    number: str,
    policy: Policy,
    recipient: Recipient,
    titles: Sequence[Text],
    identifiers: Mapping[str, Iterable[str]],
    language: Language = "nl",
    templates: Templates | None = None,
    told: Told = Told.ERASED,
    corrected: Sequence[tuple[Text, str]] = (),
) -> EmailMessage:
    """The notice of art. 19: what was done with which kinds of data, and what is asked.

    `identifiers`: the person's, by kind; only those of a kind by which this recipient knows people go into the mail.
    `corrected`: the right values, each with what it is called. `ToldByHand` for a recipient without an e-mail address.
    """
    if recipient.email is None:
        raise ToldByHand(number, recipient.id)
    known = [
        (policy.identifiers[kind].in_(language), one_line(value))
        for kind in recipient.known_by
        for value in sorted(identifiers.get(kind, ()))
    ]
    to = address(recipient.email, f"the recipient '{recipient.id}' (in the policy)")
    values = {
        "number": number,
        "recipient": recipient,
        "titles": [title.in_(language) for title in titles],
        "known": known,
        "told": told.value,
        "corrected": [(name.in_(language), one_line(value)) for name, value in corrected],
    }
    return compose("recipient", _subject(told, number, language), policy, language, to, _or_own(templates), **values)


def loose_ends_mail(
    number: str,
    policy: Policy,
    mentions: Sequence[Mention] = (),
    by_hand: Sequence[Recipient] = (),
    language: Language = "nl",
    templates: Templates | None = None,
    upheld: Sequence[str] = (),
    told: Told = Told.ERASED,
    noted: Sequence[str] = (),
) -> EmailMessage:
    """To the privacy officer: texts that may still name an erased person or hold what was wrong; recipients to be told
    by hand (`told`: what of); kinds of data whose use a human has to stop after an objection was upheld; what had to
    stay as it is (`noted`).
    """
    values = {
        "number": number,
        "mentions": mentions,
        "by_hand": by_hand,
        "upheld": upheld,
        "told": told.value,
        "noted": noted,
    }
    return _to_officer("loose_ends", number, policy, language, templates, values)


class _Person(Protocol):
    """What a mail to the person is made of."""

    @property
    def number(self) -> str: ...
    @property
    def language(self) -> Language: ...
    @property
    def name(self) -> str | None: ...
    @property
    def policy(self) -> Policy: ...


def _to_person(kind: str, answer: _Person, to: To, templates: Templates | None, **values: Any) -> EmailMessage:
    language = answer.language
    who = Addressee(to) if isinstance(to, str) else to
    return compose(
        kind,
        _subject(kind, answer.number, language),
        answer.policy,
        language,
        person_address(who.email, answer.number),
        _or_own(templates),
        answer=answer,
        greeting=greeting(answer.name, language, who.on_behalf_of),
        **values,
    )


def _to_officer(
    kind: str, number: str, policy: Policy, language: Language, templates: Templates | None, values: dict[str, Any]
) -> EmailMessage:
    to = officer_address(policy)
    return compose(kind, _subject(kind, number, language), policy, language, to, _or_own(templates), **values)


def _subject(kind: str, number: str, language: Language) -> str:
    return _SUBJECTS[kind].in_(language).format(number=one_line(number))


def _or_own(templates: Templates | None) -> Templates:
    return templates or Templates()


def greeting(given: str | None, language: Language, on_behalf_of: str | None = None) -> str:
    """The first line of a letter, to a person whose name may be unknown; and to who asked for somebody else, that the
    letter speaks to that person.
    """
    name = one_line(given or "")[:_LONGEST_NAME]
    line = _GREETINGS["name"].in_(language).format(name=name) if name else _GREETINGS["nobody"].in_(language)
    if not on_behalf_of:
        return line
    lead = _ON_BEHALF.in_(language).format(name=one_line(on_behalf_of)[:_LONGEST_NAME])
    return f"{line}\n\n{lead}"
