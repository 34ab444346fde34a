"""How the last day of a request's answer was counted, step by step, in words: what an auditor can do over by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from avgflow import terms
from avgflow.catalog.models import Text
from avgflow.register.clock import Clock
from avgflow.templating import long_date
from avgflow.terms import Calendar, Hold

_DAYS = {
    "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


@dataclass(frozen=True)
class Deadline:
    """`due`: as the register has it; `counted`: as it comes out here, by the policy's calendar of today.

    `answered`: the day on which the answer went out. `days_used`: from receipt until then (or until today), less
    `days_paused`, on which the clock stood still.
    """

    received: date
    due: date
    counted: date
    extended: bool
    answered: date | None
    days_used: int
    days_paused: int
    late: bool
    steps: tuple[Text, ...]


def deadline(
    received: date, due: date, clock: Clock, calendar: Calendar, answered: date | None, today: date
) -> Deadline:
    """The deadline of a request with its calculation; `today` counts while there is no answer."""
    holds = clock.pauses(answered or today)
    steps, counted = _first_month(received, holds, calendar)
    if clock.extended:
        more, counted = _extension(received, holds, calendar)
        steps += more
    if clock.asked is not None and answered is None:
        steps.append(
            Text(
                nl=f"De termijn staat stil sinds {_day(clock.asked, 'nl')}: een vraag aan de persoon is nog niet "
                f"beantwoord. Hierboven telt dat alsof het antwoord vandaag komt.",
                en=f"The clock stands still since {_day(clock.asked, 'en')}: a question to the person is not answered "
                f"yet. Above this counts as if the answer comes today.",
            )
        )
    if counted != due and (clock.asked is None or answered is not None):
        steps.append(
            Text(
                nl=f"Let op: op het register staat {_day(due, 'nl')}. Dat is een andere dag dan deze berekening geeft. "
                f"De kalender in het beleid kan sindsdien veranderd zijn.",
                en=f"Note: the register has {_day(due, 'en')}, which is another day than this calculation gives. The "
                f"calendar in the policy may have changed since.",
            )
        )
    end = answered or today
    # The day on the register counts: by it everybody went.
    late = end > due and (answered is not None or clock.asked is None)
    steps.append(_end(answered, due, late))
    paused = sum(hold.days for hold in terms.pauses(holds) if hold.asked <= end)
    used = max((end - received).days - paused, 0)
    return Deadline(received, due, counted, clock.extended, answered, used, paused, late, tuple(steps))


def _first_month(received: date, holds: tuple[Hold, ...], calendar: Calendar) -> tuple[list[Text], date]:
    month = terms.add_months(received, terms.TERM_MONTHS)
    steps = [
        Text(
            nl=f"Ontvangen op {_day(received, 'nl')}. Die dag telt niet mee (Verordening 1182/71, artikel 3 lid 1).",
            en=f"Received on {_day(received, 'en')}. That day does not count (Regulation 1182/71, article 3(1)).",
        ),
        Text(
            nl=f"Het antwoord moet er binnen één maand zijn (artikel 12 lid 3 AVG): {_day(month, 'nl')}."
            + _short(received, month, "nl"),
            en=f"The answer is due within one month (article 12(3) GDPR): {_day(month, 'en')}."
            + _short(received, month, "en"),
        ),
    ]
    end = _paused(steps, month, holds)
    return steps, _rolled(steps, end, calendar)


def _extension(received: date, holds: tuple[Hold, ...], calendar: Calendar) -> tuple[list[Text], date]:
    in_steps = calendar.extension == "in-steps"
    months = terms.EXTENDED_MONTHS - terms.TERM_MONTHS
    first = terms.add_months(received, terms.TERM_MONTHS)
    end = terms.add_months(first, months) if in_steps else terms.add_months(received, terms.EXTENDED_MONTHS)
    nl, en = (
        ("twee maanden na het einde van de eerste maand", "two months after the end of the first month")
        if in_steps
        else ("drie maanden na de ontvangst", "three months after receipt")
    )
    steps = [
        Text(
            nl=f"De termijn is met twee maanden verlengd (artikel 12 lid 3 AVG), geteld als {nl}: {_day(end, 'nl')}.",
            en=f"The term was extended by two months (article 12(3) GDPR), counted as {en}: {_day(end, 'en')}.",
        )
    ]
    end = _paused(steps, end, holds)
    return steps, _rolled(steps, end, calendar)


def _paused(steps: list[Text], end: date, holds: tuple[Hold, ...]) -> date:
    for hold in terms.pauses(holds):
        if not hold.days:
            continue
        end, shifted = terms.paused(end, [hold]), end
        between = {name: (_day(hold.asked, name), _day(hold.answered, name)) for name in _DAYS}
        if end == shifted:
            steps.append(
                Text(
                    nl=f"Een vraag aan de persoon van {between['nl'][0]} telt niet: de termijn was al voorbij.",
                    en=f"A question to the person of {between['en'][0]} does not count: the term had run out by then.",
                )
            )
            continue
        nl, en = ("dag", "day") if hold.days == 1 else ("dagen", "days")
        steps.append(
            Text(
                nl=f"De termijn stond {hold.days} {nl} stil: gevraagd op {between['nl'][0]}, antwoord op "
                f"{between['nl'][1]}. De termijn eindigt daardoor op {_day(end, 'nl')}.",
                en=f"The clock stood still for {hold.days} {en}: asked on {between['en'][0]}, answered on "
                f"{between['en'][1]}. So the term ends on {_day(end, 'en')}.",
            )
        )
    return end


def _rolled(steps: list[Text], end: date, calendar: Calendar) -> date:
    working = terms.roll(end, calendar)
    if working == end:
        steps.append(Text(nl="Dat is een werkdag.", en="That is a working day."))
        return end
    nl, en = _why_not(end, calendar)
    steps.append(
        Text(
            nl=f"Dat is {nl}. De termijn loopt dan door tot en met de eerstvolgende werkdag (Verordening 1182/71, "
            f"artikel 3 lid 4): {_day(working, 'nl')}.",
            en=f"That is {en}. The term then ends with the next working day (Regulation 1182/71, article 3(4)): "
            f"{_day(working, 'en')}.",
        )
    )
    return working


def _why_not(day: date, calendar: Calendar) -> tuple[str, str]:
    """Why a day is no working day."""
    if name := calendar.holiday(day):
        return f"een feestdag ({name})", f"a public holiday ({name})"
    return f"een {_DAYS['nl'][day.weekday()]}", f"a {_DAYS['en'][day.weekday()]}"


def _short(received: date, month: date, language: str) -> str:
    if month.day == received.day:
        return ""
    if language == "nl":
        return f" Die maand heeft geen dag {received.day}, dus telt de laatste dag (artikel 3 lid 2)."
    return f" That month has no day {received.day}, so its last day counts (article 3(2))."


def _end(answered: date | None, due: date, late: bool) -> Text:
    if answered is None:
        nl, en = ("De termijn is voorbij.", "The term has run out.") if late else ("", "")
        return Text(nl=f"Er is nog geen antwoord verstuurd. {nl}".strip(), en=f"No answer was sent yet. {en}".strip())
    if not late:
        return Text(
            nl=f"Het antwoord ging de deur uit op {_day(answered, 'nl')}: op tijd.",
            en=f"The answer went out on {_day(answered, 'en')}: in time.",
        )
    days = (answered - due).days
    nl, en = ("dag", "day") if days == 1 else ("dagen", "days")
    return Text(
        nl=f"Het antwoord ging de deur uit op {_day(answered, 'nl')}: {days} {nl} te laat.",
        en=f"The answer went out on {_day(answered, 'en')}: {days} {en} late.",
    )


def _day(day: date, language: str) -> str:
    return f"{_DAYS[language][day.weekday()]} {long_date(day, language)}"
