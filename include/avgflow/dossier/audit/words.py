"""What the codes of the register mean to an auditor, in Dutch and English."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from avgflow.capacity import Capacity
from avgflow.catalog.models import Text
from avgflow.dossier.evidence import TITLES
from avgflow.intake import RestrictionGround, Right, Scope, Verification
from avgflow.register.notices import Told
from avgflow.register.receipts import Step
from avgflow.register.requests import Outcome, Status

NAMES: Mapping[Right, Text] = {
    Right.ACCESS: Text(nl="Inzage", en="Access"),
    Right.RECTIFICATION: Text(nl="Rectificatie", en="Rectification"),
    Right.ERASURE: Text(nl="Wissen", en="Erasure"),
    Right.RESTRICTION: Text(nl="Beperking", en="Restriction"),
    Right.PORTABILITY: Text(nl="Overdracht", en="Portability"),
    Right.OBJECTION: Text(nl="Bezwaar", en="Objection"),
}
"""What a right is called to those who work with it; a letter to the person has plainer words (`procedure_letters`)."""

ARTICLES: Mapping[str, str] = {
    Right.ACCESS: "15",
    Right.RECTIFICATION: "16",
    Right.ERASURE: "17",
    Right.RESTRICTION: "18",
    Right.PORTABILITY: "20",
    Right.OBJECTION: "21",
}
"""Of the AVG, by right."""

RIGHTS: Mapping[str, Text] = {
    right: Text(nl=f"{name.nl} (artikel {ARTICLES[right]} AVG)", en=f"{name.en} (article {ARTICLES[right]} GDPR)")
    for right, name in NAMES.items()
}
"""The names with the article, where there is room."""

SCOPES: Mapping[str, Text] = {
    Scope.MARKETING: Text(nl="marketing (artikel 21 lid 2)", en="marketing (article 21(2))"),
    Scope.SURVEYS: Text(nl="klantonderzoek", en="surveys"),
    Scope.COOKIES: Text(nl="cookies (artikel 7 lid 3)", en="cookies (article 7(3))"),
    Scope.ALL: Text(nl="alle verwerking (artikel 21 lid 1)", en="all processing (article 21(1))"),
}

GROUNDS: Mapping[str, Text] = {
    RestrictionGround.ACCURACY: Text(nl="juistheid betwist (lid 1 onder a)", en="accuracy contested (1)(a)"),
    RestrictionGround.UNLAWFUL: Text(nl="onrechtmatig gebruik (lid 1 onder b)", en="unlawful use (1)(b)"),
    RestrictionGround.CLAIMS: Text(nl="nodig voor een vordering (lid 1 onder c)", en="needed for a claim (1)(c)"),
    RestrictionGround.OBJECTION: Text(nl="bezwaar loopt (lid 1 onder d)", en="objection pending (1)(d)"),
}

CAPACITIES: Mapping[str, Text] = {
    Capacity.SELF: Text(nl="de persoon zelf", en="the person"),
    Capacity.REPRESENTATIVE: Text(nl="gemachtigde", en="representative"),
    Capacity.LAWYER: Text(nl="advocaat", en="lawyer"),
    Capacity.PARENT: Text(nl="ouder", en="parent"),
    Capacity.GUARDIAN: Text(nl="voogd, curator of bewindvoerder", en="guardian"),
    Capacity.EMPLOYER: Text(nl="werkgever", en="employer"),
    Capacity.HEIR: Text(nl="erfgenaam", en="heir"),
    Capacity.ORGANISATION: Text(nl="organisatie", en="organisation"),
}

STATUSES: Mapping[str, Text] = {
    Status.REGISTERED: Text(nl="ingeschreven", en="registered"),
    Status.RUNNING: Text(nl="in behandeling", en="at work"),
    Status.WAITING: Text(nl="wacht", en="waiting"),
    Status.STOPPED: Text(nl="gestopt", en="stopped"),
    Status.CLOSED: Text(nl="afgesloten", en="closed"),
}

OUTCOMES: Mapping[str, Text] = {
    Outcome.FULFILLED: Text(nl="ingewilligd", en="fulfilled"),
    Outcome.PARTLY_FULFILLED: Text(nl="deels ingewilligd", en="partly fulfilled"),
    Outcome.REFUSED: Text(nl="afgewezen", en="refused"),
    Outcome.NOTHING_FOUND: Text(nl="geen gegevens gevonden", en="nothing found"),
    Outcome.OUTSIDE_AVG: Text(nl="valt niet onder de AVG", en="outside the GDPR"),
    Outcome.WITHDRAWN: Text(nl="ingetrokken", en="withdrawn"),
}

METHODS: Mapping[str, Text] = {
    Verification.PORTAL_LOGIN: Text(nl="ingelogd op het klantenportaal", en="portal login"),
    Verification.KNOWN_EMAIL: Text(nl="via een bekend e-mailadres", en="by a known e-mail address"),
    Verification.PHONE_CALLBACK: Text(nl="teruggebeld op een bekend nummer", en="called back on a known number"),
    Verification.IN_PERSON: Text(nl="in persoon", en="in person"),
    Verification.MANDATE: Text(nl="machtiging gezien", en="mandate seen"),
}

STEPS: Mapping[str, Text] = {
    Step.COLLECT: Text(nl="verzameld", en="collected"),
    Step.ERASE: Text(nl="gewist", en="erased"),
    Step.STOP: Text(nl="gestopt", en="stopped"),
    Step.CORRECT: Text(nl="verbeterd", en="corrected"),
    Step.RESTRICT: Text(nl="beperkt", en="restricted"),
    Step.HAND_OVER: Text(nl="overhandigd", en="handed over"),
}

ACTIONS: Mapping[str, Text] = {
    "collect": Text(nl="verzamelen", en="collect"),
    "leave out": Text(nl="niet verzamelen", en="leave out"),
    "hand over": Text(nl="meegeven", en="hand over"),
    "withhold": Text(nl="niet meegeven", en="withhold"),
    "delete": Text(nl="wissen", en="delete"),
    "anonymise": Text(nl="leegmaken", en="anonymise"),
    "keep": Text(nl="bewaren", en="keep"),
    "unlink": Text(nl="verwijzing leegmaken", en="unlink"),
    "refresh": Text(nl="overzicht opnieuw maken", en="refresh"),
    "follow": Text(nl="volgt de tabellen", en="follows its tables"),
    "set": Text(nl="markeren", en="mark"),
    "stop": Text(nl="niet meer gebruiken", en="use no more"),
    "weigh": Text(nl="afwegen", en="weigh"),
    "continue": Text(nl="blijven gebruiken", en="go on using"),
    "restrict": Text(nl="markeren als beperkt", en="mark as restricted"),
    "list": Text(nl="beperkt volgens het register", en="restricted by the register"),
    "lift": Text(nl="beperking opheffen", en="lift the restriction"),
    "correct": Text(nl="verbeteren", en="correct"),
    "annotate": Text(nl="aantekening maken", en="annotate"),
    "same": Text(nl="klopt al", en="right already"),
    "differs": Text(nl="wijkt af, blijft staan", en="differs, stays"),
}
"""What a plan does, by `avgflow.plan.Action`."""
_KEPT_IN_PART = Text(nl="bewaren, deels leegmaken", en="keep, empty in part")

TOLD: Mapping[str, Text] = {
    Told.ERASED: Text(nl="gewist", en="erased"),
    Told.CORRECTED: Text(nl="verbeterd", en="corrected"),
    Told.RESTRICTED: Text(nl="beperkt", en="restricted"),
    Told.LIFTED: Text(nl="beperking opgeheven", en="restriction lifted"),
}

MAILS: Mapping[str, Text] = {
    "answer": Text(nl="antwoord", en="answer"),
    "code": Text(nl="eenmalige code", en="one-time code"),
    "controller": Text(nl="gegevens voor een ander bedrijf", en="data for another company"),
    "extended": Text(nl="bericht van verlenging", en="notice of extension"),
    "lifting": Text(nl="bericht dat de beperking eindigt", en="notice that the restriction ends"),
    "recipient": Text(nl="bericht aan een ontvanger", en="notice to a recipient"),
    "proposed": Text(
        nl="voorstel aan de privacy officer om af te wijzen", en="proposal to the privacy officer to decline"
    ),
    "waiting": Text(nl="vraag aan de privacy officer", en="question to the privacy officer"),
    "stopped": Text(nl="melding aan de privacy officer", en="message to the privacy officer"),
    "loose-ends": Text(nl="taken voor de privacy officer", en="tasks for the privacy officer"),
    "withdrawn": Text(nl="bevestiging van intrekking", en="confirmation of withdrawal"),
    "passphrase": Text(nl="vraag om de wachtzin door te geven", en="request to tell the passphrase"),
}
"""By the first word of a mail's kind; other kinds stand as they are."""

