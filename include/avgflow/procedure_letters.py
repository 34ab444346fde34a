"""The letters of the procedure: a one-time code to an address that was known already, and why a request is declined."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage

from avgflow.catalog.models import Text
from avgflow.dossier.content import Language
from avgflow.intake import Right
from avgflow.letters import greeting
from avgflow.mail import compose, one_line, person_address
from avgflow.policy.models import Policy
from avgflow.policy.reasons import Grounds
from avgflow.templating import Templates

_CODE = Text(nl="Is dit verzoek van u? {number}", en="Is this request yours? {number}")
_DECLINED = Text(nl="Ons antwoord op uw verzoek {number}", en="Our answer to your request {number}")


_RIGHTS = {
    Right.ACCESS: Text(nl="inzage", en="access"),
    Right.RECTIFICATION: Text(nl="verbeteren", en="rectification"),
    Right.ERASURE: Text(nl="wissen", en="erasure"),
    Right.RESTRICTION: Text(nl="beperken", en="restriction"),
    Right.PORTABILITY: Text(nl="overdragen", en="portability"),
    Right.OBJECTION: Text(nl="bezwaar", en="objection"),
}
"""What a right is called in a letter to the person, in plain words."""


@dataclass(frozen=True)
class CodeLetter:
    """What goes with a code: which request, what it asks, and until when the code works.

    There is no name in it: whoever asks may have given another's.
    """

    number: str
    language: Language
    right: Right
    received: date
    digits: str
    until: date

    def __repr__(self) -> str:
        return f"CodeLetter({self.number}, …)"


@dataclass(frozen=True)
class DeclinedLetter:
    """Why a request is not carried out as asked (art. 12(4)); `note`: the facts, in one paragraph. `late`: the term was
    over, so that no time limit holds for going to court (UAVG art. 35).
    """

    number: str
    language: Language
    name: str | None
    right: Right
    received: date
    grounds: Grounds
    note: str
    late: bool


def code_mail(letter: CodeLetter, policy: Policy, to: str, templates: Templates) -> EmailMessage:
    """To an address that a store holds for the person."""
    language = letter.language
    return compose(
        "code",
        _CODE.in_(language).format(number=one_line(letter.number)),
        policy,
        language,
        person_address(to, letter.number),
        templates,
        letter=letter,
        right=_RIGHTS[letter.right].in_(language),
        greeting=greeting(None, language),
    )


def declined_mail(letter: DeclinedLetter, policy: Policy, to: str, templates: Templates) -> EmailMessage:
    """To who asked: that it is not done, why, what they can do now, and where they can go (art. 12(4))."""
    language, grounds = letter.language, letter.grounds
    return compose(
        "declined",
        _DECLINED.in_(language).format(number=one_line(letter.number)),
        policy,
        language,
        person_address(to, letter.number),
        templates,
        letter=letter,
        right=_RIGHTS[letter.right].in_(language),
        reason=grounds.reason.in_(language),
        articles=grounds.articles.in_(language),
        advice=grounds.advice.in_(language),
        note=one_line(letter.note),
        greeting=greeting(letter.name, language),
    )
