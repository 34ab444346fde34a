"""Sealing, keyed hashes and passphrases."""

from __future__ import annotations

import math
import re

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from avgflow.crypto import KeyMissing, Keyring, new_passphrase
from avgflow.errors import WrongSetting

OLD, NEW = "b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2w=", "bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmU="
SECRET = "a secret of some length"
KEYRING = Keyring([OLD], SECRET)


@given(st.binary())
def test_what_is_sealed_opens_again(plain: bytes) -> None:
    assert KEYRING.open(KEYRING.seal(plain)) == plain


PLAIN_JSON = st.none() | st.booleans() | st.integers() | st.text()


@given(st.recursive(PLAIN_JSON, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_comes_back_as_it_was(value: object) -> None:
    assert KEYRING.open_json(KEYRING.seal_json(value)) == value


def test_the_same_value_is_never_sealed_the_same_way() -> None:
    assert KEYRING.seal(b"jan@example.nl") != KEYRING.seal(b"jan@example.nl")


def test_a_former_key_opens_and_the_newest_seals() -> None:
    sealed = KEYRING.seal(b"x")
    rotated = Keyring([NEW, OLD], SECRET)
    assert rotated.open(sealed) == b"x"
    with pytest.raises(KeyMissing):
        KEYRING.open(rotated.seal(b"x"))


def test_a_value_that_does_not_open_is_named() -> None:
    sealed = KEYRING.seal(b"x" * 40)
    other = b"A" if sealed[40:41] != b"A" else b"B"
    for changed in (sealed[:-1], b"", b"not sealed", sealed[:40] + other + sealed[41:]):
        with pytest.raises(KeyMissing, match="AVGFLOW_REGISTER_KEYS"):
            KEYRING.open(changed)


@pytest.mark.parametrize("keys", [[], [""], ["short"], [OLD, "sleutel-met-é"], [OLD[:-2]]])
def test_an_unusable_key_is_a_wrong_setting_that_does_not_repeat_it(keys: list[str]) -> None:
    with pytest.raises(WrongSetting, match="AVGFLOW_REGISTER_KEYS") as refusal:
        Keyring(keys, SECRET)
    assert not any(len(key) > 3 and key in str(refusal.value) for key in keys)
    with pytest.raises(WrongSetting, match="AVGFLOW_HASH_KEY"):
        Keyring([OLD], "too short")


def test_a_keyed_hash_depends_on_kind_value_and_key_and_on_nothing_else() -> None:
    of_jan = KEYRING.keyed_hash("email", "jan@example.nl")
    assert re.fullmatch(r"[0-9a-f]{64}", of_jan)
    assert of_jan == Keyring([Fernet.generate_key().decode()], SECRET).keyed_hash("email", "jan@example.nl")
    others = {
        KEYRING.keyed_hash("login", "jan@example.nl"),
        KEYRING.keyed_hash("email", "piet@example.nl"),
        Keyring([OLD], SECRET + "!").keyed_hash("email", "jan@example.nl"),
        KEYRING.sign("email", b"jan@example.nl"),
    }
    assert len(others | {of_jan}) == 5


def test_kind_and_value_do_not_run_into_each_other() -> None:
    assert KEYRING.keyed_hash("ab", "c") != KEYRING.keyed_hash("a", "bc")


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u00a0"])
def test_a_blank_identifier_has_no_hash(blank: str) -> None:
    with pytest.raises(ValueError, match="blank"):
        KEYRING.keyed_hash("phone", blank)


def test_a_passphrase_is_strong_and_can_be_told_by_telephone() -> None:
    made = {new_passphrase() for _ in range(500)}
    assert len(made) == 500
    assert all(re.fullmatch(r"(?:(?:[bgjklmrstw][aeio]){2}-){6}[0-9]{2}", phrase) for phrase in made)
    assert 12 * math.log2(10 * 4) + 2 * math.log2(10) >= 70
    assert {letter for phrase in made for letter in phrase} == set("bgjklmrstwaeio-0123456789")


def test_a_passphrase_is_short_enough_for_the_programs_that_people_open_a_pdf_with() -> None:
    # poppler reads 32 characters of a password and calls a longer one wrong.
    assert len(new_passphrase()) <= 32


def test_a_keyring_shows_no_key() -> None:
    assert OLD not in repr(KEYRING)
    assert SECRET not in repr(KEYRING)
    assert not hasattr(KEYRING, "__dict__")
