"""What can be done with a request as it stands now: which forms its page has, and what is said when one was taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from avgflow.catalog.models import Text
from avgflow.handling.environment import Environment
from avgflow.handling.looking import Seen
from avgflow.handling.objected import to_weigh
from avgflow.handling.waiting import Waiting
from avgflow.handling.ways import WAYS
from avgflow.intake import RestrictionGround, Right, Verification, day_in_amsterdam, fits
from avgflow.policy.reasons import GROUNDS, DeclineReason
from avgflow.register.names import EventName
from avgflow.register.requests import Status
from avgflow.register.restrictions import REASONS, LiftReason
from avgflow.register.weighings import Refusal


@dataclass(frozen=True)
class Offered:
    """The forms that fit now. `methods`: the ways to verify who asks; `weigh`: the classes to weigh, by code; `lift`:
    the reasons for which the restriction of this request can end, `told`: that is still to be told to the person.
    """

    waiting: str
    methods: tuple[Verification, ...]
    weigh: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    declines: Mapping[DeclineReason, Text]
    start: bool
    stop: bool
    extend: bool
    withdraw: bool
    decline: bool
    again: bool
    resume: bool
    correct: bool
    lift: tuple[LiftReason, ...]
    told: bool
    today: str


def offered(env: Environment, seen: Seen) -> Offered:
    """What the request's state leaves room for; whether the visitor may is the template's to ask, and the route's."""
    one = seen.request
    open_ = one.status is not Status.CLOSED
    waiting = one.waiting_for or ""
    asks = waiting in set(Waiting)
    return Offered(
        waiting=waiting,
        methods=tuple(method for method in Verification if fits(method, one.capacity)),
        weigh=tuple(to_weigh(seen.plan)) if seen.plan and waiting == Waiting.WEIGHING else (),
        refusals=tuple(Refusal),
        declines={reason: grounds.summary for reason, grounds in GROUNDS.items()},
        start=one.status is Status.REGISTERED,
        stop=asks and waiting != Waiting.APPROVAL,
        extend=open_ and not seen.clock.extended and seen.deadline.answered is None,
        withdraw=open_ and WAYS[one.right].approved and not _begun(seen),
        decline=open_ and seen.proposal is None and not _answered(seen),
        again=seen.clock.asked is not None and one.verified_by is None,
        resume=one.status is Status.STOPPED,
        correct=one.right is Right.RECTIFICATION and open_ and not _begun(seen),
        lift=_reasons(seen),
        told=any(each.stands and each.lift_reason and each.told_at is None for each in seen.restrictions),
        today=day_in_amsterdam().isoformat(),
    )


def _reasons(seen: Seen) -> tuple[LiftReason, ...]:
    """Why the restriction of a request can end; none where none stands, or somebody said already that it ends."""
    standing_ = [each for each in seen.restrictions if each.stands and each.lift_reason is None]
    if not standing_ or seen.request.status not in (Status.CLOSED, Status.STOPPED):
        return ()
    return REASONS[RestrictionGround(standing_[0].ground)]


def _begun(seen: Seen) -> bool:
    begun = {EventName.ERASURE_BEGUN, EventName.RECTIFICATION_BEGUN}
    return any(event.name in begun for event in seen.history)


def _answered(seen: Seen) -> bool:
    ends = {EventName.ANSWER_MADE, EventName.STORE_ERASED, EventName.STORE_CORRECTED, EventName.STORE_STOPPED}
    return any(event.name in ends for event in seen.history)


