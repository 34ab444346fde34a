"""The dossier's seal: an Ed25519 signature over the manifest's digest, the event that vouches for it, and the end of
the chain; whoever has the installation's public key can check it without any secret.
"""

from __future__ import annotations

from typing import Any

from avgflow.crypto import Keyring
from avgflow.dossier.audit import verify

PURPOSE = "dossier signature"


def public_key(keyring: Keyring) -> str:
    """The installation's public key in hex: what it makes known, so that its dossiers can be checked."""
    return keyring.signing_key(PURPOSE).public_key().public_bytes_raw().hex()


def sealed(keyring: Keyring, content: dict[str, Any]) -> dict[str, Any]:
    """`seal.json`: what is sealed, the key, and the signature over `verify.message`."""
    signature = keyring.signing_key(PURPOSE).sign(verify.message(content))
    return {"sealed": content, "public_key": public_key(keyring), "signature": signature.hex()}
