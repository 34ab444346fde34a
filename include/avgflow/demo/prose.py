"""Free text as staff and customers write it: other people in it, and whatever a keyboard can produce."""

from __future__ import annotations

from avgflow.demo.chance import Chance
from avgflow.demo.rows import Mention
from avgflow.demo.world import Block, Person

SUBJECTS = (
    "Container niet geleegd",
    "Factuur klopt niet",
    "Extra rolcontainer",
    "Afspraak verzetten",
    "Vraag over begeleidingsbrief",
    "Klacht over chauffeur",
    "Wachtwoord vergeten",
)
_PLAIN = (
    "De rolcontainer (1.100 liter) is gisteren niet geleegd. Wanneer komen jullie?",
    "Graag de factuur opnieuw sturen, het btw-bedrag klopt niet.\n\nMet vriendelijke groet",
    "Container staat te dicht bij de gevel; chauffeur kon er niet bij.",
    "Kunnen jullie voortaan voor 7:00 uur komen? Daarna staat de straat vol.",
    'Klant zegt: "zo hadden we het niet afgesproken". Teruggebeld, opgelost.',
    "Weegbon ontbreekt; nagestuurd per post.",
    "Wil overstappen op papier en swill apart. Offerte volgt.",
)
_WITH_NAME = (
    "Zou eerst met {} overleggen en belt dan terug.",
    "{} heeft hier vorige week ook al over gebeld.",
    "Volgens {} is dit in maart toegezegd; klant was geïrriteerd.",
)
_WITH_EMAIL = ("Graag ook antwoord aan {}.", "Stuur de bevestiging voortaan naar {}, niet meer naar mij.")
_WITH_PHONE = ("Bij geen gehoor: {}.", "Chauffeur mag {} bellen als de poort dicht is.")
ODD_TEXTS = (
    "=cmd|' /C calc'!A0",
    "+31 6; DROP TABLE contact; --",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "מכולה מלאה \u200f(3) \u202eאבג",
    "♻️ Top service 👩🏽‍🔧🇳🇱, echt!",
    "regel één\r\nregel twee\ttab; puntkomma, \"dubbel\" en 'enkel'",
    "<script>alert('x')</script> {{ 7 * 7 }} #import \\u0000",
    "\u00a0 \n ",
)
OPINIONS = (
    "Lastige klant, maar betaalt op tijd.",
    "Vriendelijk aan de telefoon. Wel wantrouwig over de weegbonnen.",
    "Niet meer bellen voor acties, heeft daar een hekel aan.",
    "Let op: praat snel over een overstap naar de concurrent.",
    "Prettig contact, wil graag meedenken over afvalscheiding.",
)

Prose = tuple[str, tuple[Mention, ...]]


def others_known(block: Block, person: Person) -> tuple[Person, ...]:
    """People of the CRM whom this person may speak of: colleagues, else others of the block."""
    known = tuple(p for p in block.people if p.named_in_crm and p is not person)
    colleagues = tuple(p for p in known if p.organisation is person.organisation)
    return colleagues or known


def about(chance: Chance, others: tuple[Person, ...]) -> Prose:
    """A few sentences; in half of them one of the others is named, some with e-mail address or telephone number."""
    text = chance.pick(_PLAIN)
    if not others or chance.often(0.5):
        return text, ()
    other = chance.pick(others)
    sentences, mentions = [text, chance.pick(_WITH_NAME).format(other.name)], [Mention("name", other.name)]
    if chance.often(0.3):
        sentences.append(chance.pick(_WITH_EMAIL).format(other.email))
        mentions.append(Mention("email", other.email))
    if chance.often(0.3):
        sentences.append(chance.pick(_WITH_PHONE).format(other.phone))
        mentions.append(Mention("phone", other.phone))
    return "\n".join(sentences), tuple(mentions)


def not_to_be_confused(namesake: Person) -> Prose:
    """The note that keeps two people of one name apart."""
    text = f"Niet verwarren met de andere {namesake.name} ({namesake.email}, {namesake.phone})."
    return text, tuple(
        Mention(kind, value)  # type: ignore[arg-type]
        for kind, value in (("name", namesake.name), ("email", namesake.email), ("phone", namesake.phone))
    )
