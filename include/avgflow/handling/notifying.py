"""Telling recipients what was done with data that they may have (AVG art. 19): by mail, or by a human."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from avgflow import letters
from avgflow.catalog.models import Text
from avgflow.handling import suppressing
from avgflow.handling.environment import Environment
from avgflow.plan import Plan
from avgflow.policy.models import Recipient
from avgflow.register import notices, outbox
from avgflow.register.events import SYSTEM
from avgflow.register.notices import Told

RECIPIENT = "recipient"
"""The kind of a mail to a recipient; its id is behind it, and what it is told where that is no erasure."""


def notify(
    env: Environment,
    register: Connection,
    plan: Plan,
    told: Told,
    recipients: Sequence[Recipient],
    titles: Sequence[Text],
    corrected: Sequence[tuple[Text, str]] = (),
) -> Sequence[Recipient]:
    """A mail to each recipient that has an address; the others are returned, for a human to tell. All are on record, to
    be confirmed.

    `titles`: the kinds of data that it concerns, of which each recipient is told those that it may have. `corrected`:
    the right values, each with what it is called.
    """
    own = suppressing.own(plan)
    for recipient in recipients:
        message_id = None
        if recipient.email is not None:
            got = {env.policy.classes[name].title for name in recipient.classes}
            mail = letters.recipient_mail(
                plan.number,
                env.policy,
                recipient,
                [title for title in titles if title in got],
                own,
                templates=env.templates,
                told=told,
                corrected=corrected,
            )
            more = "" if told is Told.ERASED else f":{told}"
            kind = f"{RECIPIENT}:{recipient.id}{more}"
            message_id = outbox.enqueue(register, env.keyring, plan.number, kind, recipient.email, mail)
        notices.put_notice(register, env.keyring, plan.number, recipient.id, told, message_id, SYSTEM)
    return [recipient for recipient in recipients if recipient.email is None]