_DONE: Mapping[str, Text] = {
    "registered": Text(
        nl="Het verzoek staat op het register, en de behandeling is gestart.",
        en="The request is on the register, and its run is started.",
    ),
    "not-started": Text(
        nl="Het verzoek staat op het register, maar Airflow startte de run niet. Start hem hieronder.",
        en="The request is on the register, but Airflow did not start its run. Start it below.",
    ),
    "started": Text(nl="De run is gestart.", en="The run is started."),
    "answered": Text(nl="Uw antwoord staat op het register.", en="Your answer is on the register."),
    "given": Text(
        nl="Uw antwoord is gegeven. Airflow is druk: kijk straks of het is opgepakt.",
        en="Your answer was given. Airflow is busy: look later whether it was taken up.",
    ),
    "code": Text(
        nl="De code wordt gemaild. De termijn staat stil vanaf de dag waarop de mailserver hem aanneemt.",
        en="The code is on its way. The term stands still from the day on which the mail server takes it.",
    ),
    "asked": Text(nl="Vastgelegd. De termijn staat stil.", en="On record. The term stands still."),
    "reminded": Text(nl="De herinnering is vastgelegd.", en="The reminder is on record."),
    "extended": Text(
        nl="De termijn is verlengd. De brief aan de persoon is onderweg.",
        en="The term is extended. The letter to the person is on its way.",
    ),
    "withdrawn": Text(
        nl="Het verzoek is ingetrokken. De persoon krijgt een bevestiging.",
        en="The request is withdrawn. The person gets a confirmation.",
    ),
    "proposed": Text(
        nl="Het voorstel om af te wijzen staat op het register. Een tweede privacy officer krijgt bericht.",
        en="The proposal to decline is on record. A second privacy officer is told.",
    ),
    "dropped": Text(nl="Het voorstel is van tafel.", en="The proposal is taken back."),
    "declined": Text(
        nl="De afwijzing is bevestigd. De persoon krijgt de brief.",
        en="The decline is confirmed. The person gets the letter.",
    ),
    "told": Text(nl="Vastgelegd dat de ontvanger is ingelicht.", en="On record that the recipient was told."),
    "confirmed": Text(nl="Vastgelegd dat de ontvanger heeft bevestigd.", en="On record that the recipient confirmed."),
    "taken-up": Text(
        nl="Het verzoek gaat verder. Ververs de pagina om te zien hoe ver het is.",
        en="The request goes on. Refresh the page to see how far it is.",
    ),
    "stated": Text(
        nl="Vastgelegd welke waarde fout is. Is het verzoek gestopt? Laat het dan verdergaan met een nieuw plan.",
        en="On record which value is wrong. If the request is stopped, have it go on with a new plan.",
    ),
    "ending": Text(
        nl="De persoon krijgt een brief. Zodra de mailserver die aanneemt, eindigt de beperking.",
        en="The person gets a letter. Once the mail server has taken it, the restriction ends.",
    ),
    "ending-told": Text(
        nl="Vastgelegd dat de persoon het weet. De beperking eindigt nu.",
        en="On record that the person knows. The restriction ends now.",
    ),
    "withholding-proposed": Text(
        nl="Het voorstel staat op het register. Het geldt pas als een ander het bevestigt.",
        en="The proposal is on record. It holds once somebody else confirms it.",
    ),
    "withholding-confirmed": Text(nl="Bevestigd. Deze rij geven wij nu niet.", en="Confirmed. The row is left out."),
    "withholding-released": Text(nl="Deze rij staat weer in elke kopie.", en="The row is in access copies again."),
    "unsuppressed": Text(nl="Het adres staat niet meer op de lijst.", en="The address is not on the list any more."),
    "breach-opened": Text(
        nl="Het datalek staat op het register. De 72 uur lopen, ook in het weekend. Vul aan wat u weet.",
        en="The breach is on record. The 72 hours run, weekends too. Add what you know.",
    ),
    "breach-recorded": Text(nl="Het datalek is aangevuld.", en="The breach is added to."),
    "breach-closed": Text(nl="Het datalek is afgesloten.", en="The breach is closed."),
    "sweep-started": Text(
        nl="Het opschonen is gestart. Over een ogenblik staat het hieronder.",
        en="The sweep is started. It stands below in a moment.",
    ),
    "placed": Text(nl="Het wisverbod is geplaatst.", en="The hold is placed."),
    "released": Text(
        nl="Het wisverbod is opgeheven. Verzoeken die erdoor stilstonden, worden opgepakt.",
        en="The hold is released. Requests that it had stopped are taken up.",
    ),
    "sweep-approved": Text(nl="Het opschonen is goedgekeurd.", en="The sweep is approved."),
    "sweep-refused": Text(
        nl="Het opschonen is afgekeurd. Er is niets veranderd.", en="The sweep is refused. Nothing was changed."
    ),
    "sweep-stopped": Text(
        nl="Het opschonen stopt voor de volgende stap. Wat weg is, is weg.",
        en="The sweep stops before its next step. What is gone is gone.",
    ),
}


def done(code: str) -> Text | None:
    """What to say after a form was taken; nothing for a word that is not on the list."""
    return _DONE.get(code)
