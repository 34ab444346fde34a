"""The mails: to the person (answer, nothing found) and to the privacy officer (stopped, waiting).

The wording is in `templates/letters`, one text a language, in which a line `# …` is a heading and lines `- …` are a
list; the HTML part is made from the same text, so that the two never differ. A subject holds the reference and nothing
else of the person; the body holds no more than name and reference. Message-ID is the outbox's to set.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from avgflow.catalog.models import Text
from avgflow.dossier.content import Answer, Language
from avgflow.errors import AvgflowError
from avgflow.policy.models import Policy
from avgflow.templating import Templates

if TYPE_CHECKING:
    from avgflow.dossier.package import Package

_WIDTH = 76
_LONGEST_NAME = 100

_SUBJECTS = {
    "answer": Text(nl="Uw inzageverzoek {number}", en="Your access request {number}"),
    "nothing_found": Text(nl="Uw inzageverzoek {number}", en="Your access request {number}"),
    "stopped": Text(nl="Gestopt: {number}", en="Stopped: {number}"),
    "waiting": Text(nl="Wacht op u: {number}", en="Waiting for you: {number}"),
}
_GREETINGS = {
    "name": Text(nl="Beste {name},", en="Dear {name},"),
    "nobody": Text(nl="Beste heer of mevrouw,", en="Dear Sir or Madam,"),
}


class WrongAddress(AvgflowError):
    """A mail cannot be addressed; the address itself is not repeated."""

    def __init__(self, whose: str) -> None:
        super().__init__(
            f"The e-mail address of {whose} cannot be used in a mail. Correct it, then make the mail again."
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


def answer_mail(answer: Answer, package: Package | None, to: str, templates: Templates | None = None) -> EmailMessage:
    """The answer with its two files; without a package it says that the files are too large and come by another way."""
    mail = _to_person("answer", answer, to, templates, package=package)
    if package is not None:
        for file, subtype in ((package.pdf, "pdf"), (package.archive, "zip")):
            mail.add_attachment(file.read_bytes(), maintype="application", subtype=subtype, filename=file.name)
    return mail


def nothing_found_mail(answer: Answer, to: str, templates: Templates | None = None) -> EmailMessage:
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
    values = {"number": number, "shortfalls": shortfalls, "reason": _one_line(reason)}
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
) -> EmailMessage:
    """To the privacy officer: for whom or what the request waits, and which commands answer it."""
    values = {
        "number": number,
        "waits_for": _one_line(waits_for),
        "commands": [_one_line(command) for command in commands],
        "explanation": _one_line(explanation),
        "due": due,
    }
    return _to_officer("waiting", number, policy, language, templates, values)


def _to_person(kind: str, answer: Answer, to: str, templates: Templates | None, **values: Any) -> EmailMessage:
    given = {
        "answer": answer,
        "controller": answer.policy.controller,
        "statements": answer.policy.statements,
        "greeting": _greeting(answer),
        **values,
    }
    address = _address(to, f"the person of {answer.number}")
    return _mail(kind, answer.number, answer.policy, answer.language, address, templates, given)


def _to_officer(
    kind: str, number: str, policy: Policy, language: Language, templates: Templates | None, values: dict[str, Any]
) -> EmailMessage:
    address = _address(policy.officer_mailbox, "the privacy officer (officer_mailbox in the policy)")
    return _mail(kind, number, policy, language, address, templates, values)


def _mail(
    kind: str,
    number: str,
    policy: Policy,
    language: Language,
    to: Address,
    templates: Templates | None,
    values: dict[str, Any],
) -> EmailMessage:
    templates = templates or Templates()
    sender = _address(policy.mail_from, "the sender (mail_from in the policy)")
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = subject = _SUBJECTS[kind].in_(language).format(number=_one_line(number))
    mail["From"] = Address(_one_line(policy.controller.name), sender.username, sender.domain)
    mail["To"] = to
    mail["Reply-To"] = _address(policy.controller.email, "the controller (email in the policy)")
    mail["Date"] = formatdate(localtime=True)
    # No out-of-office replies to what no human wrote (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    blocks = list(_blocks(templates.text(f"letters/{kind}.{language}.txt", **values)))
    # Quoted-printable: seven bits on the way, whatever the mail servers in between can carry.
    mail.set_content(_plain(blocks), cte="quoted-printable")
    html = templates.text("letters/letter.html", blocks=blocks, language=language, subject=subject)
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    mail["Content-Language"] = language
    return mail


_Block = tuple[str, list[str]]


def _blocks(text: str) -> Iterator[_Block]:
    """Headings, lists and paragraphs, as blank lines and the signs at the begin of a line part them."""
    for part in text.split("\n\n"):
        lines = [line.strip() for line in part.strip().splitlines() if line.strip()]
        if not lines:
            continue
        if lines[0].startswith("# "):
            yield "heading", [lines[0].removeprefix("# ")]
        elif all(line.startswith("- ") for line in lines):
            yield "list", [line.removeprefix("- ") for line in lines]
        else:
            yield "text", lines


def _plain(blocks: Sequence[_Block]) -> str:
    parts = []
    for kind, lines in blocks:
        if kind == "list":
            parts.append("\n".join(_wrapped(line, "- ", "  ") for line in lines))
        elif kind == "heading":
            parts.append(lines[0].upper())
        else:
            parts.append(_wrapped(" ".join(lines), "", ""))
    return "\n\n".join(parts) + "\n"


def _wrapped(text: str, first: str, others: str) -> str:
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _greeting(answer: Answer) -> str:
    name = _one_line(answer.name or "")[:_LONGEST_NAME]
    if not name:
        return _GREETINGS["nobody"].in_(answer.language)
    return _GREETINGS["name"].in_(answer.language).format(name=name)


def _one_line(text: str) -> str:
    """Without line ends and control characters, which could begin a header or a paragraph."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _address(text: str, whose: str) -> Address:
    local, _, domain = text.rpartition("@")
    if not local.isascii() or not text.isprintable():
        raise WrongAddress(whose)
    try:
        address = Address(addr_spec=f"{local}@{domain.encode('idna').decode()}")
    except (ValueError, IndexError, MessageError):
        raise WrongAddress(whose) from None
    if not address.username or "." not in address.domain:
        raise WrongAddress(whose)
    return address
