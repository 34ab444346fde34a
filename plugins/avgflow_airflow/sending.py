"""Sending the mails of the outbox through Airflow's connection to the mail server."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from avgflow.errors import AvgflowError
from avgflow.handling import answering
from avgflow.handling.environment import Environment
from avgflow.register.outbox import MailBusy
from avgflow_airflow import running
from avgflow_airflow.environment import send

log = structlog.get_logger("avgflow")


class MailRefused(AvgflowError):
    """The mail server refuses a mail for good."""

    def __init__(self, failure: str) -> None:
        super().__init__(
            f"The mail server refuses the answer for good ({failure}). Ask the person for another address and register "
            f"the request with it, or hand the answer over another way."
        )


_REFUSED_US = ("SMTPAuthenticationError", "SMTPConnectError", "SMTPHeloError")
"""The mail server will have nothing of us, whatever the mail: that is mended there or in the connection, and passes."""


def deliver(env: Environment, number: str, message_id: str) -> None:
    """Send a mail of the outbox; `MailServerUnavailable` is worth another try, `MailRefused` is not."""
    delivery = answering.deliver(env, message_id, lambda message, recipient: send(env, message, recipient))
    if not delivery.accepted:
        kind, _, code = (delivery.failure or "").partition(" ")
        if code.startswith("5") and kind not in _REFUSED_US:
            raise MailRefused(str(delivery.failure))
        raise running.MailServerUnavailable(delivery.failure)
    log.info(
        "Mail aanvaard door de mailserver / mail accepted by the mail server",
        request=number,
        attempts=delivery.attempts,
    )


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
            log.error("Mail geweigerd / mail refused", request=number)
        except (running.MailServerUnavailable, MailBusy) as fault:
            passing.append(fault)
    if passing:
        raise passing[0]
    if mails and mails[0] in refused:
        raise refused[mails[0]]
    return list(refused)
