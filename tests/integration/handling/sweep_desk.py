"""Holds, restrictions and requests in simulated years of a company."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

import sweep_links
from handling_world import OFFICER, Office
from sweep_oracle import Reason
from sweep_rows import Snapshot

from avgflow.handling import holding, withdrawing
from avgflow.intake import RestrictionGround, day_in_amsterdam
from avgflow.register import restrictions
from avgflow.register.database import transaction

HELD_AT_MOST = 6
"""Holds, restrictions and requests that stand at the same time."""
CLASSES = tuple(f"R{n}" for n in range(1, 12))
EVERY_CLASS = 0.25
"""Of the holds, so many are on all that is somebody's."""


class Desk:
    """Holds, restrictions and requests, as a privacy officer places and ends them, and as the oracle knows them."""

    def __init__(self, office: Office, seed: int) -> None:
        self._office, self._env = office, office.env
        self._chance = Random(f"desk/{seed}")
        self._holds: set[int] = set()
        self._standing: list[tuple[Reason, date | None, Callable[[], None] | None]] = []

    def reasons(self, day: date) -> list[Reason]:
        """What stands on a day."""
        self._standing = [one for one in self._standing if one[1] is None or one[1] >= day]
        return [reason for reason, _, _ in self._standing]

    def busy(self, day: date) -> bool:
        """Whether something is placed or ended on a day; asked once a day."""
        room = len(self.reasons(day)) < HELD_AT_MOST
        self._places = room and self._chance.random() < 0.08
        self._ends = self._chance.random() < 0.03
        return self._places or self._ends

    def act(self, day: date, snapshot: Snapshot) -> str | None:
        """Something is placed or ended; what."""
        if self._places:
            place = self._chance.choice((self._hold, self._hold, self._hold_class, self._restrict, self._request))
            place(day, snapshot)
            return place.__name__.strip("_")
        ending = [nth for nth, (_, _, end) in enumerate(self._standing) if end is not None]
        if ending and self._ends:
            _, _, end = self._standing.pop(self._chance.choice(ending))
            assert end is not None
            end()
            return "ended"
        return None

    def _hold(self, day: date, snapshot: Snapshot) -> None:
        identifier = self._somebody(snapshot)
        record_class = None if self._chance.random() < EVERY_CLASS else self._chance.choice(CLASSES)
        until = day + timedelta(days=self._chance.randrange(5, 400)) if self._chance.random() < 0.4 else None
        if until is not None and until < day_in_amsterdam():
            until = None  # simulated days lie in the past of whoever runs this years from now
        hold = holding.place(self._env, dict([identifier]), record_class, until, "claim", OFFICER)
        if self._stands_already(hold.id):
            return
        classes = frozenset({record_class}) if record_class else None
        self._stands(Reason("hold", self._known(snapshot, identifier), classes), until, lambda: self._release(hold.id))

    def _hold_class(self, day: date, snapshot: Snapshot) -> None:
        record_class = self._chance.choice(CLASSES)
        hold = holding.place(self._env, None, record_class, None, "incident", OFFICER)
        if self._stands_already(hold.id):
            return
        self._stands(Reason("hold", None, frozenset({record_class})), None, lambda: self._release(hold.id))

    def _stands_already(self, hold: int) -> bool:
        """The very same hold is not placed twice, and one release ends it."""
        known = hold in self._holds
        self._holds.add(hold)
        return known

    def _release(self, hold: int) -> None:
        self._holds.remove(hold)
        holding.release(self._env, hold, OFFICER)

    def _restrict(self, day: date, snapshot: Snapshot) -> None:
        """For a request that is at its end by then."""
        identifier = self._somebody(snapshot)
        number = self._registered(identifier)
        classes = self._chance.choice((frozenset({"*"}), frozenset(self._chance.sample(CLASSES, 3))))
        env = self._env
        with transaction(env.register) as register:
            restrictions.place(
                register, env.keyring, number, RestrictionGround.CLAIMS, classes, dict([identifier]), OFFICER
            )
        withdrawing.withdraw(env, number, OFFICER)

        def lift() -> None:
            with transaction(env.register) as register:
                restrictions.end(register, env.keyring, number, classes, "claim-over", OFFICER)
                restrictions.told(register, env.keyring, number, None, OFFICER)
                restrictions.lift(register, env.keyring, number, {})

        self._stands(
            Reason("restriction", self._known(snapshot, identifier), None if "*" in classes else classes), None, lift
        )

    def _request(self, day: date, snapshot: Snapshot) -> None:
        identifier = self._somebody(snapshot)
        number = self._registered(identifier)
        self._stands(
            Reason("request", self._known(snapshot, identifier)),
            None,
            lambda: void(withdrawing.withdraw(self._env, number, OFFICER)),
        )

    def _registered(self, identifier: sweep_links.Identifier) -> str:
        kind, value = identifier
        # A request gives an address, which may be one that nobody knows.
        given: dict[str, Any] = {"email": "onbekend@simulatie.example"}
        given |= {kind: value} if kind in ("email", "customer_number") else {"identifiers": {kind: value}}
        return self._office.register(right="erasure", **given)

    def _stands(self, reason: Reason, until: date | None, end: Callable[[], None]) -> None:
        self._standing.append((reason, until, end))

    @staticmethod
    def _known(snapshot: Snapshot, identifier: sweep_links.Identifier) -> frozenset[sweep_links.Identifier]:
        """By what they are known on the day on which something is placed: it is on the person, whatever goes later."""
        return sweep_links.Links(snapshot).known(identifier)

    def _somebody(self, snapshot: Snapshot) -> sweep_links.Identifier:
        """By which somebody in the stores is known."""
        known = sorted(
            {one for row, stored in snapshot.items() for one in sweep_links.identifiers_of(row, stored.fields)}
        )
        return self._chance.choice(known)


def void(_: Any) -> None:
    """For what is done for its effect."""
