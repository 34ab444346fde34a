"""What the smoke test asks inside the container 'mailbox': `python - COMMAND …` with this file on standard input."""

from __future__ import annotations

import io
import json
import sys
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pyzipper

FOLDER = Path("/var/lib/avgflow/mailbox")


def mails(number: str, to: str) -> list[EmailMessage]:
    """What was delivered to somebody about a request; a double delivery is there twice."""
    read = (message_from_bytes(file.read_bytes(), policy=policy.SMTP) for file in sorted(FOLDER.glob("*.eml")))
    return [mail for mail in read if mail["Delivered-To"] == to and number in str(mail["Subject"])]


def delivered(number: str, to: str) -> None:
    """How many mails somebody got about a request."""
    print(len(mails(number, to)))


def rows(number: str, to: str, passphrase: str) -> None:
    """How many rows the encrypted package of the one mail holds."""
    [mail] = mails(number, to)
    attached = {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
    with pyzipper.AESZipFile(io.BytesIO(attached[f"inzage-{number}.zip"])) as package:
        package.setpassword(passphrase.encode())
        tables = [json.loads(package.read(name)) for name in package.namelist() if name.startswith("json/")]
    print(sum(len(table["rows"]) for table in tables))


def once() -> None:
    """Of all these requests each person got one letter; `/tmp/asked.json` has pairs of number and address.

    That an address was changed is told to the old one too, in a mail of its own.
    """
    asked = json.loads(Path("/tmp/asked.json").read_text())
    subjects: dict[str, list[str]] = {}
    for file in FOLDER.glob("*.eml"):
        mail = message_from_bytes(file.read_bytes(), policy=policy.SMTP)
        if "e-mailadres is veranderd" not in str(mail["Subject"]):
            subjects.setdefault(str(mail["Delivered-To"]), []).append(str(mail["Subject"]))
    wrong = [number for number, to in asked if sum(number in subject for subject in subjects.get(to, ())) != 1]
    assert wrong == [], wrong


if __name__ == "__main__":
    {"delivered": delivered, "rows": rows, "once": once}[sys.argv[1]](*sys.argv[2:])
