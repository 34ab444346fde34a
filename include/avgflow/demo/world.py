"""The people of a demonstration world and the organisations they work for.

A world is made of blocks of fifty subjects (see `cast`). A block needs nothing of another block: everybody whom a
person has to do with is in it. So blocks can be made in any order, in any process, and are the same each time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property

from avgflow.demo import invented
from avgflow.demo.cast import CAST, Kind, Part, Trait
from avgflow.demo.chance import Chance
from avgflow.demo.names import FIRMS, ODD_LAST_NAMES, TRADES, Names, names, slug

BLOCK = len(CAST)
_DOMAINS = ("example.nl", "example.com", "example.org")
_LEGAL_FORMS = ("b.v.", "b.v.", "b.v.", "stichting", "v.o.f.", "vereniging", "overheid")


@dataclass(frozen=True)
class Place:
    """A postal address in the Netherlands."""

    street: str
    house_number: str
    postcode: str
    city: str

    def lines(self) -> str:
        """As it is printed on an envelope."""
        return f"{self.street} {self.house_number}\n{self.postcode}  {self.city}"


@dataclass(frozen=True)
class Organisation:
    """A customer. `sole`: an eenmanszaak, which is its owner; any other is nobody's."""

    organisation_id: int
    customer_number: str
    name: str
    legal_form: str
    email: str
    phone: str
    vat_number: str
    iban: str
    place: Place

    @property
    def sole(self) -> bool:
        return self.legal_form == "eenmanszaak"


@dataclass(frozen=True)
class Person:
    """A subject. `login_email` is the address of the portal account, another one than `email` for some."""

    id: str
    kind: Kind
    traits: frozenset[Trait]
    first_name: str
    last_name: str
    email: str
    login_email: str
    phone: str
    contact_id: int
    contact_number: str | None
    visitor_id: str | None
    home: Place
    former_home: Place
    organisation: Organisation | None

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def sole(self) -> bool:
        return self.kind is Kind.SOLE_PROPRIETOR

    @cached_property
    def in_crm(self) -> bool:
        """A contact of the CRM, now."""
        return (
            self.contact_number is not None
            and Trait.HISTORY_ONLY not in self.traits
            and Trait.ONLY_ORDERS not in self.traits
        )

    @cached_property
    def named_in_crm(self) -> bool:
        """The CRM holds the person's full name, so that it can be recognised elsewhere."""
        return self.in_crm and not self.traits & {Trait.NULLS, Trait.EMPTY_STRINGS}


@dataclass(frozen=True)
class Employee:
    """One of our own staff."""

    name: str
    email: str
    phone: str
    team: str


@dataclass(frozen=True)
class Block:
    """Fifty subjects (the last block may have fewer) and their organisations."""

    number: int
    seed: int
    people: tuple[Person, ...]
    organisations: tuple[Organisation, ...]

    def chance(self, topic: str) -> Chance:
        """The random draws for one topic of this block; topics do not disturb each other."""
        return Chance(f"{self.seed}/{self.number}/{topic}")

    def first_id(self) -> int:
        """The first of this block's own range of ten thousand row numbers."""
        return self.number * 10_000 + 1

    def members(self, organisation: Organisation) -> tuple[Person, ...]:
        """The contacts of an organisation."""
        return tuple(p for p in self.people if p.organisation is organisation)

    def mailbox_sharers(self) -> tuple[Person, ...]:
        """The two people behind one e-mail address; nobody where the block ends before the second."""
        return tuple(p for p in self.people if Trait.SHARED_MAILBOX in p.traits)


