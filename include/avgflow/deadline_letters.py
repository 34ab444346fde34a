"""The mails about terms: to the person when theirs is extended, to the privacy officer what is due, late or stuck."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from email.headerregistry import Address
from email.message import EmailMessage

from avgflow.catalog.models import Text
from avgflow.deadlines import Deadlines
from avgflow.dossier.audit import words
from avgflow.dossier.content import Language
from avgflow.intake import Right
from avgflow.letters import greeting
from avgflow.mail import address, compose, officer_address, one_line, person_address
from avgflow.policy.models import Policy
from avgflow.templating import Templates, long_date

_ASKED = {
    Right.ACCESS: Text(nl="om inzage in uw gegevens", en="for access to your data"),
    Right.RECTIFICATION: Text(nl="om uw gegevens te verbeteren", en="to correct your data"),
    Right.ERASURE: Text(nl="om uw gegevens te wissen", en="to erase your data"),
    Right.RESTRICTION: Text(nl="om uw gegevens voorlopig niet te gebruiken", en="to restrict the use of your data"),
    Right.PORTABILITY: Text(nl="om uw gegevens over te dragen", en="to hand over your data"),
    Right.OBJECTION: Text(nl="om uw gegevens niet meer te gebruiken", en="to stop using your data"),
}
_MAILS = {
    "answer": Text(nl="het antwoord aan de betrokkene", en="the answer to the person"),
    "code": Text(nl="de code aan de betrokkene", en="the code to the person"),
    "controller": Text(nl="de gegevens voor een ander bedrijf", en="the data for another company"),
    "passphrase": Text(nl="de vraag om een wachtzin door te geven", en="the request to tell a passphrase"),
    "extended": Text(nl="de brief dat er meer tijd nodig is", en="the letter that more time is needed"),
    "lifting": Text(nl="de brief dat een beperking eindigt", en="the letter that a restriction ends"),
    "recipient": Text(nl="het bericht aan een ontvanger", en="the notice to a recipient"),
    "withdrawn": Text(nl="de bevestiging van het intrekken", en="the confirmation of the withdrawal"),
    "waiting": Text(nl="een vraag aan u", en="a question to you"),
    "proposed": Text(nl="een voorstel aan u om af te wijzen", en="a proposal to you to decline"),
    "loose-ends": Text(nl="het bericht aan u wat er nog te doen is", en="the message to you of what is still to do"),
    "stopped": Text(nl="het bericht aan u dat het stopte", en="the message to you that it stopped"),
    "sweep-waiting": Text(nl="een vraag aan u over het opschonen", en="a question to you about a sweep"),
    "sweep-report": Text(nl="het verslag van het opschonen", en="the report of a sweep"),
    "sweep-refused": Text(nl="het bericht dat opschonen niet doorgaat", en="the message that a sweep does not go on"),
    "sweep-failed": Text(nl="het bericht dat opschonen mislukte", en="the message that a sweep failed"),
    "sweep-quiet": Text(nl="het bericht dat er niets te wissen is", en="the message that sweeps find nothing"),
    "housekeeping": Text(
        nl="het bericht dat de huishouding niet af is", en="the message that the housekeeping is not done"
    ),
    "deadline-digest": Text(nl="een overzicht als dit", en="a list like this one"),
    "deadline-escalation": Text(nl="het bericht aan het tweede adres", en="the message to the second address"),
}
"""What a mail of the outbox is called in a list, by the kind without its occasion."""

_EXTENDED = Text(nl="Meer tijd nodig voor uw verzoek {number}", en="More time needed for your request {number}")


@dataclass(frozen=True)
class Extension:
    """What a person is told of an extension (art. 12(3)): why, and until when."""

    number: str
    language: Language
    name: str | None
    right: Right
    received: date
    due: date
    reason: Text
    note: str
    on_behalf_of: str | None = None


def extension_mail(extension: Extension, policy: Policy, to: str, templates: Templates) -> EmailMessage:
    """The letter that has to reach the person within the first month."""
    language = extension.language
    return compose(
        "extended",
        _EXTENDED.in_(language).format(number=one_line(extension.number)),
        policy,
        language,
        person_address(to, extension.number),
        templates,
        extension=extension,
        asked=_ASKED[extension.right].in_(language),
        reason=extension.reason.in_(language),
        note=one_line(extension.note),
        greeting=greeting(extension.name, language, extension.on_behalf_of),
    )


def digest_mail(deadlines: Deadlines, policy: Policy, templates: Templates, language: Language = "nl") -> EmailMessage:
    """To the privacy officer: what is late, due soon, waiting, stopped, not sent or not well. No personal data."""
    to = officer_address(policy)
    day = long_date(deadlines.today, language)
    counts = _counts(deadlines, language)
    subject = Text(nl=f"AVG-termijnen {day}{counts}", en=f"GDPR deadlines {day}{counts}").in_(language)
    return _watch("deadlines", subject, deadlines, policy, templates, language, to)


def escalation_mail(
    deadlines: Deadlines, mailbox: str, policy: Policy, templates: Templates, language: Language = "nl"
) -> EmailMessage:
    """To the second address: what is late, and what is lost unless it is answered now."""
    to = address(mailbox, "the escalation (escalation_mailbox in the policy)")
    requests, breaches = len(deadlines.alarming), len(deadlines.alarming_breaches)
    counted = [
        Text(nl=f"{n} {dutch[n != 1]}", en=f"{n} {english[n != 1]}").in_(language)
        for n, dutch, english in (
            (requests, ("verzoek", "verzoeken"), ("request", "requests")),
            (breaches, ("datalek", "datalekken"), ("breach", "breaches")),
        )
        if n
    ]
    listed = Text(nl=" en ".join(counted), en=" and ".join(counted)).in_(language)
    one = requests + breaches == 1
    subject = Text(
        nl=f"AVG: {listed} {'is' if one else 'zijn'} te laat of bijna te laat",
        en=f"GDPR: {listed} {'is' if one else 'are'} late or nearly late",
    ).in_(language)
    return _watch("deadlines_escalation", subject, deadlines, policy, templates, language, to)


def named(kind: str, language: Language) -> str:
    """What a mail is called in a list, by its kind with its occasion; one that is not known stands as it is."""
    known = _MAILS.get(kind.partition(":")[0])
    return known.in_(language) if known else kind


def _watch(
    text: str,
    subject: str,
    deadlines: Deadlines,
    policy: Policy,
    templates: Templates,
    language: Language,
    to: Address,
) -> EmailMessage:
    rights = {right: name.in_(language).lower() for right, name in words.NAMES.items()}
    values = {"deadlines": deadlines, "rights": rights, "named": lambda kind: named(kind, language)}
    return compose(text, subject, policy, language, to, templates, **values)


def _counts(deadlines: Deadlines, language: Language) -> str:
    late, soon = len(deadlines.overdue), sum(map(len, deadlines.within.values()))
    words = Text(nl="te laat", en="late"), Text(nl="bijna", en="soon")
    told = [f"{n} {word.in_(language)}" for n, word in zip((late, soon), words, strict=True) if n]
    if n := len(deadlines.breaches):
        breaches = Text(nl="datalek" if n == 1 else "datalekken", en="breach" if n == 1 else "breaches")
        told.append(f"{n} {breaches.in_(language)}")
    if deadlines.sweeps:
        told.append(Text(nl="opschonen", en="sweep").in_(language))
    if deadlines.unwell:
        told.append(Text(nl="installatie", en="installation").in_(language))
    return f": {', '.join(told)}" if told else ""
