"""Sealing what the register holds of a person, keyed hashes to find it again, and passphrases.

Personal data in the register is encrypted (Fernet: AES-128-CBC with HMAC-SHA-256), looked up by keyed hash, and
never readable in a column. One class holds the keys, so that no other module sees them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import string
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from avgflow import key_file
from avgflow.errors import AvgflowError, WrongSetting
from avgflow.key_file import KeyFile, Stamp
from avgflow.settings import Settings

SHORTEST_HASH_KEY = 16
"""Characters: below that a keyed hash of an e-mail address can be undone by guessing the key."""

# What a Dutch speaker keeps apart over a bad line: one of b/p, of d/t, of f/v/w, of g/h, of m/n and of s/z; no c, q, x
# or y. Open syllables only, so that no final d sounds as t; no u, so that none is taken for oe, and no swear word.
_CONSONANTS = "bgjklmrstw"
_VOWELS = "aeio"
# Twelve syllables of 40 and two digits are 70.5 bits, in 32 characters: poppler's programs (pdftotext, pdftoppm) cut a
# longer password off and then call it wrong.
_PAIRS = 6
_DIGITS = 2


class KeyMissing(AvgflowError):
    """No key of the register opens a sealed value."""

    def __init__(self) -> None:
        super().__init__(
            "A sealed value of the register cannot be opened: AVGFLOW_REGISTER_KEYS lacks the key it was sealed with, "
            "or the value was changed. Put the former key back behind the current one (comma separated)."
        )


class ResealFailed(AvgflowError):
    """A value sealed anew does not say what it said before; nothing was put in its place."""

    def __init__(self) -> None:
        super().__init__(
            "A value that was sealed anew does not open to what it was; it was left as it is. Report this."
        )


class _Key:
    """One Fernet key: what it seals, and a fingerprint that says nothing of it."""

    __slots__ = ("_signing", "fernet", "fingerprint")

    def __init__(self, key: str) -> None:
        self.fernet = Fernet(key)
        plain = base64.urlsafe_b64decode(key)
        self._signing = plain[:16]
        self.fingerprint = hmac.new(plain, b"avgflow: fingerprint of a register key", hashlib.sha256).hexdigest()

    def sealed(self, token: bytes) -> bool:
        """Whether this key signed a token: its last 32 bytes are the HMAC-SHA-256 of all before them."""
        try:
            raw = base64.urlsafe_b64decode(token)
        except (binascii.Error, ValueError):
            return False
        return len(raw) > 32 and hmac.compare_digest(hmac.digest(self._signing, raw[:-32], hashlib.sha256), raw[-32:])


class Keyring:
    """The register's keys: Fernet keys, the first of which seals, and the secret of the keyed hashes.

    One made of a file of keys looks at it again before it seals, and where no key opens a value: keys can be rotated
    under a running process.
    """

    __slots__ = ("_fernet", "_file", "_hash_key", "_keys", "_seen")

    def __init__(self, keys: Sequence[str], hash_key: str, file: KeyFile | None = None) -> None:
        """`keys` newest first; `WrongSetting` where one is no Fernet key or the hash key is too short.

        `file`: where the keys were read from, if they can change.
        """
        self._file = file
        self._seen: Stamp | None = None
        self._take(keys)
        if len(hash_key) < SHORTEST_HASH_KEY:
            raise WrongSetting(
                f"AVGFLOW_HASH_KEY is shorter than {SHORTEST_HASH_KEY} characters. Set a long random secret, "
                f"and keep it: the hashes and the event chain of the register hang on it."
            )
        self._hash_key = hash_key.encode()

    @classmethod
    def of(cls, settings: Settings) -> Keyring:
        """The keyring of an installation; `WrongSetting` where a key is missing or unusable."""
        hash_key, file = settings.secret("hash_key"), file_of(settings)
        if file is None:
            return cls(key_file.split(settings.secret("register_keys")), hash_key)
        stamp = file.stamp()
        made = cls(file.read(), hash_key, file)
        made._seen = stamp
        return made

    @property
    def file(self) -> KeyFile | None:
        """Where the keys can be changed; None where they come from the environment."""
        return self._file

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """A fingerprint (hex) of each key, the newest first; it says nothing of the key."""
        self._look()
        return tuple(key.fingerprint for key in self._keys)

    def seal(self, plain: bytes) -> bytes:
        """Encrypt with the newest key."""
        self._look()
        return self._fernet.encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt with whichever key fits; `KeyMissing` where none does."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            if not self._look():
                raise KeyMissing from None
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise KeyMissing from None

    def sealed_by(self, sealed: bytes) -> str | None:
        """The fingerprint of the key that sealed a value; None where none of these did."""
        return next((key.fingerprint for key in self._keys if key.sealed(sealed)), None)

    def reseal(self, sealed: bytes) -> bytes:
        """The same value under the newest key, of the same moment and length; `KeyMissing` as `open`."""
        plain = self.open(sealed)
        made = self._fernet.rotate(sealed)
        if self._keys[0].fernet.decrypt(made) != plain or len(made) != len(sealed):
            raise ResealFailed
        return made

    def _look(self) -> bool:
        """Take what the file holds now, where it has changed; whether it has."""
        if self._file is None or (stamp := self._file.stamp()) == self._seen:
            return False
        self._take(self._file.read())
        self._seen = stamp
        return True

    def _take(self, keys: Sequence[str]) -> None:
        if not keys:
            raise WrongSetting("AVGFLOW_REGISTER_KEYS holds no key. Give at least one Fernet key.")
        try:
            self._keys = tuple(_Key(key) for key in keys)
        except ValueError:  # its text may repeat the key
            raise WrongSetting(
                "AVGFLOW_REGISTER_KEYS holds something that is no Fernet key. "
                "A Fernet key is 32 random bytes in URL-safe base64; separate several with commas."
            ) from None
        self._fernet = MultiFernet([key.fernet for key in self._keys])

    def seal_json(self, value: Any) -> bytes:
        """Encrypt a JSON value."""
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def open_json(self, sealed: bytes) -> Any:
        """Decrypt a JSON value; `KeyMissing` as `open`."""
        return json.loads(self.open(sealed))

    def keyed_hash(self, kind: str, normalised_value: str) -> str:
        """HMAC-SHA-256 in hex of an identifier in normal form; the same value under another kind hashes differently.

        `ValueError` for a blank value: it would make all people without one look the same (fides#1901).
        """
        if not normalised_value.strip():
            raise ValueError(f"a blank {kind} is nobody's identifier")
        return self.sign(f"identifier:{kind}", normalised_value.encode())

    def sign(self, purpose: str, message: bytes) -> str:
        """HMAC-SHA-256 in hex under a key of its own per purpose, so that no signature serves for another thing."""
        return hmac.new(self.purpose_key(purpose), message, hashlib.sha256).hexdigest()

    def purpose_key(self, purpose: str) -> bytes:
        """The key of one purpose alone (32 bytes), which says nothing of the others' nor of the secret behind them."""
        return hmac.digest(self._hash_key, purpose.encode(), hashlib.sha256)

    def signing_key(self, purpose: str) -> Ed25519PrivateKey:
        """The key that signs for one purpose, so that whoever has its public half can check without any secret."""
        return Ed25519PrivateKey.from_private_bytes(self.purpose_key(purpose))


def hash_under(own_key: bytes, value: str) -> str:
    """HMAC-SHA-256 in hex of a value in normal form, under the key of one purpose, as other systems compute it too."""
    return hmac.digest(own_key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).hex()


def file_of(settings: Settings) -> KeyFile | None:
    """Where the register's keys can be changed; None where they stand in the environment, which goes before."""
    given = settings.register_keys
    if settings.register_keys_file is None or (given is not None and given.get_secret_value()):
        return None
    return KeyFile(settings.register_keys_file)


def new_key() -> str:
    """A new Fernet key."""
    return Fernet.generate_key().decode()


def new_passphrase() -> str:
    """A random passphrase of 70 bits that can be told by telephone: `kimo-bara-tesi-goli-maje-wero-47`.

    Each syllable is one consonant and one vowel, written as it sounds in Dutch; all lower case, with hyphens; the two
    digits are said one by one.
    """
    pairs = (_syllable() + _syllable() for _ in range(_PAIRS))
    return "-".join((*pairs, "".join(secrets.choice(string.digits) for _ in range(_DIGITS))))


def _syllable() -> str:
    return secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS)
