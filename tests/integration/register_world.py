"""Small factories for tests of the register: a person with canaries for a name, and her request."""

from __future__ import annotations

from datetime import date
from email.message import EmailMessage

from sqlalchemy import Connection

from avgflow.crypto import Keyring
from avgflow.intake import Intake, parse
from avgflow.register import requests

CANARY = {
    "email": "Kanarie.Vogel@volière-testbedrijf.nl",
    "name": "Kanariana van der Vogelzang",
    "customer_number": "KANARIE-730154",
    "phone": "+31 6 73015499",
}
"""Values that stand nowhere else, so that finding one means that it leaked."""

RECEIVED = date(2026, 3, 5)
DUE = date(2026, 4, 7)
EXTENDED_DUE = date(2026, 6, 5)


def an_intake(**changes: object) -> Intake:
    """An access request by the canary person, verified, with any field changed."""
    given = {"right": "access", "received": RECEIVED, "verified_by": "portal-login", **CANARY, **changes}
    return parse(**given)  # type: ignore[arg-type]


def a_request(conn: Connection, keyring: Keyring, **changes: object) -> requests.Request:
    """That request, registered."""
    return requests.register_request(conn, keyring, an_intake(**changes), DUE, EXTENDED_DUE, actor="officer")


def a_message(subject: str = "Uw inzageverzoek AVG-2026-00001") -> EmailMessage:
    """A mail with an attachment, to the canary person."""
    message = EmailMessage()
    message["From"] = "Privacy <privacy@milgro.nl>"
    message["To"] = "kanarie@example.nl"
    message["Subject"] = subject
    message.set_content(f"Geachte {CANARY['name']},\n\nHierbij uw gegevens. Straße, café, €.\n")
    message.add_attachment(bytes(range(256)) * 8, maintype="application", subtype="pdf", filename="gegevens.pdf")
    return message
