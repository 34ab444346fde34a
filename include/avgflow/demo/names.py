"""Names of people, streets and places to draw from.

Faker makes some ten thousand names a second; a world of a hundred thousand people needs many more. So lists are drawn
from it once, and the world draws from the lists.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from faker import Faker

ODD_LAST_NAMES = (
    "D'Hondt",
    "van 't Hof",
    "Şahin",
    'Müller "de Bouwer"',
    "Bakker; Zonen",
    "O’Neill",
    "Nguyễn",
    "in 't Veld-d'Ølsen",
    "Ąžuolas",
)
TRADES = ("Bouw", "Hoveniers", "Schilderwerken", "Catering", "Installatie", "Timmerbedrijf", "Sloopwerken", "Advies")
FIRMS = ("Metaal", "Vastgoed", "Zorggroep", "Logistiek", "Drukkerij", "Bakkerijen", "Recycling", "Techniek", "Wonen")


@dataclass(frozen=True)
class Names:
    """Lists to draw from; staff have last names of their own, so that nobody is taken for a colleague of ours."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    staff_last: tuple[str, ...]
    streets: tuple[str, ...]
    cities: tuple[str, ...]
    postcodes: tuple[str, ...]


@cache
def names(seed: int) -> Names:
    """The lists of a world; the same seed gives the same lists."""
    faker = Faker("nl_NL")
    faker.seed_instance(seed)
    last = _distinct(faker.last_name, 1500)
    return Names(
        first=_distinct(faker.first_name, 1500),
        last=last[40:],
        staff_last=last[:40],
        streets=_distinct(faker.street_name, 600),
        cities=_distinct(faker.city, 400),
        postcodes=_distinct(faker.postcode, 600),
    )


def _distinct(draw: Callable[[], str], draws: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(draw() for _ in range(draws)))


@cache
def slug(name: str) -> str:
    """The name in plain lower-case letters, as it stands in an e-mail address; `x` where nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z]", "", plain) or "x"
