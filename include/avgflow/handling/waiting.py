"""What a request waits for where a human must decide: in words, with the commands to answer, and on the register."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from avgflow.errors import ToldTwice
from avgflow.handling.environment import Environment
from avgflow.handling.over import refuse_closed
from avgflow.register import requests
from avgflow.register.requests import Status


class Waiting(StrEnum):
    """What a request waits for, as it stands on the register; the privacy officer answers in Airflow or by command."""

    VERIFICATION = "verification"
    CHOICE = "choice-of-person"
    ADDRESS = "unknown-address"
    HANDOVER = "handover"
    APPROVAL = "approval"
    WEIGHING = "weighing"
    REFUSAL = "refusal"
    MANDATE = "mandate"
    DECLINE = "decline"

    @property
    def nl(self) -> str:
        """In a Dutch sentence: 'Het verzoek wacht op …'."""
        return _WORDS[self][0]

    @property
    def explanation(self) -> str:
        """What the privacy officer has to know to answer, in Dutch; nothing where that is plain."""
        return _EXPLANATIONS.get(self, "")

    def commands(self, number: str) -> tuple[str, ...]:
        """How to answer on the command line."""
        return tuple(command.format(n=number) for command in _WORDS[self][1:])


_WORDS: dict[Waiting, tuple[str, ...]] = {
    Waiting.VERIFICATION: (
        "uw controle van de identiteit",
        "avgflow request verify {n} --verified-by METHOD",
        "avgflow request code {n}",
        "avgflow request verify {n} --code CODE",
    ),
    Waiting.MANDATE: (
        "uw controle van de machtiging: iemand vraagt dit voor een ander",
        "avgflow request verify {n} --verified-by mandate",
    ),
    Waiting.DECLINE: (
        "uw besluit: wie dit vraagt, mag dat niet of heeft dit recht niet",
        "avgflow request decline {n}",
        "avgflow request decline {n} --confirm",
    ),
    Waiting.CHOICE: (
        "uw keuze: er zijn meer personen die het kunnen zijn",
        "avgflow request show {n} --candidates",
        "avgflow request choose {n} PERSON…",
    ),
    Waiting.ADDRESS: (
        "uw oordeel: het e-mailadres is bij deze persoon niet bekend",
        "avgflow request approve {n}",
    ),
    Waiting.HANDOVER: ("overhandiging: het pakket is te groot voor een e-mail", "avgflow request approve {n}"),
    Waiting.APPROVAL: (
        "uw goedkeuring van het plan: wat gewist wordt en wat blijft",
        "avgflow request show {n} --plan",
        "avgflow request approve {n} --plan PLAN",
    ),
    Waiting.WEIGHING: (
        "uw afweging van het bezwaar",
        "avgflow request show {n} --plan",
        "avgflow request weigh {n} CLASS=uphold CLASS=refuse:REASON",
    ),
    Waiting.REFUSAL: (
        "uw oordeel: er is niets dat wij kunnen meegeven, dus het antwoord is een weigering",
        "avgflow request show {n} --plan",
        "avgflow request approve {n} --plan PLAN",
    ),
}

_EXPLANATIONS = {
    Waiting.VERIFICATION: (
        "Stel eerst vast wie er vraagt. Vraag daarvoor geen kopie van een identiteitsbewijs. Op de plaats van METHOD "
        "zegt u hoe u het vaststelde: portal-login (ingelogd op het klantenportaal), known-email (antwoord vanaf een "
        "adres dat u al kende), phone-callback (teruggebeld op een nummer dat u al kende) of in-person (in persoon). "
        "U kunt ook een code laten mailen naar een adres dat wij al kennen van de persoon: avgflow request code "
        "NUMMER. Geeft de persoon u die code door? Geef die dan op met verify. Vraagt u de betrokkene op een andere "
        "manier om iets te laten zien? Leg dat vast met avgflow request asked NUMMER. De termijn staat dan stil tot u "
        "de identiteit vaststelt. Stuurde iemand ongevraagd een kopie van een identiteitsbewijs? Gebruik die niet, en "
        "wis hem meteen, ook uit de mailbox. Komt er geen antwoord? Herinner de persoon er een keer aan. Komt er dan "
        "nog niets? Stel voor om af te wijzen: avgflow request decline NUMMER --reason identity-not-shown."
    ),
    Waiting.MANDATE: (
        "Bekijk of de machtiging noemt wie er vraagt, voor wie, en wat er gevraagd mag worden. Bij een advocaat is "
        "meestal genoeg dat hij schrijft dat hij de persoon bijstaat. Bij een ouder of voogd gaat het om bewijs van "
        "gezag, bij een curator, bewindvoerder of mentor om de uitspraak van de rechter, en bij een erfgenaam die "
        "reclame wil stoppen om bewijs van overlijden. Twijfelt u? Vraag het na bij de persoon zelf. Bewaar geen "
        "kopie van een identiteitsbewijs. Is er nog geen machtiging? Vraag die meteen en leg dat vast met avgflow "
        "request asked NUMMER: de termijn staat dan stil. Komt er niets, ook niet na een herinnering? Stel voor om af"
        " te wijzen: avgflow request decline NUMMER --reason no-mandate."
    ),
    Waiting.DECLINE: (
        "Uit wie er vraagt, volgt dat wij dit verzoek niet zo mogen uitvoeren. Het voorstel om het af te wijzen staat "
        "al klaar. Bekijk het, met de brief die erbij hoort, en bevestig het. Is er meer dan één privacy officer? Dan "
        "bevestigt iemand anders dan wie het verzoek inschreef. Toont een werkgever alsnog een machtiging? Leg die "
        "vast met avgflow request verify NUMMER --verified-by mandate. Staat er verkeerd bij wie er vraagt? Stop dit "
        "verzoek en schrijf het opnieuw in, met dezelfde dag van ontvangst."
    ),
    Waiting.CHOICE: (
        "Een naam alleen is niet genoeg. Bekijk wie het kunnen zijn en vraag de betrokkene zo nodig naar een "
        "klantnummer of een eerder e-mailadres."
    ),
    Waiting.ADDRESS: (
        "Ons antwoord zou naar een adres gaan dat niet bij deze persoon staat. Ga alleen verder als u zeker weet dat "
        "het adres van deze persoon is."
    ),
    Waiting.HANDOVER: (
        "Het pakket staat klaar op de machine waar avgflow draait. Geef het op een veilige manier aan de betrokkene, "
        "of aan het bedrijf dat de betrokkene noemde. Zeg daarna dat het gebeurd is."
    ),
    Waiting.APPROVAL: (
        "Bekijk eerst het plan. Onder het plan staan twaalf letters en cijfers. Vul die in op de plaats van PLAN. U "
        "keurt alleen dat plan goed. Verandert er iets in de systemen? Dan komt er een nieuw plan en "
        "vragen wij het u opnieuw. Bent u het er niet mee eens? Keur het plan dan af met avgflow request refuse. Is er "
        "meer dan één privacy officer? Dan keurt iemand anders goed dan wie het verzoek inschreef."
    ),
    Waiting.REFUSAL: (
        "Een weigering gaat alleen uit als een mens het ermee eens is. Bekijk in het plan bij withhold waarom niets "
        "mee kan (artikel 20 AVG). Bent u het ermee eens? Vul dan de twaalf letters en cijfers onder het plan in op de "
        "plaats van PLAN. Klopt het niet? Stop het verzoek en pas de gegevenskaart of het beleid aan. Is er meer dan "
        "één privacy officer? Dan keurt iemand anders goed dan wie het verzoek inschreef."
    ),
    Waiting.WEIGHING: (
        "Weeg het belang van de persoon af tegen dat van ons (artikel 21 lid 1 AVG). Vertelde de persoon niet waarom? "
        "Vraag dat eerst. In het plan staat bij 'weigh' om welke soorten gegevens het gaat. Zeg van elke soort uphold "
        "(u geeft de persoon gelijk) of refuse met een reden: compelling-grounds (dwingende redenen), legal-claims "
        "(nodig voor een vordering), contract (nodig voor een overeenkomst) of no-situation (geen reden gegeven, ook "
        "niet toen u ernaar vroeg). Tot u beslist, zijn deze gegevens beperkt: wij bewaren ze alleen (artikel 18 AVG). "
        "Wijst u af, dan eindigt dat zodra de persoon ons antwoord heeft. Is er meer dan één privacy officer? Dan "
        "wijst iemand anders af dan wie het bezwaar inschreef."
    ),
}


@dataclass(frozen=True)
class Question:
    """A question to a human about one request; holds nothing of the person."""

    number: str
    waiting: Waiting
    candidates: int = 0


class ChoiceRefused(ToldTwice):
    """A human's answer does not fit the question."""


def ask(env: Environment, register: Connection, question: Question) -> None:
    """Put on the register that a request waits for a human; `Withdrawn` where it was taken back meanwhile."""
    refuse_closed(
        requests.set_status(register, env.keyring, question.number, Status.WAITING, waiting_for=question.waiting.value)
    )