WAITING: Mapping[str, Text] = {
    "verification": Text(nl="controle van de identiteit", en="verification"),
    "mandate": Text(nl="de machtiging", en="the mandate"),
    "decline": Text(nl="besluit om af te wijzen", en="decision to decline"),
    "choice-of-person": Text(nl="keuze van de persoon", en="choice of person"),
    "unknown-address": Text(nl="oordeel over het adres", en="a word on the address"),
    "handover": Text(nl="overhandiging", en="handover"),
    "approval": Text(nl="goedkeuring van het plan", en="approval of the plan"),
    "weighing": Text(nl="afweging van het bezwaar", en="weighing of the objection"),
    "refusal": Text(nl="akkoord met de weigering", en="agreement to the refusal"),
    "earlier-request": Text(nl="een eerder verzoek", en="an earlier request"),
    "verification-of-first": Text(nl="controle bij het eerste verzoek", en="verification of the first request"),
    "cooling-off": Text(nl="bedenktijd", en="cooling-off time"),
}
"""What a request waits for, in a list of facts."""

STATES: Mapping[str, Text] = {
    "success": Text(nl="geslaagd", en="success"),
    "failed": Text(nl="mislukt", en="failed"),
    "running": Text(nl="bezig", en="running"),
    "queued": Text(nl="wacht op een plek", en="queued"),
    "skipped": Text(nl="overgeslagen", en="skipped"),
    "upstream_failed": Text(nl="niet gedaan: een eerdere taak mislukte", en="not done: an earlier task failed"),
    "up_for_retry": Text(nl="mislukt, wordt opnieuw geprobeerd", en="failed, is tried again"),
    "awaiting_input": Text(nl="wacht op een mens", en="waits for a human"),
    "deferred": Text(nl="wacht op een tijdstip", en="waits for a moment"),
}
"""Of runs and tasks in Airflow."""

