"""Rows of the customer portal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from avgflow.demo import invented, prose
from avgflow.demo.cast import Kind, Trait
from avgflow.demo.chance import Chance
from avgflow.demo.rows import Numbers, Row, as_json, blanked, repeated, spelled
from avgflow.demo.world import Block, Person

KEYS: dict[str, tuple[str, ...]] = {
    "public.portal_account": ("account_id",),
    "public.login": ("login_id",),
    "public.session": ("session_id",),
    "public.preference": ("account_id", "key"),
}
SUMMER_TIME_ENDS = (
    datetime(2024, 10, 27, 0, 30, tzinfo=UTC),  # 02:30 in Amsterdam
    datetime(2024, 10, 27, 1, 30, tzinfo=UTC),  # 02:30 again
    datetime(2025, 3, 30, 0, 59, 59, 999999, tzinfo=UTC),
    datetime(2025, 3, 30, 1, 0, tzinfo=UTC),  # 03:00, an instant later
)
_MUST_HAVE_ONE = frozenset({Trait.OLD_EMAIL, Trait.OLD_EMAIL_CHAIN, Trait.SHARED_MAILBOX, Trait.BLANK_EMAIL})
_CANNOT_HAVE_ONE = frozenset({Trait.ONLY_CRM, Trait.ONLY_ORDERS})
USER_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64) Chrome/141.0",
)
_PREFERENCES: tuple[tuple[str, str | None], ...] = (
    ("theme", '"donker"'),
    ("columns", '["order_no", "status", null]'),
    ("page_size", "9007199254740993"),
    ("notifications", '{"mail": true, "sms": null, "stil": {"van": "22:00", "tot": "07:00"}}'),
    ("start page", "null"),
    ("beta", None),
    ('naam; met "quote" en 🦊', '"=1+1"'),
)


def rows(block: Block) -> Iterator[Row]:
    """All rows of a block's account holders."""
    numbers = Numbers(block.first_id())
    for person in block.people:
        chance = block.chance(f"accounts/{person.id}")
        if _has_account(chance, person):
            account_id = chance.uuid()
            yield _account(chance, person, account_id)
            yield from _logins(chance, numbers, person, account_id)
            yield from _sessions(chance, person, account_id)
            yield from _preferences(chance, person, account_id)


def _has_account(chance: Chance, person: Person) -> bool:
    if person.kind is Kind.VISITOR or person.traits & _CANNOT_HAVE_ONE:
        return False
    return person.kind is Kind.PORTAL_ONLY or bool(person.traits & _MUST_HAVE_ONE) or chance.often(0.6)


def _account(chance: Chance, person: Person, account_id: str) -> Row:
    """The account; its contact number may be left out only where its e-mail address finds the person."""
    number = spelled(person, person.contact_number, "accounts") if person.contact_number else None
    needs_number = person.traits & _MUST_HAVE_ONE or Trait.HISTORY_ONLY in person.traits
    if not needs_number and chance.often(0.2):
        number = chance.pick((None, ""))
    seen = chance.moment(900)
    values: dict[str, Any] = {
        "account_id": account_id,
        "contact_number": number,
        "email": spelled(person, person.login_email, "accounts"),
        "display_name": person.name,
        "phone": invented.international(person.phone),
        "password_hash": f"$argon2id$v=19$m=65536,t=3,p=4${chance.getrandbits(256):064x}",
        "locale": chance.pick(("nl_NL", "en_GB", None)),
        "created_at": chance.moment(2500),
        "last_seen_at": seen,
        "closed_at": seen + timedelta(days=30) if seen.month == 2 else None,
    }
    blanked(person, values, ("display_name", "phone", "locale"), ("last_seen_at", "closed_at"))
    return Row("public.portal_account", values, (person.id,))


def _logins(chance: Chance, numbers: Numbers, person: Person, account_id: str) -> Iterator[Row]:
    odd = SUMMER_TIME_ENDS if Trait.ODD_VALUES in person.traits else ()
    moments = [*odd, *(chance.moment(700) for _ in repeated(chance, person, 0, 8, very_much=300))]
    for at in moments:
        values = {
            "login_id": numbers.next("login"),
            "account_id": account_id,
            "at": at,
            "ip": _ip(chance),
            "user_agent": chance.pick(USER_AGENTS),
            "succeeded": chance.often(0.95),
        }
        yield Row("public.login", blanked(person, values, ("user_agent",), ("ip",)), (person.id,))


def _ip(chance: Chance) -> str:
    """An address of the ranges that are kept for documentation (RFC 5737, RFC 3849)."""
    if chance.often(0.2):
        return f"2001:db8::{chance.between(1, 65_535):x}"
    return f"203.0.113.{chance.between(1, 254)}"


def _sessions(chance: Chance, person: Person, account_id: str) -> Iterator[Row]:
    for _ in repeated(chance, person, 0, 2, very_much=20):
        created = chance.moment(30)
        device = chance.pick((None, "{}", '{"merk": "Pixel", "scherm": [1080, 2400]}', '["onbekend"]'))
        values = {
            "session_id": chance.uuid(),
            "account_id": account_id,
            "token": f"{chance.getrandbits(256):064x}",
            "ip": _ip(chance),
            "device": device,
            "created_at": created,
            "expires_at": created + timedelta(hours=12),
        }
        yield Row("public.session", blanked(person, values, (), ("ip",)), (person.id,))


def _preferences(chance: Chance, person: Person, account_id: str) -> Iterator[Row]:
    all_of_them = Trait.ODD_VALUES in person.traits
    for key, value in _PREFERENCES:
        if all_of_them or chance.often(0.25):
            yield Row("public.preference", {"account_id": account_id, "key": key, "value": value}, (person.id,))
    if all_of_them:
        text = as_json({"notitie": chance.pick(prose.ODD_TEXTS)})
        yield Row("public.preference", {"account_id": account_id, "key": "note", "value": text}, (person.id,))
