"""Telling recipients what was done with data that they may have (AVG art. 19): by mail, or by a human."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from avgflow import letters
from avgflow.catalog.models import Text
from avgflow.handling import suppressing
from avgflow.handling.environment import Environment
from avgflow.plan import Plan
from avgflow.policy.recipients import Recipient
from avgflow.register import notices, outbox
from avgflow.register.database import transaction
from avgflow.register.events import SYSTEM
from avgflow.register.notices import Told

RECIPIENT = "recipient"
"""The kind of a mail to a recipient; its id is behind it, and what it is told where that is no erasure."""

LOOSE_ENDS = "loose-ends"
"""The kind of the mail to the privacy officer about what only a human can do."""


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
        classes = [name for name in recipient.classes if env.policy.classes[name].title in titles]
        if recipient.email is not None:
            got = {env.policy.classes[name].title for name in classes}
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
            kind = kind_of(told, recipient)
            message_id = outbox.enqueue(register, env.keyring, plan.number, kind, recipient.email, mail)
        notices.put_notice(register, env.keyring, plan.number, recipient.id, told, message_id, SYSTEM, classes)
    return [recipient for recipient in recipients if recipient.email is None]


def kind_of(told: Told, recipient: Recipient) -> str:
    """The kind of the mail to a recipient."""
    return f"{RECIPIENT}:{recipient.id}" if told is Told.ERASED else f"{RECIPIENT}:{recipient.id}:{told}"


def mails_of(env: Environment, register: Connection, number: str, told: Told) -> Sequence[str]:
    """The Message-IDs of what recipients were told, and of what the privacy officer has to tell them."""
    ours = {kind_of(told, one) for one in env.policy.recipients}
    officers = f"{LOOSE_ENDS}:{told}"
    mails = outbox.mails(register, number)
    return [mail.message_id for mail in mails if mail.kind in ours or mail.kind.startswith(officers)]


def leave_to_officer(
    env: Environment, register: Connection, number: str, told: Told, by_hand: Sequence[Recipient], occasion: str
) -> Sequence[str]:
    """A mail to the privacy officer about recipients to be told by hand; its Message-ID, if there are any."""
    if not by_hand:
        return []
    mail = letters.loose_ends_mail(number, env.policy, (), by_hand, templates=env.templates, told=told)
    kind = f"{LOOSE_ENDS}:{occasion}"
    return [outbox.enqueue(register, env.keyring, number, kind, env.policy.officer_mailbox, mail)]


def tell_by_hand(env: Environment, number: str, refused: Collection[str]) -> Sequence[str]:
    """Put a mail to the privacy officer in the outbox about recipients whose mail server refuses our mail for good."""
    made: list[str] = []
    with transaction(env.register) as register:
        kinds = {mail.kind for mail in outbox.mails(register, number) if mail.message_id in refused}
        for told in Told:
            by_hand = [one for one in env.policy.recipients if kind_of(told, one) in kinds]
            occasion = "refused" if told is Told.ERASED else f"{told}-refused"
            made += leave_to_officer(env, register, number, told, by_hand, occasion)
    return made