KEYS: Mapping[str, Text] = {
    "addresses": Text(nl="adressen", en="addresses"),
    "aware": Text(nl="bekend sinds", en="aware"),
    "again": Text(nl="verder met", en="goes on with"),
    "anonymise": Text(nl="leeggemaakt", en="emptied"),
    "annotations": Text(nl="aantekeningen", en="annotations"),
    "answered": Text(nl="beantwoord", en="answered"),
    "asked": Text(nl="gevraagd", en="asked"),
    "asks": Text(nl="redenen om te vragen", en="reasons to ask"),
    "at_once": Text(nl="in één keer geteld", en="counted at once"),
    "attempt": Text(nl="poging", en="attempt"),
    "before": Text(nl="eerst", en="before"),
    "by": Text(nl="door", en="by"),
    "bytes": Text(nl="bytes", en="bytes"),
    "candidates": Text(nl="mogelijke personen", en="possible persons"),
    "capacity": Text(nl="hoedanigheid", en="capacity"),
    "cells": Text(nl="waarden", en="values"),
    "channel": Text(nl="kanaal", en="channel"),
    "class": Text(nl="klasse", en="class"),
    "classes": Text(nl="klassen", en="classes"),
    "code": Text(nl="code", en="code"),
    "column": Text(nl="kolom", en="column"),
    "counted_deleted": Text(nl="door de database geteld: gewist", en="counted by the database: deleted"),
    "counted_inserted": Text(nl="door de database geteld: erbij", en="counted by the database: inserted"),
    "counted_updated": Text(nl="door de database geteld: veranderd", en="counted by the database: updated"),
    "day": Text(nl="dag", en="day"),
    "days": Text(nl="dagen", en="days"),
    "delete": Text(nl="gewist", en="deleted"),
    "digest": Text(nl="controlegetal", en="digest"),
    "document": Text(nl="bewijsstuk", en="document"),
    "due": Text(nl="uiterste dag", en="due"),
    "earlier": Text(nl="eerder", en="earlier"),
    "equated_days": Text(nl="gelijkgestelde dagen tellen", en="equated days count"),
    "erased": Text(nl="gewist of leeggemaakt", en="erased"),
    "error": Text(nl="fout", en="fault"),
    "extended_due": Text(nl="uiterste dag na verlenging", en="due when extended"),
    "extension": Text(nl="verlenging", en="extension"),
    "failure": Text(nl="fout", en="failure"),
    "files": Text(nl="bestanden", en="files"),
    "good_friday": Text(nl="Goede Vrijdag telt als feestdag", en="Good Friday is a holiday"),
    "ground": Text(nl="grond", en="ground"),
    "identifiers": Text(nl="kenmerken", en="identifiers"),
    "in_steps": Text(nl="in twee stappen geteld", en="counted in steps"),
    "keep": Text(nl="bewaard", en="kept"),
    "kept": Text(nl="bewaard", en="kept"),
    "kind": Text(nl="soort", en="kind"),
    "late": Text(nl="te laat", en="late"),
    "left": Text(nl="nog over", en="left"),
    "manifest": Text(nl="controlegetal van de inhoud", en="digest of the contents"),
    "method": Text(nl="manier", en="method"),
    "note": Text(nl="toelichting", en="note"),
    "on": Text(nl="op", en="on"),
    "outcome": Text(nl="uitkomst", en="outcome"),
    "parts": Text(nl="delen", en="parts"),
    "people_rows": Text(nl="rijen van personen", en="person rows"),
    "planned": Text(nl="vooraf geteld", en="counted beforehand"),
    "proposed_by": Text(nl="voorgesteld door", en="proposed by"),
    "reason": Text(nl="reden", en="reason"),
    "receipts": Text(nl="ontvangstbewijzen", en="receipts"),
    "received": Text(nl="ontvangen", en="received"),
    "recipient": Text(nl="ontvanger", en="recipient"),
    "right": Text(nl="recht", en="right"),
    "rows": Text(nl="rijen", en="rows"),
    "safe": Text(nl="veilige dag", en="safe day"),
    "scope": Text(nl="waartegen", en="scope"),
    "step": Text(nl="stap", en="step"),
    "store": Text(nl="systeem", en="store"),
    "table": Text(nl="tabel", en="table"),
    "tables": Text(nl="tabellen", en="tables"),
    "together": Text(nl="samen met", en="together with"),
    "told": Text(nl="verteld", en="told"),
    "until": Text(nl="tot", en="until"),
    "unsettled": Text(nl="eerdere poging zonder bekend einde", en="an earlier attempt has no known end"),
    "waiting_for": Text(nl="wacht op", en="waits for"),
    "what": Text(nl="wat", en="what"),
}
"""The keys of events' details; another stands as it is."""

