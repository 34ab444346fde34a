"""Restrictions: whose data may not be used for the time being, why, and what ended that (AVG art. 18).

A restriction is placed for a request, on all of a person's records or on some classes of them. The person is known by
keyed hashes of identifiers: any one of them, in whatever case, is enough. Another system asks here (`on`), or reads the
view `restricted` with the key of this purpose alone (`key`): a hash is HMAC-SHA-256 under that key of the identifier in
normal form, in lower case and without blanks around it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select, tuple_, update
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring, hash_under
from avgflow.errors import AvgflowError
from avgflow.identity import normal
from avgflow.intake import RestrictionGround
from avgflow.policy.decide import EVERYTHING
from avgflow.register import chain
from avgflow.register.detail import checked_actor, checked_code
from avgflow.register.events import SYSTEM, entry
from avgflow.register.locks import locked
from avgflow.register.names import Bilingual, EventName
from avgflow.register.schema import restriction as table
from avgflow.register.schema import restriction_hash
from avgflow.register.subjects import Identifiers, numbers_of_same

_PURPOSE = "restriction"

_EVERYTHING = "everything"
"""How the log calls `EVERYTHING`."""


class LiftReason(Bilingual):
    """Why a restriction ends, as it stands on the register and, in words, in the letter."""

    ACCURATE = (
        "accurate",
        "Wij hebben uw gegevens nagekeken. Ze kloppen.",
        "We have checked your data. They are correct.",
    )
    CORRECTED = (
        "corrected",
        "Wij hebben uw gegevens nagekeken en verbeterd.",
        "We have checked and corrected your data.",
    )
    LAWFUL = (
        "lawful",
        "Wij hebben nagekeken of wij uw gegevens mogen gebruiken. Dat mag.",
        "We have checked whether we may use your data. We may.",
    )
    CLAIM_OVER = (
        "claim-over",
        "U hebt uw gegevens niet meer nodig voor uw rechtszaak, vordering of geschil.",
        "You no longer need your data for your lawsuit, claim or dispute.",
    )
    REFUSED = (
        "objection-refused",
        "Wij hebben uw bezwaar afgewogen en geven u geen gelijk.",
        "We have weighed your objection and did not uphold it.",
    )
    HANDLED = (
        "objection-handled",
        "Wij hebben het gebruik gestopt waartegen u bezwaar maakte. Dat blijft zo.",
        "We have stopped the use that you objected to. That stays so.",
    )
    AGREED = (
        "agreed",
        "U vindt het goed dat de beperking eindigt.",
        "You agree that the restriction ends.",
    )


REASONS: Mapping[RestrictionGround, tuple[LiftReason, ...]] = {
    RestrictionGround.ACCURACY: (LiftReason.ACCURATE, LiftReason.CORRECTED, LiftReason.AGREED),
    RestrictionGround.UNLAWFUL: (LiftReason.LAWFUL, LiftReason.AGREED),
    RestrictionGround.CLAIMS: (LiftReason.CLAIM_OVER, LiftReason.AGREED),
    RestrictionGround.OBJECTION: (LiftReason.REFUSED, LiftReason.HANDLED, LiftReason.AGREED),
}
"""Which reasons can end a restriction on which ground."""


class NotRestricted(AvgflowError):
    """A restriction was to end that does not stand."""

    def __init__(self, number: str) -> None:
        super().__init__(f"No restriction of {number} stands. `avgflow restriction list` shows those that do.")


class LiftedAlready(AvgflowError):
    """A restriction was to be placed that was lifted before: the person was told that it ended."""

    def __init__(self, number: str) -> None:
        super().__init__(f"The restriction of {number} was lifted. To restrict the data again, register a new request.")


class ReasonRefused(AvgflowError):
    """A restriction cannot end for this reason."""

    def __init__(self, ground: RestrictionGround) -> None:
        super().__init__(
            f"A restriction for {ground} does not end for this reason. Choose one of: {', '.join(REASONS[ground])}."
        )


@dataclass(frozen=True)
class Restriction:
    """The restriction of one class of a person's records (or `EVERYTHING`), without whose they are.

    `lift_reason`: why it is to end, or ended, on whose word (`lift_by`); `told_at`: when the person was told of that.
    """

    number: str
    record_class: str
    ground: str
    begun_at: datetime
    begun_by: str
    lift_reason: str | None
    lift_by: str | None
    told_at: datetime | None
    lifted_at: datetime | None

    @property
    def stands(self) -> bool:
        """Whether the records may not be used still."""
        return self.lifted_at is None


_SHOWN = [table.c[name] for name in Restriction.__dataclass_fields__]
_STANDING = table.c.lifted_at.is_(None)


def place(
    conn: Connection,
    keyring: Keyring,
    number: str,
    ground: RestrictionGround,
    classes: Collection[str],
    identifiers: Identifiers,
    actor: str = SYSTEM,
) -> Sequence[Restriction]:
    """Restrict classes of records (or `EVERYTHING`) for a request, with the event, and return what stands of it.

    What was placed for it before stays as it is; identifiers that are new to it are added. `LiftedAlready`.
    """
    locked(conn, number)
    if any(one.record_class in classes and not one.stands for one in of_request(conn, number)):
        raise LiftedAlready(number)
    _know(conn, keyring, number, identifiers)
    put = postgresql.insert(table).values(
        [
            {
                "number": number,
                "record_class": EVERYTHING if name == EVERYTHING else checked_code("a restricted class", name),
                "ground": RestrictionGround(ground).value,
                "begun_by": checked_actor(actor),
            }
            for name in sorted(classes)
        ]
    )
    new = conn.execute(put.on_conflict_do_nothing().returning(table.c.record_class)).scalars().all() if classes else []
    if new:
        facts = {"ground": ground.value, "classes": _named(new)}
        chain.link(conn, keyring, [entry(EventName.RESTRICTION_PLACED, number, actor, facts)])
    return standing(conn, number)


def end(conn: Connection, keyring: Keyring, number: str, classes: Collection[str], reason: str, actor: str) -> None:
    """Record why restrictions of these classes are to end, with the event; what was said first stands.

    Nothing ends by it: the person is told before (`lift`). `NotRestricted`, `ReasonRefused`.
    """
    locked(conn, number)
    found = [one for one in standing(conn, number) if one.record_class in classes]
    if not found:
        raise NotRestricted(number)
    grounds = {RestrictionGround(one.ground) for one in found}
    for ground in sorted(grounds):
        if reason not in list(REASONS[ground]):
            raise ReasonRefused(ground)
    new = conn.execute(
        update(table)
        .where(*_of(number, classes), _STANDING, table.c.lift_reason.is_(None))
        .values(lift_reason=reason, lift_by=checked_actor(actor))
        .returning(table.c.record_class)
    ).scalars()
    if ending := sorted(new):
        facts = {"reason": reason, "classes": _named(ending)}
        chain.link(conn, keyring, [entry(EventName.RESTRICTION_ENDING, number, actor, facts)])


def told(conn: Connection, keyring: Keyring, number: str, at: datetime | None, actor: str = SYSTEM) -> None:
    """Record that the person was told that what is to end will end, with the event: when the mail server took the mail,
    or None: now, by another way.
    """
    locked(conn, number)
    told_of = conn.execute(
        update(table)
        .where(table.c.number == number, _STANDING, table.c.lift_reason.is_not(None), table.c.told_at.is_(None))
        .values(told_at=at or func.clock_timestamp())
        .returning(table.c.record_class)
    ).scalars()
    if named := sorted(told_of):
        facts = {"by": "mail" if at else "other-way", "classes": _named(named)}
        chain.link(conn, keyring, [entry(EventName.RESTRICTION_TOLD, number, actor, facts)])


def lift(conn: Connection, keyring: Keyring, number: str, facts: Mapping[str, object]) -> Sequence[str]:
    """Lift what is to end and of which the person was told, with the event; the classes, none where it was lifted
    before. `facts`: what was done in the stores.
    """
    locked(conn, number)
    lifted = conn.execute(
        update(table)
        .where(table.c.number == number, _STANDING, table.c.lift_reason.is_not(None), table.c.told_at.is_not(None))
        .values(lifted_at=func.clock_timestamp())
        .returning(table.c.record_class)
    ).scalars()
    classes = sorted(lifted)
    if classes:
        detail = {"classes": _named(classes), **facts}
        chain.link(conn, keyring, [entry(EventName.RESTRICTION_LIFTED, number, SYSTEM, detail)])
    return classes


def of_request(conn: Connection, number: str) -> Sequence[Restriction]:
    """Every restriction that was ever placed for a request, by class."""
    return _read(conn, select(*_SHOWN).where(table.c.number == number).order_by(table.c.record_class))


def standing(conn: Connection, number: str) -> Sequence[Restriction]:
    """The restrictions of a request that stand."""
    return [one for one in of_request(conn, number) if one.stands]


def list_(conn: Connection, limit: int | None = None) -> Sequence[Restriction]:
    """Every restriction that was ever placed, or so many of them, the newest first."""
    newest = (table.c.begun_at.desc(), table.c.number, table.c.record_class)
    return _read(conn, select(*_SHOWN).order_by(*newest).limit(limit))


def on(conn: Connection, keyring: Keyring, identifiers: Identifiers) -> Sequence[Restriction]:
    """The restrictions that stand on whoever has one of these identifiers, the oldest first; a blank one is nobody's.

    One statement, however many identifiers there are.
    """
    hashed = _hashes(keyring, identifiers)
    if not hashed:
        return []
    pairs = tuple_(restriction_hash.c.kind, restriction_hash.c.hash).in_(hashed)
    numbers = select(restriction_hash.c.number).where(pairs)
    return _read(conn, _oldest_first().where(_STANDING, table.c.number.in_(numbers)))


def of(conn: Connection, keyring: Keyring, identifiers: Identifiers) -> dict[str, RestrictionGround]:
    """What of whoever has one of these identifiers may not be used, nor deleted by a sweep: the first ground, by record
    class or `EVERYTHING`.
    """
    found: dict[str, RestrictionGround] = {}
    for one in on(conn, keyring, identifiers):
        found.setdefault(one.record_class, RestrictionGround(one.ground))
    return found


def of_same(conn: Connection, number: str) -> Sequence[Restriction]:
    """Every restriction that was ever placed on the person of a request, for this or another request of theirs; the
    oldest first.
    """
    return _read(conn, _oldest_first().where(table.c.number.in_(numbers_of_same(number))))


def show_key(conn: Connection, keyring: Keyring, actor: str) -> str:
    """`key`, with an event each time: show it to `actor` after the transaction is committed, not before."""
    chain.link(conn, keyring, [entry(EventName.RESTRICTION_KEY_SHOWN, None, actor)])
    return key(keyring)


def key(keyring: Keyring) -> str:
    """The key of this purpose alone, in hex: with it another system computes the hashes of the view itself.

    It is a secret: whoever has it and can read the view can try out identifiers.
    """
    return keyring.purpose_key(_PURPOSE).hex()


def _know(conn: Connection, keyring: Keyring, number: str, identifiers: Identifiers) -> None:
    rows = [{"number": number, "kind": kind, "hash": each} for kind, each in _hashes(keyring, identifiers)]
    if rows:
        conn.execute(postgresql.insert(restriction_hash).values(rows).on_conflict_do_nothing())


def _hashes(keyring: Keyring, identifiers: Identifiers) -> list[tuple[str, str]]:
    own_key = keyring.purpose_key(_PURPOSE)
    return sorted(
        {
            (kind, hash_under(own_key, value))
            for kind, given in identifiers.items()
            for each in ([given] if isinstance(given, str) else given)
            if (value := normal(each))
        }
    )


def _named(classes: Iterable[str]) -> list[str]:
    return sorted(_EVERYTHING if name == EVERYTHING else name for name in classes)


def _of(number: str, classes: Collection[str]) -> tuple[Any, ...]:
    return table.c.number == number, table.c.record_class.in_(classes)


def _oldest_first() -> Select[Any]:
    return select(*_SHOWN).order_by(table.c.begun_at, table.c.number, table.c.record_class)


def _read(conn: Connection, query: Select[Any]) -> Sequence[Restriction]:
    return [Restriction(**row._mapping) for row in conn.execute(query)]
