"""The mails of a portability (AVG art. 20): to the person, to another company, and about that to the privacy officer.

To the other company goes nothing of the person but what is in the encrypted file.
"""

from __future__ import annotations

from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

from avgflow.catalog.models import Text
from avgflow.dossier.content import Language
from avgflow.dossier.portability import PortableAnswer
from avgflow.letters import attach, greeting
from avgflow.mail import address, compose, officer_address, one_line, person_address
from avgflow.policy.models import Policy
from avgflow.templating import Templates

if TYPE_CHECKING:
    from avgflow.dossier.package import Package

_TO_PERSON = Text(nl="Uw verzoek om gegevens mee te nemen {number}", en="Your request to take data along {number}")
_TO_CONTROLLER = Text(
    nl="Gegevens op verzoek van een persoon: {number}", en="Data at the request of a person: {number}"
)
_TO_OFFICER = Text(nl="Wachtwoord doorgeven: {number}", en="Passphrase to be told: {number}")


def taken_mail(answer: PortableAnswer, package: Package, to: str, templates: Templates | None = None) -> EmailMessage:
    """The answer with the file that the person takes along."""
    mail = _to_person("portability", answer, to, templates, package=package)
    attach(mail, package)
    return mail


def given_mail(answer: PortableAnswer, destination: str, to: str, templates: Templates | None = None) -> EmailMessage:
    """The confirmation that it went to another company; of its address only what follows the sign."""
    domain = one_line(destination.rpartition("@")[2])
    return _to_person("portability", answer, to, templates, domain=domain)


def refused_mail(answer: PortableAnswer, to: str, templates: Templates | None = None) -> EmailMessage:
    """The answer to a person who can take nothing along: why, kind by kind, and where they can go (art. 12(4))."""
    return _to_person("portability", answer, to, templates)


def nothing_found_mail(answer: PortableAnswer, to: str, templates: Templates | None = None) -> EmailMessage:
    """The answer to a person of whom nothing is held."""
    return _to_person("portability_nothing_found", answer, to, templates)


def controller_mail(
    number: str, policy: Policy, language: Language, package: Package, to: str, templates: Templates | None = None
) -> EmailMessage:
    """To the other company: the file, and what it is. Nothing of the person but the reference."""
    addressed = address(to, f"the other controller of {number}")
    subject = _TO_CONTROLLER.in_(language).format(number=number)
    given = {"number": number, "package": package}
    mail = compose("portability_controller", subject, policy, language, addressed, templates or Templates(), **given)
    attach(mail, package)
    return mail


def officer_mail(number: str, policy: Policy, destination: str, templates: Templates | None = None) -> EmailMessage:
    """To the privacy officer, who tells the other company the passphrase."""
    to = officer_address(policy)
    subject = _TO_OFFICER.nl.format(number=number)
    given = {"number": number, "destination": one_line(destination)}
    return compose("portability_officer", subject, policy, "nl", to, templates or Templates(), **given)


def _to_person(text: str, answer: PortableAnswer, to: str, templates: Templates | None, **values: Any) -> EmailMessage:
    return compose(
        text,
        _TO_PERSON.in_(answer.language).format(number=answer.number),
        answer.policy,
        answer.language,
        person_address(to, answer.number),
        templates or Templates(),
        answer=answer,
        greeting=greeting(answer.name, answer.language, answer.on_behalf_of),
        **values,
    )
