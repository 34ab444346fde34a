"""Sending the mails of the outbox through Airflow's connection to the mail server."""

from __future__ import annotations

from collections.abc import Sequence

from avgflow.errors import AvgflowError
from avgflow.handling import answering, coding, notifying
from avgflow.handling.environment import Environment
from avgflow.handling.watching import Watched
from avgflow.register.outbox import MailBusy
from avgflow_airflow import running
from avgflow_airflow.environment import send
from avgflow_airflow.tasklog import Line, say


class MailRefused(AvgflowError):
    """The mail server refuses a mail for good."""

    def __init__(self, failure: str) -> None:
        super().__init__(
            f"The mail server refuses the answer for good ({failure}). Ask the person for another address and register "
            f"the request with it, or hand the answer over another way."
        )
        self.failure = failure


class LinkExpired(AvgflowError):
    """The mail server took a mail so late that the links in it have ended; it is not sent any more."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"The links in the answer of {number} ended before the mail server took the mail, so it is not sent. Its "
            f"files and passphrase are there still: hand them over another way, or register the request anew."
        )


_REFUSED_US = ("SMTPAuthenticationError", "SMTPConnectError", "SMTPHeloError")
"""The mail server will have nothing of us, whatever the mail: that is mended there or in the connection, and passes."""


def deliver(env: Environment, number: str, message_id: str) -> None:
    """Send a mail of the outbox; `MailServerUnavailable` is worth another try, `MailRefused` is not."""
    delivery = answering.deliver(env, message_id, lambda message, recipient: send(env, message, recipient))
    if not delivery.accepted:
        kind, _, code = (delivery.failure or "").partition(" ")
        if kind == "LinkExpired":
            raise LinkExpired(number)
        if code.startswith("5") and kind not in _REFUSED_US:
            raise MailRefused(str(delivery.failure))
        raise running.MailServerUnavailable(delivery.failure, _why(kind))
    say(Line.MAIL_ACCEPTED, request=number, attempts=delivery.attempts)
    coding.settle(env, message_id)


def _why(kind: str) -> str | None:
    # Here, because reading a DAG must not load Airflow's hooks.
    from avgflow_airflow.mail_server import FAULTS

    return FAULTS.get(kind)


def deliver_all(env: Environment, number: str, mails: Sequence[str]) -> list[str]:
    """Send the mails of a request, the person's first; one that is not accepted does not keep the others from going.

    Returns those of the others that the mail server refuses for good. A fault that may pass is raised after all were
    tried, and `MailRefused` where it is the person's.
    """
    refused: dict[str, MailRefused] = {}
    passing: list[AvgflowError] = []
    for message_id in mails:
        try:
            deliver(env, number, message_id)
        except MailRefused as fault:
            refused[message_id] = fault
            say(Line.MAIL_REFUSED, request=number)
        except (running.MailServerUnavailable, MailBusy) as fault:
            passing.append(fault)
    if passing:
        raise passing[0]
    if mails and mails[0] in refused:
        raise refused[mails[0]]
    return list(refused)


def send_beside(env: Environment, number: str, mails: Sequence[str]) -> None:
    """Send mails of a request of which none is the person's: to recipients, and to the privacy officer about those
    whose mail server refuses for good. A fault that may pass is raised after all were tried.
    """
    refused: list[str] = []
    passing: list[AvgflowError] = []
    for message_id in mails:
        try:
            deliver(env, number, message_id)
        except MailRefused:
            refused.append(message_id)
            say(Line.MAIL_REFUSED, request=number)
        except (running.MailServerUnavailable, MailBusy) as fault:
            passing.append(fault)
    if passing:
        raise passing[0]
    if refused:
        deliver_all(env, number, notifying.tell_by_hand(env, number, refused))


class NobodyTold(AvgflowError):
    """The mail server refuses for good what the privacy officer has to know."""

    def __init__(self, failure: str) -> None:
        super().__init__(
            f"The mail server refuses a mail to the privacy officer for good ({failure}). Correct officer_mailbox or "
            f"escalation_mailbox in the policy; `avgflow deadlines` and `avgflow retention show` show what it says."
        )


def tell_officer(env: Environment, about: str, message_id: str) -> None:
    """Send a mail to the privacy officer; `NobodyTold`, or a fault that may pass."""
    try:
        deliver(env, about, message_id)
    except MailRefused as fault:
        say(Line.MAIL_REFUSED, request=about)
        raise NobodyTold(fault.failure) from None


def send_watch(env: Environment, seen: Watched) -> None:
    """Send what the watch has to say, and try again what was stuck; one that is not accepted keeps no other from going.

    A letter that must be there by a day is worth another try like the watch's own mails; any other that is stuck is
    tried again tomorrow, and named.
    """
    passing: list[AvgflowError] = []
    refused: list[str] = []
    urgent = {mail.message_id for mail in seen.stuck if mail.urgent}
    numbers = {mail.message_id: mail.number for mail in seen.stuck}
    for message_id in (*seen.told, *numbers):
        about = numbers.get(message_id) or "deadline_watch"
        try:
            deliver(env, about, message_id)
        except MailRefused as fault:
            say(Line.MAIL_REFUSED, request=about)
            if message_id in seen.told:
                refused.append(fault.failure)
        except (running.MailServerUnavailable, MailBusy) as fault:
            say(Line.MAIL_FAILED, request=about, error=type(fault).__name__)
            if message_id in seen.told or message_id in urgent:
                passing.append(fault)
    if passing:
        raise passing[0]
    if refused:
        raise NobodyTold(refused[0])
