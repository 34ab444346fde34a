"""What a human says of who asks, and of who that is in the stores, put on the register."""

from __future__ import annotations

from collections.abc import Sequence

from avgflow.handling import asking_person, candidates, who_asks
from avgflow.handling.environment import Environment
from avgflow.handling.waiting import ChoiceRefused, Waiting
from avgflow.intake import Verification, fits
from avgflow.register import identities, locks, requests
from avgflow.register.database import transaction
from avgflow.register.requests import Request
from avgflow.stores.resolve import Start


def take(env: Environment, number: str, verified_by: str | None, persons: Sequence[int], actor: str) -> None:
    """A human's answer to whatever the request waits for; `ChoiceRefused` where it does not fit the question."""
    with transaction(env.register) as register:
        request = requests.get(register, number)
        helped = who_asks.allowed_by_mandate(env, register, request)
    if request.waiting_for == Waiting.DECLINE and not (helped and verified_by == Verification.MANDATE):
        raise ChoiceRefused(
            f"{number} cannot go on as it is: see `avgflow request decline {number}`, or stop it and register it anew.",
            "Dit verzoek kan zo niet verder. Bekijk het voorstel om af te wijzen. Of stop het, en "
            "schrijf het opnieuw in.",
        )
    if request.waiting_for in (Waiting.VERIFICATION, Waiting.MANDATE, Waiting.DECLINE):
        if not verified_by:
            raise ChoiceRefused(
                f"Say how the person of {number} was verified: {', '.join(Verification)}.",
                "Kies hoe u de identiteit vaststelde.",
            )
        verify(env, number, Verification(verified_by), actor)
    elif request.waiting_for == Waiting.CHOICE:
        choose(env, number, frozenset(persons), actor)
    elif request.waiting_for == Waiting.ADDRESS:
        accept_address(env, number, actor)


def verify(env: Environment, number: str, method: Verification, actor: str) -> None:
    """Record how it was made sure who asks, for all requests that came in together; a clock that stood still for it
    runs again. `ChoiceRefused` where that does not fit who asks.
    """
    with transaction(env.register) as register:
        same = [one.number for one in requests.together(register, number) if one.verified_by is None]
        locks.lock(register, [number, *same])
        require_fitting(requests.get(register, number), method)
        for each in (number, *same):
            request = requests.verified(register, env.keyring, each, method, actor)
            asking_person.answered(env, register, request, actor)


def require_fitting(request: Request, method: Verification) -> None:
    """`ChoiceRefused` where somebody who asks in this capacity is not verified so."""
    if fits(method, request.capacity):
        return
    if method is Verification.MANDATE:
        raise ChoiceRefused(
            f"{request.number} is by the person themselves, so there is no mandate. If somebody else asks, stop it and "
            f"register it anew with --as and the same day of receipt.",
            "De persoon vraagt dit zelf, dus er is geen machtiging. Vraagt er toch een ander? Stop dit verzoek en "
            "schrijf het opnieuw in, met dezelfde dag van ontvangst.",
        )
    raise ChoiceRefused(
        f"{request.number} is asked as {request.capacity}, for somebody else: what counts is their mandate. Once you "
        f"have seen it: avgflow request verify {request.number} --verified-by {Verification.MANDATE}",
        "Iemand vraagt dit voor een ander. Dan telt de machtiging. Kies dat u die gezien hebt.",
    )


def choose(env: Environment, number: str, picked: frozenset[int], actor: str) -> None:
    """Record which of the candidates (from 1) the person is; `ChoiceRefused` where that is not one of them."""
    with transaction(env.register) as register:
        people = identities.candidates(register, env.keyring, number)
        candidates.require_picked(number, people, picked)
        given = Start.given(requests.subject(register, env.keyring, number).identifiers)
        start = given.choosing(people, frozenset(index - 1 for index in picked))
        identities.put_choice(register, env.keyring, number, start.to_json(), sorted(picked), actor)


def accept_address(env: Environment, number: str, actor: str) -> None:
    """Record that a human accepts an e-mail address that no store knows for this person."""
    with transaction(env.register) as register:
        given = Start.given(requests.subject(register, env.keyring, number).identifiers)
        identities.put_choice(register, env.keyring, number, given.to_json(), [], actor)
