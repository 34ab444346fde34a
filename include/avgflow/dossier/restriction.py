"""What a restriction is answered with (art. 12(3), 18 and 19), and what the person is told before it ends (18(3)).

Made from the plan that was carried out, by kind of data as the policy calls them. Pure: no I/O.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from avgflow.catalog.models import Catalog, Text
from avgflow.dossier.content import Language
from avgflow.dossier.erasure import Outcome
from avgflow.dossier.words import article
from avgflow.intake import RestrictionGround
from avgflow.plan import Plan
from avgflow.policy.decide import EVERYTHING
from avgflow.policy.models import Policy
from avgflow.policy.recipients import Recipient
from avgflow.policy.restriction import WHY


@dataclass(frozen=True)
class Restricted:
    """A kind of data that may not be used for the time being, and the stores it is in."""

    title: Text
    stores: tuple[Text, ...]


@dataclass(frozen=True)
class RestrictionAnswer:
    """Everything that a restriction (art. 18) is answered with.

    `kinds`: what of the person is held, none of which may be used. `marked`: the stores that know it themselves.
    `addresses`: how many addresses of the person get no marketing and no surveys. `told`: whom art. 19 asks to tell.
    """

    number: str
    language: Language
    name: str | None
    received: date
    restricted_on: date
    policy: Policy
    ground: RestrictionGround
    kinds: tuple[Restricted, ...]
    marked: tuple[Text, ...]
    addresses: int
    told: tuple[Recipient, ...]
    searched: tuple[Text, ...]
    shared_mailbox: bool

    @property
    def outcome(self) -> Outcome:
        """As the register calls it."""
        return "fulfilled" if self.kinds else "nothing_found"

    @property
    def why(self) -> Text:
        """The ground in words."""
        return WHY[self.ground].text

    @property
    def article(self) -> Text:
        """The place of the ground in the law, written out to follow `Dat staat in`."""
        return article(WHY[self.ground].article)

    @property
    def record(self) -> Text:
        """How long the request itself is kept, and why."""
        return self.policy.classes[self.policy.request_class].term.text


@dataclass(frozen=True)
class Lifting:
    """What a person is told before a restriction ends (art. 18(3)).

    `kinds`: of what it ends; none where it was of everything. `told`: the recipients that knew of it.
    """

    number: str
    language: Language
    name: str | None
    restricted_on: date
    policy: Policy
    reason: Text
    kinds: tuple[Text, ...]
    told: tuple[Recipient, ...]


def of_plan(
    plan: Plan,
    catalog: Catalog,
    policy: Policy,
    ground: RestrictionGround,
    *,
    addresses: int,
    language: Language,
    name: str | None,
    received: date,
    restricted_on: date,
) -> RestrictionAnswer:
    """The answer to the restriction that this plan describes, carried out and re-counted."""
    stores: dict[str | None, set[str]] = defaultdict(set)
    marked: set[str] = set()
    for step in (*plan.steps, *plan.done):
        if step.rows and step.action in ("restrict", "list"):
            stores[step.record_class].add(step.store)
            marked |= {step.store} if step.action == "restrict" else set()
    return RestrictionAnswer(
        number=plan.number,
        language=language,
        name=name,
        received=received,
        restricted_on=restricted_on,
        policy=policy,
        ground=ground,
        kinds=tuple(
            Restricted(of_class.title, tuple(s.title for key, s in catalog.stores.items() if key in stores[found]))
            for found, of_class in policy.classes.items()
            if found in stores
        ),
        marked=tuple(store.title for key, store in catalog.stores.items() if key in marked),
        addresses=addresses,
        told=policy.recipients_of({one for one in stores if one is not None}),
        searched=tuple(store.title for store in catalog.stores.values()),
        shared_mailbox=any(plan.footprint.shared.values()),
    )


def titles(policy: Policy, classes: Collection[str], recipient: Recipient | None = None) -> tuple[Text, ...]:
    """The kinds of data that these classes are (`EVERYTHING`: of all), or those of them that a recipient may have."""
    return tuple(
        of_class.title
        for name, of_class in policy.classes.items()
        if (EVERYTHING in classes or name in classes) and (recipient is None or name in recipient.classes)
    )
