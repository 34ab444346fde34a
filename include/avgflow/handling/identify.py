"""Step 1: is it sure who asks, and who that is in the stores. Where it is not, a human is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from avgflow.errors import AvgflowError, ToldTwice
from avgflow.handling import who_asks
from avgflow.handling.environment import Environment, View
from avgflow.identity import Doubt, Footprint, normal
from avgflow.intake import Verification
from avgflow.policy.who_may_ask import AskMandate, Decline
from avgflow.register import events, identities, requests
from avgflow.register.database import transaction
from avgflow.register.names import EventName
from avgflow.register.requests import Outcome, Request, Status
from avgflow.stores.resolve import Start, resolve


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


class Ended(AvgflowError):
    """Nothing more is done for a request; a subclass says why."""


class Withdrawn(Ended):
    """The person took the request back."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} was withdrawn; nothing more is done for it.")


class Declined(Ended):
    """The request is not carried out as asked, and the letter that says so is made."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} was declined; nothing more is done for it but to tell the person.")


def refuse_closed(request: Request) -> None:
    """`Withdrawn` for a request that was taken back, `RequestClosed` for one that is closed otherwise."""
    if request.outcome is Outcome.WITHDRAWN:
        raise Withdrawn(request.number)
    if request.status is Status.CLOSED:
        raise requests.RequestClosed(request.number, str(request.outcome))


class NotSettled(AvgflowError):
    """A step was begun while the request waits for a human, or nobody is verified."""

    def __init__(self, number: str, waiting: Waiting) -> None:
        todo = ", then ".join(waiting.commands(number))
        super().__init__(f"{number} waits for a human ({waiting}); no store is read before that. {todo}")


class StillInDoubt(AvgflowError):
    """Who is meant is no longer certain in a later step."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"The stores changed: it is no longer certain who {number} is about. "
            f"Clear task 'identify' and what follows."
        )


def identify(env: Environment, numbers: Sequence[str]) -> dict[str, Question | None]:
    """Find each request's person; a `Question` where a human must decide first, None where the request can go on."""
    questions: dict[str, Question | None] = {}
    open_: dict[str, Start] = {}
    with transaction(env.register) as register:
        for number in numbers:
            request = requests.set_status(register, env.keyring, number, Status.RUNNING)
            refuse_closed(request)
            waiting = _unsure(env, register, request)
            if waiting is not None:
                questions[number] = Question(number, waiting)
            else:
                open_[number] = start_of(env, register, number)
    if open_:
        with env.view() as view:
            found = resolve(view.connections, view.places, open_)
        for number, who in found.items():
            questions[number] = _settle(env, number, who)
    return {number: _ask(env, number, questions[number]) for number in numbers}


def start_of(env: Environment, register: Connection, number: str) -> Start:
    """Where the search for a request's person begins: a human's choice if there is one, else the intake."""
    choice = identities.choice(register, env.keyring, number)
    if choice is not None:
        return Start.from_json(choice)
    return Start.given(requests.subject(register, env.keyring, number).identifiers)


def require_settled(env: Environment, numbers: Sequence[str]) -> None:
    """`NotSettled` unless it is sure who asks and who that is, whatever happened to the task before (Airflow lets a
    user mark one as successful).
    """
    with transaction(env.register) as register:
        for number in numbers:
            request = requests.get(register, number)
            if request.verified_by is None:
                raise NotSettled(number, Waiting.VERIFICATION)
            if isinstance(who_asks.standing(env, register, request), Decline):
                raise NotSettled(number, Waiting.DECLINE)
            if request.waiting_for in (Waiting.CHOICE, Waiting.ADDRESS):
                raise NotSettled(number, Waiting(request.waiting_for))


def footprints(env: Environment, view: View, numbers: Sequence[str]) -> dict[str, Footprint]:
    """Who the requests are about, looked up afresh; `StillInDoubt` where that is not certain any more."""
    with transaction(env.register) as register:
        starts = {number: start_of(env, register, number) for number in numbers}
    found: dict[str, Footprint] = {}
    for number, who in resolve(view.connections, view.places, starts).items():
        if isinstance(who, Doubt):
            raise StillInDoubt(number)
        found[number] = who
    return found


def _unsure(env: Environment, register: Connection, request: Request) -> Waiting | None:
    """What a human must do before anybody is looked up."""
    found = who_asks.settle(env, register, request)
    if isinstance(found, Decline):
        return Waiting.DECLINE
    if isinstance(found, AskMandate):
        return Waiting.MANDATE
    return Waiting.VERIFICATION if request.verified_by is None else None


def _settle(env: Environment, number: str, who: Footprint | Doubt) -> Question | None:
    with transaction(env.register) as register:
        if isinstance(who, Doubt):
            identities.put_candidates(register, env.keyring, number, who.candidates)
            return Question(number, Waiting.CHOICE, len(who.candidates))
        if _address_unknown(env, register, number, who):
            return Question(number, Waiting.ADDRESS)
        detail = {"identifiers": sorted(who.identifiers), "people_rows": sum(map(len, who.held.values()))}
        events.append(register, env.keyring, EventName.REQUEST_IDENTIFIED, number, detail=detail)
    return None


def _address_unknown(env: Environment, register: Connection, number: str, who: Footprint) -> bool:
    """Whether 'verified by known e-mail' was said of an address that none of the person's rows holds (art. 12(6))."""
    request = requests.get(register, number)
    if request.verified_by is not Verification.KNOWN_EMAIL or not any(who.held.values()):
        return False
    if identities.choice(register, env.keyring, number) is not None:
        return False
    email = normal(requests.subject(register, env.keyring, number).email)
    return email not in who.held.get("email", frozenset())


def _ask(env: Environment, number: str, question: Question | None) -> Question | None:
    if question is not None:
        with transaction(env.register) as register:
            ask(env, register, question)
    return question


def ask(env: Environment, register: Connection, question: Question) -> None:
    """Put on the register that a request waits for a human; `Withdrawn` where it was taken back meanwhile."""
    refuse_closed(
        requests.set_status(register, env.keyring, question.number, Status.WAITING, waiting_for=question.waiting.value)
    )
