"""Why a request is not carried out as asked: the reasons that the law knows, in words for the person who asked.

Each with the article it rests on, what the request then comes to, and what the person can do. A reason with `facts`
puts the burden on the company (art. 12(5)): the officer writes them down, and the letter gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from avgflow.catalog.models import Text


class DeclineReason(StrEnum):
    """As the register and the command line have it."""

    IDENTITY = "identity-not-shown"
    UNFOUNDED = "unfounded"
    EXCESSIVE = "excessive"
    LEGAL_PERSON = "legal-person"
    DECEASED = "deceased"
    NO_MANDATE = "no-mandate"
    EMPLOYER = "employer"
    REPRESENTED = "child-represented"
    ITSELF = "child-asks-itself"
    NO_AUTOMATED_DECISIONS = "no-automated-decisions"


@dataclass(frozen=True)
class Grounds:
    """`outcome`: as the register calls it. `summary`: for the officer. `reason`, `advice`: for who asked."""

    outcome: Literal["refused", "outside_avg", "fulfilled"]
    summary: Text
    articles: Text
    reason: Text
    advice: Text
    facts: bool = False


GROUNDS: Mapping[DeclineReason, Grounds] = {
    DeclineReason.IDENTITY: Grounds(
        "refused",
        Text(
            nl="de persoon liet niet zien wie hij of zij is, ook niet na een herinnering",
            en="the person did not show who they are, not after a reminder either",
        ),
        Text(nl="artikel 12 lid 2 en lid 6 AVG", en="article 12(2) and (6) GDPR"),
        Text(
            nl="Wij vroegen u om te laten zien dat het verzoek van u komt, en herinnerden u daaraan. Dat is niet "
            "gelukt. Daarom weten wij niet zeker wie u bent. Gegevens van iemand mogen wij niet aan een ander geven "
            "of voor een ander veranderen.",
            en="We asked you to show that the request is yours, and reminded you of it. You have not done so. That is "
            "why we do not know for certain who you are. We may not give somebody's data to another person, or change "
            "them for another person.",
        ),
        Text(
            nl="Wilt u uw verzoek toch doen? Stuur het dan opnieuw, en laat ons weten hoe u kunt laten zien wie u "
            "bent. Een kopie van een identiteitsbewijs is daarvoor niet nodig.",
            en="If you still want to make your request, send it again and let us know how you can show who you are. "
            "We need no copy of an identity document for that.",
        ),
    ),
    DeclineReason.UNFOUNDED: Grounds(
        "refused",
        Text(nl="kennelijk ongegrond, met de feiten", en="manifestly unfounded, with the facts"),
        Text(nl="artikel 12 lid 5, onder b, AVG", en="article 12(5)(b) GDPR"),
        Text(
            nl="Uw verzoek is duidelijk ongegrond. Het is aan ons om dat te laten zien. Dit zijn de feiten:",
            en="Your request is manifestly unfounded. It is up to us to show that. These are the facts:",
        ),
        Text(
            nl="Klopt er iets niet in deze feiten? Laat het ons weten. Dan kijken wij er opnieuw naar.",
            en="If something in these facts is not right, let us know. We will then look at it again.",
        ),
        facts=True,
    ),
    DeclineReason.EXCESSIVE: Grounds(
        "refused",
        Text(
            nl="buitensporig, met de feiten (een herhaling is dat niet vanzelf)",
            en="excessive, with the facts (a repeat is not so by itself)",
        ),
        Text(nl="artikel 12 lid 5, onder b, AVG", en="article 12(5)(b) GDPR"),
        Text(
            nl="Uw verzoek is buitensporig. Dat u vaker iets vroeg, is daarvoor niet genoeg. Het is aan ons om te "
            "laten zien waarom het wel zo is. Dit zijn de feiten:",
            en="Your request is excessive. That you asked before is not enough for that. It is up to us to show why it "
            "is so all the same. These are the facts:",
        ),
        Text(
            nl="Klopt er iets niet in deze feiten, of is er intussen iets veranderd? Laat het ons weten. Dan kijken "
            "wij er opnieuw naar.",
            en="If something in these facts is not right, or has changed since, let us know. We will then look at it "
            "again.",
        ),
        facts=True,
    ),
    DeclineReason.LEGAL_PERSON: Grounds(
        "outside_avg",
        Text(nl="een bedrijf of organisatie vraagt voor zichzelf", en="a company or organisation asks for itself"),
        Text(nl="artikel 1 en overweging 14 AVG", en="article 1 and recital 14 GDPR"),
        Text(
            nl="De AVG beschermt gegevens van mensen. Gegevens van een bedrijf of organisatie vallen daar niet onder. "
            "Een bedrijf kan daarom geen verzoek doen op grond van de AVG.",
            en="The GDPR protects data of people. Data of a company or organisation are not covered. That is why a "
            "company cannot make a request under the GDPR.",
        ),
        Text(
            nl="Wilt u het contract of het account van uw bedrijf veranderen of beëindigen? Dat kan via uw "
            "contactpersoon bij ons, volgens de afspraken in het contract. Mensen die voor uw bedrijf met ons contact "
            "hebben, kunnen ons zelf vragen om hun eigen gegevens. Hebt u een eenmanszaak? Dan gaat het wel om uw "
            "eigen gegevens. Laat het ons dan weten.",
            en="If you want to change or end your company's contract or account, your contact person with us can "
            "arrange that, as the contract says. People who are in touch with us for your company can ask us for "
            "their own data themselves. If you are a sole proprietor, the data are your own; let us know in that case.",
        ),
    ),
    DeclineReason.DECEASED: Grounds(
        "outside_avg",
        Text(nl="het gaat om gegevens van iemand die is overleden", en="the data are of somebody who has died"),
        Text(nl="overweging 27 AVG", en="recital 27 GDPR"),
        Text(
            nl="Wij leven met u mee. De AVG gaat over gegevens van mensen die leven. De rechten uit die wet gaan niet "
            "over op erfgenamen.",
            en="We are sorry for your loss. The GDPR is about data of living people. The rights in that law do not "
            "pass to heirs.",
        ),
        Text(
            nl="Hebt u gegevens nodig om de nalatenschap te regelen, zoals een openstaande rekening of een contract? "
            "Neem dan contact met ons op, met een verklaring van erfrecht. Wij zoeken met u uit wat er kan. Komt er "
            "nog reclame van ons? Laat het ons weten, dan stoppen wij die. Uw eigen gegevens kunt u altijd opvragen.",
            en="If you need data to settle the estate, such as an open invoice or a contract, contact us with a "
            "certificate of inheritance. We will see with you what is possible. If marketing from us still comes in, "
            "let us know and we will stop it. You can always ask for your own data.",
        ),
    ),
    DeclineReason.NO_MANDATE: Grounds(
        "refused",
        Text(nl="er is geen machtiging of bewijs van gezag getoond", en="no mandate or proof of authority was shown"),
        Text(nl="artikel 12 lid 2 en lid 6 AVG", en="article 12(2) and (6) GDPR"),
        Text(
            nl="U vroeg dit voor iemand anders. Wij kregen geen machtiging of ander bewijs waaruit blijkt dat u dat "
            "voor deze persoon mag doen.",
            en="You asked this for somebody else. We did not get a mandate, or other proof that you may do so for this "
            "person.",
        ),
        Text(
            nl="De persoon om wie het gaat, kan het ons ook zelf vragen. Of stuur uw verzoek opnieuw, met een "
            "machtiging waarin staat wie u bent, voor wie u vraagt en wat u mag vragen.",
            en="The person whose data these are can also ask us themselves. Or send your request again with a mandate "
            "that says who you are, for whom you ask, and what you may ask.",
        ),
    ),
    DeclineReason.EMPLOYER: Grounds(
        "refused",
        Text(
            nl="een werkgever vraagt voor een medewerker, zonder machtiging",
            en="an employer asks for an employee, without a mandate",
        ),
        Text(nl="artikel 12 lid 2 en artikel 15 tot en met 22 AVG", en="article 12(2) and articles 15 to 22 GDPR"),
        Text(
            nl="U vroeg dit voor iemand die bij u werkt of werkte. Alleen die persoon zelf heeft deze rechten, en wij "
            "kregen geen machtiging van hem of haar.",
            en="You asked this for somebody who works or worked for you. Only that person has these rights, and we did "
            "not get a mandate from them.",
        ),
        Text(
            nl="De medewerker kan het ons zelf vragen: per e-mail, brief of telefoon. Wij helpen hem of haar graag. "
            "Hebt u een nieuwe contactpersoon? Die kunt u wel aan ons doorgeven. Dat is een gewone wijziging.",
            en="The employee can ask us themselves, by e-mail, letter or telephone. We are glad to help them. If you "
            "have a new contact person, you can let us know; that is an ordinary change.",
        ),
    ),
    DeclineReason.REPRESENTED: Grounds(
        "refused",
        Text(nl="een kind dat nog niet zelf kan vragen", en="a child who cannot ask themselves yet"),
        Text(nl="artikel 5 UAVG", en="article 5 of the Dutch GDPR Implementation Act (UAVG)"),
        Text(
            nl="U bent nog te jong om dit zelf te vragen. De wet zegt dat een ouder of voogd dat voor u doet.",
            en="You are still too young to ask this yourself. The law says that a parent or guardian does so for you.",
        ),
        Text(
            nl="Vraag uw ouder of voogd om het verzoek te doen. Wij helpen hen graag.",
            en="Ask your parent or guardian to make the request. We are glad to help them.",
        ),
    ),
    DeclineReason.ITSELF: Grounds(
        "refused",
        Text(nl="het kind is oud genoeg om het zelf te vragen", en="the child is old enough to ask themselves"),
        Text(nl="artikel 5 UAVG", en="article 5 of the Dutch GDPR Implementation Act (UAVG)"),
        Text(
            nl="U vroeg dit voor uw kind. Uw kind is 16 jaar of ouder, en beslist hier zelf over.",
            en="You asked this for your child. Your child is 16 or older, and decides on this themselves.",
        ),
        Text(
            nl="Uw kind kan het ons zelf vragen. Mag u het voor uw kind doen? Stuur uw verzoek dan opnieuw, met een "
            "machtiging van uw kind.",
            en="Your child can ask us themselves. If you may do so for your child, send your request again with a "
            "mandate from your child.",
        ),
    ),
    DeclineReason.NO_AUTOMATED_DECISIONS: Grounds(
        "fulfilled",
        Text(
            nl="vraag over besluiten door een computer (artikel 22): die zijn er niet",
            en="a question about decisions by a computer (article 22): there are none",
        ),
        Text(nl="artikel 22 AVG", en="article 22 GDPR"),
        Text(
            nl="U vroeg om een besluit door een mens te laten bekijken. Wij hebben het nagegaan. Over u is geen "
            "besluit genomen door alleen een computer.",
            en="You asked to have a decision reviewed by a human. We looked into it. No decision about you was taken "
            "by a computer alone.",
        ),
        Text(
            nl="Denkt u dat het toch zo is? Vertel ons om welk besluit het gaat. Een mens bekijkt het dan opnieuw, en "
            "u kunt daarbij uw mening geven (artikel 22 lid 3 AVG).",
            en="If you think that there is one after all, tell us which decision you mean. A human will then look at "
            "it again, and you can give your view (article 22(3) GDPR).",
        ),
    ),
}
