"""One mail from one text: a plain part, an HTML part of the same words, and headers that nothing can be smuggled into.

In a text a line `# …` is a heading, `## …` a smaller one, lines `- …` are a list, and an address of the web that stands
alone is a link; blank lines part paragraphs. Message-ID is the outbox's to set.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Any

from avgflow.addresses import parsed
from avgflow.dossier.content import Language
from avgflow.errors import AvgflowError
from avgflow.policy.models import Policy
from avgflow.templating import Templates

_WIDTH = 76
_ADDRESS = re.compile(r"https?://[\x21-\x7e]+")


class WrongAddress(AvgflowError):
    """A mail cannot be addressed; the address itself is not repeated."""

    def __init__(self, whose: str) -> None:
        super().__init__(
            f"The e-mail address of {whose} cannot be used in a mail. Correct it, then make the mail again."
        )


def compose(
    text: str, subject: str, policy: Policy, language: Language, to: Address, templates: Templates, **values: Any
) -> EmailMessage:
    """The mail of the template `letters/{text}.{language}.txt`, from the company, answered to its privacy officer."""
    sender = address(policy.mail_from, "the sender (mail_from in the policy)")
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = subject = one_line(subject)
    mail["From"] = Address(one_line(policy.controller.name), sender.username, sender.domain)
    mail["To"] = to
    mail["Reply-To"] = address(policy.controller.email, "the controller (email in the policy)")
    mail["Date"] = formatdate(localtime=True)
    # No out-of-office replies to what no human wrote (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    blocks = list(_blocks(templates.text(f"letters/{text}.{language}.txt", **_given(policy, values))))
    # Quoted-printable: seven bits on the way, whatever the mail servers in between can carry.
    mail.set_content(_plain(blocks), cte="quoted-printable")
    html = templates.text("letters/letter.html", blocks=blocks, language=language, subject=subject)
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    mail["Content-Language"] = language
    return mail


def one_line(text: str) -> str:
    """Without line ends and control characters, which could begin a header or a paragraph."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def address(text: str, whose: str) -> Address:
    """An address for a header; `WrongAddress` for what is none, or several."""
    made = parsed(text)
    if made is None:
        raise WrongAddress(whose)
    return made


def person_address(text: str, number: str) -> Address:
    """Whoever asked, in a request; `WrongAddress` as `address`."""
    return address(text, f"the person of {number}")


def officer_address(policy: Policy) -> Address:
    """The privacy officer; `WrongAddress` as `address`."""
    return address(policy.officer_mailbox, "the privacy officer (officer_mailbox in the policy)")


def _given(policy: Policy, values: Mapping[str, Any]) -> dict[str, Any]:
    """What every text may use, besides its own values."""
    return {"controller": policy.controller, "statements": policy.statements, **values}


_Block = tuple[str, list[str]]


def _blocks(text: str) -> Iterator[_Block]:
    """Headings, lists and paragraphs, as blank lines and the signs at the begin of a line part them."""
    for part in text.split("\n\n"):
        lines = [line.strip() for line in part.strip().splitlines() if line.strip()]
        if not lines:
            continue
        if lines[0].startswith("# "):
            yield "heading", [lines[0].removeprefix("# ")]
        elif lines[0].startswith("## "):
            yield "subheading", [lines[0].removeprefix("## ")]
        elif len(lines) == 1 and _ADDRESS.fullmatch(lines[0]):
            yield "link", lines
        elif all(line.startswith("- ") for line in lines):
            yield "list", [line.removeprefix("- ") for line in lines]
        else:
            yield "text", lines


def _plain(blocks: Sequence[_Block]) -> str:
    parts = []
    for kind, lines in blocks:
        if kind == "list":
            parts.append("\n".join(_wrapped(line, "- ", "  ") for line in lines))
        elif kind == "link":
            parts.append(lines[0])
        elif kind == "heading":
            parts.append(lines[0].upper())
        elif kind == "subheading":
            parts.append(_wrapped(f"{lines[0]}:", "", ""))
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
