"""The script of a dossier: that it needs nothing, runs on an old Python, and knows a genuine signature."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from avgflow.dossier.audit import verify

SOURCE = Path(verify.__file__).read_text(encoding="utf-8")

# RFC 8032, section 7.1: tests 1 to 3.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe2"
        "4655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302ae"
        "eb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28"
        "dc027beceea1ec40a",
    ),
]


def test_it_imports_the_standard_library_alone_and_can_be_read_by_python_3_8() -> None:
    tree = ast.parse(SOURCE, feature_version=(3, 8))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported == {"__future__", "hashlib", "json", "sys", "pathlib", "typing"}
    assert imported <= {*sys.stdlib_module_names, "__future__"}
    # `bytes.removeprefix`, `dict | dict` and the like came with 3.9: none stands outside an annotation.
    assert not any(isinstance(node, ast.Attribute) and node.attr.startswith("remove") for node in ast.walk(tree))


def test_an_auditor_can_read_it_in_five_minutes() -> None:
    assert len(SOURCE.splitlines()) <= 320


def test_the_examples_of_the_standard_are_genuine() -> None:
    for key, message, signature in VECTORS:
        assert verify.genuine(bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature))
        assert not verify.genuine(bytes.fromhex(key), bytes.fromhex(message) + b"x", bytes.fromhex(signature))


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=80), st.integers(0, 95), st.integers(0, 7))
def test_it_agrees_with_another_implementation(message: bytes, place: int, bit: int) -> None:
    """A bit of the key or of the signature is turned; an oracle that is not ours says what is genuine."""
    key = Ed25519PrivateKey.generate()
    whole = key.public_key().public_bytes_raw() + key.sign(message)
    assert verify.genuine(whole[:32], message, whole[32:])
    turned = bytearray(whole)
    turned[place] ^= 1 << bit
    assert verify.genuine(bytes(turned[:32]), message, bytes(turned[32:])) == _oracle(bytes(turned), message)


def _oracle(whole: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(whole[:32]).verify(whole[32:], message)
    except (InvalidSignature, ValueError):
        return False
    return True


def test_what_is_no_key_or_no_signature_is_not_genuine() -> None:
    for key, signature in ((b"", b""), (b"\xff" * 32, b"\0" * 64), (bytes(31), bytes(64)), (bytes(32), b"\xff" * 64)):
        assert not verify.genuine(key, b"x", signature)
