"""The mail to the privacy officer where a night's housekeeping is not done; once a day, and nothing of any person."""

from __future__ import annotations

from datetime import date
from email.message import EmailMessage

from avgflow.catalog.models import Text
from avgflow.dossier.content import Language
from avgflow.handling.environment import Environment
from avgflow.housekeeping.found import Part
from avgflow.housekeeping.record import NotDone
from avgflow.intake import day_in_amsterdam
from avgflow.mail import address, compose
from avgflow.policy.models import Policy
from avgflow.register import outbox
from avgflow.register.database import transaction
from avgflow.templating import Templates, long_date

_SUBJECT = Text(nl="De huishouding is niet af", en="The housekeeping is not done")
_PARTS = {
    Part.FILES: Text(nl="bestanden van verzoeken", en="files of requests"),
    Part.REGISTER: Text(nl="gegevens in het register", en="data on the register"),
    Part.AIRFLOW: Text(nl="oude runs en logboeken van Airflow", en="old runs and logs of Airflow"),
}


def tell(env: Environment, fault: NotDone, today: date | None = None) -> str:
    """Put a mail to the privacy officer in the outbox that says what was not done; the day's first stands."""
    day = today or day_in_amsterdam()
    message = mail(fault, day, env.policy, env.templates)
    with transaction(env.register) as register:
        kind = f"housekeeping:{day.isoformat()}"
        return outbox.enqueue(register, env.keyring, None, kind, env.policy.officer_mailbox, message)


def mail(fault: NotDone, day: date, policy: Policy, templates: Templates, language: Language = "nl") -> EmailMessage:
    """What was not done, by part, and what to do."""
    to = address(policy.officer_mailbox, "the privacy officer (officer_mailbox in the policy)")
    return compose(
        "housekeeping",
        _SUBJECT.in_(language),
        policy,
        language,
        to,
        templates,
        day=long_date(day, language),
        missing=[_PARTS[part].in_(language) for part in fault.missing],
        behind=[{"part": _PARTS[part].in_(language), "count": count} for part, count in fault.behind.items()],
    )
