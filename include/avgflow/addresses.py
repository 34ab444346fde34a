"""E-mail addresses that a mail can go to, whoever wrote them: the policy, a store, a person. Pure."""

from __future__ import annotations

from email.errors import MessageError
from email.headerregistry import Address


def parsed(text: str) -> Address | None:
    """An address as a header has it, its domain in ASCII; None for what is none, or several."""
    local, _, domain = text.rpartition("@")
    if not local.isascii() or not text.isprintable():
        return None
    try:
        made = Address(addr_spec=f"{local}@{domain.encode('idna').decode()}")
    except (ValueError, IndexError, MessageError):
        return None
    return made if made.username and "." in made.domain else None