@dataclass(frozen=True)
class World:
    """So many subjects, made from a seed."""

    seed: int
    subjects: int

    def blocks(self) -> range:
        return range(-(-self.subjects // BLOCK))

    def block(self, number: int) -> Block:
        """The block of that number; the same each time."""
        return _make(self.seed, number, min(BLOCK, self.subjects - number * BLOCK))


@cache
def staff(seed: int) -> tuple[Employee, ...]:
    """Our own employees; they are in no block and nobody's subject."""
    chance, pool = Chance(f"{seed}/staff"), names(seed)
    teams = ("Klantenservice", "Verkoop", "Planning", "Debiteuren", "Transport")
    people = []
    for number, last in enumerate(pool.staff_last):
        first = chance.pick(pool.first)
        email = f"{slug(first)}.{slug(last)}@milgro.example"
        people.append(Employee(f"{first} {last}", email, invented.landline(9_000_000 + number), chance.pick(teams)))
    return tuple(people)


def _make(seed: int, number: int, size: int) -> Block:
    pool = names(seed)
    offices: dict[str, Organisation] = {}
    people: list[Person] = []
    for slot, part in enumerate(CAST[:size]):
        index = number * BLOCK + slot
        chance = Chance(f"{seed}/{index}")
        if part.office and part.office not in offices:
            offices[part.office] = _office(chance, pool, 1 + index)
        people.append(_person(chance, pool, index, part, offices.get(part.office or ""), people))
    organisations = dict.fromkeys(p.organisation for p in people if p.organisation is not None)
    return Block(number, seed, _lone_sharer_keeps_own_mailbox(people), tuple(organisations))


def _person(
    chance: Chance, pool: Names, index: int, part: Part, office: Organisation | None, earlier: list[Person]
) -> Person:
    first = chance.pick(pool.first)
    last = chance.pick(ODD_LAST_NAMES if Trait.ODD_NAME in part.traits else pool.last)
    home, former = _place(chance, pool), _place(chance, pool)
    if twin := _earlier_with(Trait.NAMESAKE, part, earlier):
        first, last = twin.first_name, twin.last_name
    if partner := _earlier_with(Trait.HOUSEHOLD, part, earlier):
        home = partner.home
    domain = office.email.partition("@")[2] if office else chance.pick(_DOMAINS)
    own = f"{slug(first)}.{slug(last)}{index}@{domain}"
    email = office.email if office and Trait.SHARED_MAILBOX in part.traits else own
    another = f"{slug(last)}{index}@example.org"
    has_another = part.traits & {Trait.OLD_EMAIL, Trait.OLD_EMAIL_CHAIN, Trait.SHARED_MAILBOX}
    phone = office.phone if office and Trait.SHARED_PHONE in part.traits else invented.mobile(index)
    knows_contact = part.kind in (Kind.SOLE_PROPRIETOR, Kind.CONTACT_PERSON) or Trait.HISTORY_ONLY in part.traits
    visits = part.kind is Kind.VISITOR or chance.often(0.5)
    return Person(
        id=f"S-{index + 1:06d}",
        kind=part.kind,
        traits=part.traits,
        first_name=first,
        last_name=last,
        email=email,
        login_email=another if has_another else email,
        phone=phone,
        contact_id=1_000_000 + index,
        contact_number=f"C-{100_000 + index}" if knows_contact else None,
        visitor_id=f"V-{chance.getrandbits(48):012x}{index}" if visits else None,
        home=home,
        former_home=former,
        organisation=office or _own_business(chance, part, index, f"{first} {last}", last, email, phone, home),
    )


def _earlier_with(trait: Trait, part: Part, earlier: list[Person]) -> Person | None:
    return next((p for p in earlier if trait in p.traits), None) if trait in part.traits else None


def _own_business(
    chance: Chance, part: Part, index: int, name: str, last: str, email: str, phone: str, home: Place
) -> Organisation | None:
    if part.kind is not Kind.SOLE_PROPRIETOR:
        return None
    return Organisation(
        organisation_id=1 + index,
        customer_number=f"K-{200_001 + index}",
        name=f"{chance.pick((name, last))} {chance.pick(TRADES)}",
        legal_form="eenmanszaak",
        email=email,
        phone=phone,
        vat_number=invented.vat_number(chance),
        iban=invented.iban(chance),
        place=home,
    )


def _office(chance: Chance, pool: Names, organisation_id: int) -> Organisation:
    last, firm, form = chance.pick(pool.last), chance.pick(FIRMS), chance.pick(_LEGAL_FORMS)
    return Organisation(
        organisation_id=organisation_id,
        customer_number=f"K-{200_000 + organisation_id}",
        name=f"{last} {firm} {form.upper() if form == 'b.v.' else form}",
        legal_form=form,
        email=f"info@{slug(last)}{slug(firm)}{organisation_id}.example",
        phone=invented.landline(organisation_id),
        vat_number=invented.vat_number(chance),
        iban=invented.iban(chance),
        place=_place(chance, pool),
    )


def _place(chance: Chance, pool: Names) -> Place:
    addition = chance.pick(("", "", "", "", "A", "-2", " bis"))
    return Place(
        street=chance.pick(pool.streets),
        house_number=f"{chance.between(1, 250)}{addition}",
        postcode=chance.pick(pool.postcodes),
        city=chance.pick(pool.cities),
    )


def _lone_sharer_keeps_own_mailbox(people: list[Person]) -> tuple[Person, ...]:
    """A trait of two that has one bearer only (the world ends in between) is no trait."""
    pairs = (Trait.SHARED_MAILBOX, Trait.NAMESAKE, Trait.HOUSEHOLD, Trait.SHARED_PHONE)
    lone = {trait for trait in pairs if sum(trait in p.traits for p in people) == 1}
    return tuple(
        replace(p, traits=p.traits - lone, email=p.login_email if Trait.SHARED_MAILBOX in p.traits & lone else p.email)
        for p in people
    )
