"""Why a request stands where it does, in Dutch: the register keeps one line of English, each of a few forms."""

from __future__ import annotations

import re
from collections.abc import Sequence

from avgflow.catalog.models import Text
from avgflow.handling.ways import WAYS
from avgflow.register.approvals import REFUSED

_FORMS: Sequence[tuple[str, str]] = (
    (r"Stopped by (?P<by>.+)\.", "Gestopt door {by}."),
    (
        re.escape(REFUSED),
        "Het plan is afgekeurd, en er is niets veranderd. Los op wat eraan niet klopte. Maak dan een nieuw plan.",
    ),
    (
        r"Task (?P<task>\S+) failed \((?P<fault>.+)\); .+",
        "De taak {task} is mislukt ({fault}). Het logboek van die taak zegt wat u kunt doen.",
    ),
    (r"(?P<first>AVG-\S+) of the same person goes first\.", "Eerst komt {first} aan de beurt, van dezelfde persoon."),
    (
        r"It came in with (?P<first>AVG-\S+); .+",
        "Dit kwam samen met {first} binnen. Wie dat verzoek controleert, controleert ook dit.",
    ),
    (
        r"Work on the stores begins on (?P<day>\S+) at (?P<hour>\S+); .+",
        "Het werk in de systemen begint op {day} om {hour}. Tot dan kan het verzoek ingetrokken worden.",
    ),
)

_UNFINISHED = re.compile(r"Not at its end: (?P<missing>.+)\.")
_MISSING: Sequence[tuple[str, str]] = (
    (r"the person is not verified", "de identiteit is niet vastgesteld"),
    (r"the plan is not approved", "het plan is niet goedgekeurd"),
    (r"the plan was refused by (?P<by>\S+)", "het plan is afgekeurd door {by}"),
    (r"correct what it rests on, then .+", "los op wat eraan niet klopte, en maak een nieuw plan"),
    (r"stopped by (?P<by>\S+)", "gestopt door {by}"),
    (r"no receipt of store (?P<store>\S+)", "geen ontvangstbewijs van {store}"),
    (
        r"task (?P<task>\S+) failed \((?P<fault>\S+) of store (?P<store>\S+)\)",
        "taak {task} is mislukt ({fault} van {store})",
    ),
    (r"task (?P<task>\S+) failed \((?P<fault>\S+)\)", "taak {task} is mislukt ({fault})"),
    (r"no answer went out", "er ging geen antwoord uit"),
    (r"the mail server has not accepted the answer", "de mailserver heeft het antwoord niet aanvaard"),
    *((re.escape(f"no {way.evidence.en}"), f"geen {way.evidence.nl}") for way in WAYS.values()),
    *((re.escape(f"the {way.check.en} did not pass"), f"de {way.check.nl} is niet geslaagd") for way in WAYS.values()),
)
"""What may be missing, as `handling.closing` says it."""


def reason(text: str | None) -> Text | None:
    """A request's reason in both languages; the English twice where it has none of these forms."""
    if not text:
        return None
    unfinished = _UNFINISHED.fullmatch(text)
    return Text(nl=(_unfinished(unfinished["missing"]) if unfinished else _dutch(_FORMS, text)) or text, en=text)


def _unfinished(missing: str) -> str:
    parts = [_dutch(_MISSING, part) for part in missing.split("; ")]
    if all(parts):
        return f"Het verzoek is niet af: {'; '.join(filter(None, parts))}."
    return "Het verzoek is niet af. De tijdlijn en de logboeken van de taken laten zien waarom."


def _dutch(forms: Sequence[tuple[str, str]], text: str) -> str | None:
    for form, dutch in forms:
        if found := re.fullmatch(form, text):
            return dutch.format(**found.groupdict())
    return None
