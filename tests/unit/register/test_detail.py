"""What may stand in the log in plain text, and that a person's data may not."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avgflow.register import detail
from avgflow.register.detail import DetailRefused
from avgflow.register.names import EventName

PERSONAL = [
    "jan@example.nl",
    "Jan de Vries",
    "0612345678",
    "+31 6 12345678",
    "06-12345678",
    "NL91ABNA0417164300",
    "123456782",
    "1234 AB",
    "1234AB",
    "Dorpsstraat 12",
    "public.contact where email = 'x'",
    '"Jan de Vries"',
    "2001:db8::1",
    "192.168.1.20",
    "https://example.nl",
    "",
    " ",
    "a\nb",
    "x" * 201,
]


@pytest.mark.parametrize("value", PERSONAL)
def test_personal_data_and_free_text_are_refused_without_repeating_them(value: str) -> None:
    for wrong in ({"who": value}, {"who": ["crm", value]}):
        with pytest.raises(DetailRefused) as refusal:
            detail.checked(wrong)
        assert len(value) < 2 or value not in str(refusal.value)
    with pytest.raises(DetailRefused):
        detail.checked_counts("counts", {value: 1})


@pytest.mark.parametrize("value", [1.5, b"x", {"a": 1}, [["a"]], {"a"}, date(2026, 1, 1), 2**53, -(2**60)])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(DetailRefused):
        detail.checked({"key": value})


@pytest.mark.parametrize("key", ["Key", "a b", "jan@example.nl", "", "x" * 41, "1a"])
def test_a_key_is_a_word(key: str) -> None:
    with pytest.raises(DetailRefused):
        detail.checked({key: 1})


def test_a_long_list_is_refused() -> None:
    assert detail.checked({"tables": ["t"] * 100})
    with pytest.raises(DetailRefused):
        detail.checked({"tables": ["t"] * 101})


@pytest.mark.parametrize(
    "value",
    [
        "crm",
        "known-email",
        "partly_fulfilled",
        "R13",
        "StoreUnreachable",
        "public.contact",
        'public."order"',
        'public."Web Visit".ipAddress',
        '"Sales".order_line',
        "crm.public.contact.contact_id",
        "marketing.visit_202611",
        "klant.straße",
        "check-failed:2",
        "deadline-digest:2026-11-25",
        "AVG-2026-00042",
        "AVG-2026-1234567",
        "2026-11-25",
        "08006",
        "42P01",
        "0123456789abcdef" * 4,
        "sha256:" + "0123456789abcdef" * 4,
    ],
)
def test_codes_names_dates_and_digests_pass(value: str) -> None:
    assert detail.checked({"value": value, "more": [value]}) == {"value": value, "more": [value]}


@given(st.text())
def test_no_string_with_an_at_sign_ever_passes(text: str) -> None:
    with pytest.raises(DetailRefused):
        detail.checked({"value": f"{text}@{text}"})


def test_plain_values_pass_as_they_are() -> None:
    facts = {"rows": 3, "empty": False, "outcome": None, "ids": [1, 2]}
    assert detail.checked(facts) == facts
    assert detail.checked({"name": EventName.PLAN_MADE}) == {"name": "plan.made"}


@pytest.mark.parametrize("actor", ["avgflow", "officer", "p.jansen@milgro.nl", "DOMAIN-user_1", "cli:root"])
def test_an_actor_is_a_login(actor: str) -> None:
    assert detail.checked_actor(actor) == actor


@pytest.mark.parametrize("actor", ["", " ", "Jan de Vries", "x" * 101, "a\nb"])
def test_anything_else_is_no_actor(actor: str) -> None:
    with pytest.raises(DetailRefused):
        detail.checked_actor(actor)


def test_every_event_says_in_two_languages_what_it_is() -> None:
    for name in EventName:
        assert detail.checked_code("name", name.value)
        assert name.nl != name.en
        assert name.nl[:1].isupper()
        assert name.en[:1].isupper()
    assert EventName("plan.made") is EventName.PLAN_MADE
    assert len({name.nl for name in EventName}) == len({name.en for name in EventName}) == len(EventName)