_CODES: Mapping[str, Mapping[str, Text]] = {
    "right": RIGHTS,
    "scope": SCOPES,
    "outcome": OUTCOMES,
    "method": METHODS,
    "told": TOLD,
    "waiting_for": WAITING,
    "again": {
        "step": Text(nl="wat mislukte", en="what failed"),
        "plan": Text(nl="een nieuw plan", en="a new plan"),
    },
}


def of(words: Mapping[str, Text], code: str) -> Text:
    """What a code means; a code that is not on the list stands as it is."""
    return words.get(code) or Text(nl=code, en=code)


def action(code: str, columns: Collection[str]) -> Text:
    """What a step of a plan does; a row that is kept less some `columns` is not kept as it is."""
    return _KEPT_IN_PART if code == "keep" and columns else of(ACTIONS, code)


def mail(kind: str) -> Text:
    """What a mail of this kind is, with its occasion (`recipient:ict-supplier`)."""
    first, _, rest = kind.partition(":")
    known = of(MAILS, first)
    if first == "waiting" and (asked := WAITING.get(rest.partition(":")[0])):
        return Text(nl=f"{known.nl}: {asked.nl}", en=f"{known.en}: {asked.en}")
    return Text(nl=f"{known.nl}: {rest}", en=f"{known.en}: {rest}") if rest else known


def detail(facts: Mapping[str, Any]) -> list[tuple[Text, Text]]:
    """The facts of an event as pairs of words, in the order of their keys; long digests are cut, the JSON has them."""
    return [(of(KEYS, key), _value(key, value)) for key, value in sorted(facts.items())]


def _value(key: str, value: Any) -> Text:
    match value:
        case bool():
            return Text(nl="ja" if value else "nee", en="yes" if value else "no")
        case None:
            return Text(nl="–", en="–")
        case list():
            joined = ", ".join(map(str, value)) or "–"
            return Text(nl=joined, en=joined)
        case str() if key in _CODES:
            return of(_CODES[key], value)
        case str() if key == "kind":
            return TITLES.get(value) or mail(value)
    text = str(value) or "–"
    if key in ("digest", "manifest"):
        text = f"{text[:12]}…"
    return Text(nl=text, en=text)
