"""Fifty parts that repeat for ever: which kinds of people a world has, and in which ways they are awkward.

The n-th subject plays part n modulo 50. So a handful of subjects has every kind, fifty have every awkwardness,
and a hundred thousand have each in the same proportion.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How a person is known."""

    SOLE_PROPRIETOR = "sole_proprietor"  # an eenmanszaak, run from home
    CONTACT_PERSON = "contact_person"  # of an organisation with several contacts
    VISITOR = "visitor"  # newsletter and website only
    PORTAL_ONLY = "portal_only"  # an account, and never a contact


class Trait(StrEnum):
    """What makes a person awkward."""

    SHARED_MAILBOX = "shared_mailbox"  # two colleagues behind one e-mail address
    NAMESAKE = "namesake"  # two people of one name
    HOUSEHOLD = "household"  # two sole proprietors at one address
    SHARED_PHONE = "shared_phone"  # colleagues behind one telephone number
    OTHER_CASE = "other_case"  # identifiers in another case, another one in each store
    BLANKS_AROUND = "blanks_around"  # identifiers with blanks around
    OLD_EMAIL = "old_email"  # the account has an address of years ago, and the contact number
    OLD_EMAIL_CHAIN = "old_email_chain"  # so it has, and the newsletter still goes to that address
    BLANK_EMAIL = "blank_email"  # the CRM has '' or blanks for an e-mail address
    OLD_ADDRESS = "old_address"  # the order administration has a former postal address
    SOFT_DELETED = "soft_deleted"  # the contact is marked as deleted
    HISTORY_ONLY = "history_only"  # the contact is gone; account and history table are not
    ONLY_ORDERS = "only_orders"  # a customer of whom the CRM knows nothing
    ONLY_CRM = "only_crm"  # a contact of whom no other store knows
    SUBSCRIBED_TWICE = "subscribed_twice"  # once in lower case, once in upper case
    ASKED_A_QUOTE = "asked_a_quote"  # without becoming a customer
    VERY_MUCH = "very_much"  # hundreds of rows
    NULLS = "nulls"  # NULL wherever the schema allows
    EMPTY_STRINGS = "empty_strings"  # '' where others have NULL
    ODD_NAME = "odd_name"  # apostrophes, diacritics, semicolons, quotes
    ODD_VALUES = "odd_values"  # hostile text, NaN, huge integers, the hour that summer time repeats


@dataclass(frozen=True)
class Part:
    """One of the fifty: a kind, the office where contact persons of a block are colleagues, traits."""

    kind: Kind
    office: str | None = None
    traits: frozenset[Trait] = frozenset()


def _sole(*traits: Trait) -> Part:
    return Part(Kind.SOLE_PROPRIETOR, None, frozenset(traits))


def _contact(office: str, *traits: Trait) -> Part:
    return Part(Kind.CONTACT_PERSON, office, frozenset(traits))


def _visitor(*traits: Trait) -> Part:
    return Part(Kind.VISITOR, None, frozenset(traits))


def _portal(*traits: Trait) -> Part:
    return Part(Kind.PORTAL_ONLY, None, frozenset(traits))


CAST: tuple[Part, ...] = (
    _sole(),
    _contact("a"),
    _visitor(),
    _portal(),
    _contact("a", Trait.SHARED_MAILBOX),
    _contact("a", Trait.SHARED_MAILBOX),
    _sole(Trait.NAMESAKE),
    _contact("b", Trait.NAMESAKE),
    _sole(Trait.OTHER_CASE),
    _contact("b", Trait.BLANKS_AROUND),
    _sole(Trait.OLD_EMAIL),
    _contact("b", Trait.OLD_EMAIL_CHAIN),
    _sole(Trait.OLD_ADDRESS),
    _contact("b", Trait.SOFT_DELETED),
    _sole(Trait.ODD_NAME, Trait.ODD_VALUES),
    _contact("c", Trait.VERY_MUCH),
    _visitor(Trait.SUBSCRIBED_TWICE),
    _portal(Trait.HISTORY_ONLY),
    _sole(Trait.ONLY_ORDERS),
    _contact("c", Trait.ONLY_CRM),
    _sole(Trait.HOUSEHOLD),
    _sole(Trait.HOUSEHOLD),
    _contact("c", Trait.SHARED_PHONE),
    _contact("c", Trait.SHARED_PHONE, Trait.ODD_NAME),
    _sole(Trait.NULLS),
    _contact("d", Trait.EMPTY_STRINGS),
    _sole(Trait.BLANK_EMAIL),
    _contact("d", Trait.BLANK_EMAIL, Trait.NULLS),
    _visitor(Trait.ASKED_A_QUOTE, Trait.BLANKS_AROUND),
    _portal(Trait.OTHER_CASE),
    _contact("d", Trait.ODD_VALUES, Trait.ODD_NAME),
    _sole(Trait.BLANKS_AROUND, Trait.OLD_ADDRESS),
    _contact("d", Trait.OTHER_CASE, Trait.OLD_EMAIL),
    _visitor(Trait.ODD_VALUES, Trait.OTHER_CASE),
    _sole(Trait.ONLY_CRM, Trait.SOFT_DELETED),
    _contact("e"),
    _contact("e", Trait.ODD_NAME),
    _portal(Trait.ASKED_A_QUOTE),
    *(_sole() for _ in range(4)),
    *(_contact("f") for _ in range(3)),
    *(_visitor() for _ in range(4)),
    _portal(),
)
assert len(CAST) == 50
