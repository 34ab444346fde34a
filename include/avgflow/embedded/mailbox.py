"""A mail server for this machine that keeps each accepted delivery as one file.

`python -m avgflow.embedded.mailbox FOLDER PORT [HOST]`. Nothing is passed on to anyone; a double delivery is a second
file, so that it is seen.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from avgflow.embedded.ports import HOST

LARGEST_MESSAGE = 64 * 1024 * 1024


class Folder:
    """The handler that `aiosmtpd` calls for each delivery."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Accept a message once it is safely on disk."""
        try:
            name = await asyncio.to_thread(
                keep, self.folder, envelope.mail_from or "", envelope.rcpt_tos, envelope.content or b""
            )
        except OSError:
            return "452 4.3.1 The mailbox cannot be written"
        return f"250 2.0.0 Kept as {name}"


def keep(folder: Path, sender: str, recipients: list[str], content: bytes | str) -> str:
    """Write one delivery as a new `.eml` file (0600) and give its name; names sort by time of arrival.

    The envelope is put before the message as a delivery agent does (Return-Path, Delivered-To).
    """
    body = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    envelope = [f"Return-Path: <{sender}>", *(f"Delivered-To: {recipient}" for recipient in recipients)]
    head = "".join(f"{line}\r\n" for line in envelope).encode("utf-8", "surrogateescape")
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{secrets.token_hex(4)}.eml"
    draft = folder / f".{name}.part"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(head + body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / name)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return name


async def serve(folder: Path, port: int, host: str = HOST) -> None:
    """Listen on one address until SIGTERM or SIGINT."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)

    def connection() -> SMTP:
        return SMTP(
            Folder(folder),
            hostname="localhost",
            ident="avgflow mailbox",
            enable_SMTPUTF8=True,
            data_size_limit=LARGEST_MESSAGE,
            loop=loop,
        )

    server = await loop.create_server(connection, host=host, port=port)
    await ended.wait()
    # Not `wait_closed`: it would wait for clients that keep their connection open.
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:4]))
