"""Suppressions: addresses that nothing may be sent to any more, by channel, as keyed hashes (AVG art. 21(3)).

A suppression is about sending and stops nobody from becoming a customer again (edx-platform#458). What a restriction
(art. 18) suppresses ends with it, what an objection or an erasure suppresses does not: an address can be on the list
once for each. The store that sends asks here (`suppressed`), or reads the view `suppressed_address` with the key of
this purpose alone (`key`): a hash is HMAC-SHA-256 under that key of the address in normal form, in lower case and
without blanks around it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Text, bindparam, func, select, update
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring, hash_under
from avgflow.errors import AvgflowError
from avgflow.identity import normal
from avgflow.register import chain
from avgflow.register.detail import checked_actor, checked_code
from avgflow.register.events import entry
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import suppression as table

_PURPOSE = "suppression"


class Channel(StrEnum):
    """What an address can be suppressed for. A further channel needs a normal form of its own addresses first."""

    EMAIL = "email"
    """Marketing by e-mail."""
    SURVEYS = "email-surveys"
    """Customer surveys by e-mail."""

    @property
    def kind(self) -> str:
        """The kind of identifier that its addresses are."""
        return "email"


class UnknownChannel(AvgflowError):
    """A channel that nothing is suppressed for; to answer 'not suppressed' would be untrue."""

    def __init__(self) -> None:
        super().__init__(f"This channel is unknown. Choose one of: {', '.join(Channel)}.")


class BlankAddress(AvgflowError):
    """A blank address is nobody's."""

    def __init__(self) -> None:
        super().__init__("The address is blank; nothing was changed. Give one address.")


@dataclass(frozen=True)
class Suppression:
    """An address on the list, without the address: only its hash is known."""

    channel: str
    hash: str
    reason: str
    number: str | None
    added_at: datetime
    added_by: str
    lifted_at: datetime | None
    lifted_by: str | None


RESTRICTION = "restriction"
"""The reason of what ends with a restriction."""


def suppress(
    conn: Connection, keyring: Keyring, channel: str, address: str, reason: str, number: str | None, actor: str
) -> bool:
    """Suppress an address, with the event; False where it was suppressed already, which changes nothing.

    `reason` is a code (`erasure`, `objection`, `restriction`); `number` the request it was suppressed for.
    `BlankAddress`, `UnknownChannel`.
    """
    if number is not None:
        locked(conn, number)
    of_channel, hashed = _channel(channel), _hashed(keyring, address)
    if any((one == RESTRICTION) == (reason == RESTRICTION) for one in _standing(conn, of_channel, hashed)):
        return False
    chain.lock(conn)
    put = postgresql.insert(table).values(
        channel=of_channel,
        hash=hashed,
        reason=checked_code("the reason of a suppression", reason),
        number=number,
        added_by=checked_actor(actor),
    )
    if conn.execute(put.on_conflict_do_nothing().returning(table.c.id)).one_or_none() is None:
        return False
    facts = {"channel": of_channel, "reason": reason}
    chain.link(conn, keyring, [entry(EventName.SUPPRESSION_ADDED, number, actor, facts)])
    return True


def suppress_all(
    conn: Connection, keyring: Keyring, channel: str, addresses: Iterable[str], reason: str, number: str, actor: str
) -> int:
    """Suppress many addresses for what has no request, with one event that counts them; those already on the list for
    such a reason stay as they are. `number`: of what it is done for. `UnknownChannel`.
    """
    of_channel, own_key = _channel(channel), keyring.purpose_key(_PURPOSE)
    hashes = sorted({hash_under(own_key, value) for address in addresses if (value := normal(address))})
    if not hashes:
        return 0
    chain.lock(conn)
    rows = [
        {
            "channel": of_channel,
            "hash": hashed,
            "reason": checked_code("the reason of a suppression", reason),
            "added_by": checked_actor(actor),
        }
        for hashed in hashes
    ]
    put = postgresql.insert(table).values(rows).on_conflict_do_nothing().returning(table.c.id)
    added = len(conn.execute(put).all())
    if added:
        facts = {"channel": of_channel, "reason": reason, "addresses": added}
        chain.link(conn, keyring, [entry(EventName.SUPPRESSION_ADDED, number, actor, facts)])
    return added


def lift(conn: Connection, keyring: Keyring, channel: str, address: str, actor: str) -> bool:
    """Lift whatever suppresses an address, with the event, for whoever signed up again; False where nothing did.

    `BlankAddress`, `UnknownChannel`.
    """
    of_channel, hashed = _channel(channel), _hashed(keyring, address)
    return _lift(conn, keyring, of_channel, [hashed], _standing(conn, of_channel, hashed), actor) > 0


def end_restriction(conn: Connection, keyring: Keyring, addresses: Iterable[str], actor: str) -> int:
    """Lift what restrictions alone put on the list, on every channel, with the events; how many entries that were.

    An address that an objection or an erasure put there stays suppressed.
    """
    own_key = keyring.purpose_key(_PURPOSE)
    hashes = sorted({hash_under(own_key, value) for address in addresses if (value := normal(address))})
    return sum(_lift(conn, keyring, channel.value, hashes, {RESTRICTION}, actor) for channel in Channel)


def _lift(
    conn: Connection, keyring: Keyring, channel: str, hashes: Sequence[str], reasons: Collection[str], actor: str
) -> int:
    if not hashes or not reasons:
        return 0
    chain.lock(conn)
    lifted = conn.execute(
        update(table)
        .where(
            table.c.channel == channel,
            table.c.hash.in_(hashes),
            table.c.reason.in_(reasons),
            table.c.lifted_at.is_(None),
        )
        .values(lifted_at=func.clock_timestamp(), lifted_by=checked_actor(actor))
        .returning(table.c.number)
    ).all()
    facts = [{"channel": channel, **({"request": row.number} if row.number else {})} for row in lifted]
    chain.link(conn, keyring, [entry(EventName.SUPPRESSION_LIFTED, None, actor, fact) for fact in facts])
    return len(lifted)


def suppressed(conn: Connection, keyring: Keyring, channel: str, addresses: Iterable[str]) -> set[str]:
    """Which of these addresses are suppressed, as they were given; one statement, however many there are.

    A blank address never is. `UnknownChannel`.
    """
    of_channel, own_key = _channel(channel), keyring.purpose_key(_PURPOSE)
    asked = {given: hash_under(own_key, value) for given in set(addresses) if (value := normal(given))}
    if not asked:
        return set()
    hashes = bindparam("hashes", sorted(set(asked.values())), postgresql.ARRAY(Text))
    query = select(table.c.hash).where(
        table.c.channel == of_channel, table.c.lifted_at.is_(None), table.c.hash == func.any(hashes)
    )
    found = set(conn.execute(query).scalars())
    return {given for given, hashed in asked.items() if hashed in found}


def suppressions(conn: Connection, limit: int | None = None) -> Sequence[Suppression]:
    """The suppressions that stand, the newest first; all of them unless limited."""
    query = select(*(table.c[name] for name in Suppression.__dataclass_fields__)).where(table.c.lifted_at.is_(None))
    return [Suppression(**row._mapping) for row in conn.execute(query.order_by(table.c.id.desc()).limit(limit))]


def show_key(conn: Connection, keyring: Keyring, actor: str) -> str:
    """`key`, with an event each time: show it to `actor` after the transaction is committed, not before."""
    chain.link(conn, keyring, [entry(EventName.SUPPRESSION_KEY_SHOWN, None, actor)])
    return key(keyring)


def key(keyring: Keyring) -> str:
    """The key of this purpose alone, in hex: with it a store's importer computes the hashes of the view itself.

    It is a secret: whoever has it and can read the view can try out addresses.
    """
    return keyring.purpose_key(_PURPOSE).hex()


def _channel(channel: str) -> str:
    try:
        return Channel(channel).value
    except ValueError:
        raise UnknownChannel from None


def _hashed(keyring: Keyring, address: str) -> str:
    value = normal(address)
    if value is None:
        raise BlankAddress
    return hash_under(keyring.purpose_key(_PURPOSE), value)


def _standing(conn: Connection, channel: str, hashed: str) -> set[str]:
    """For what reasons an address is suppressed."""
    on_list = (table.c.channel == channel, table.c.hash == hashed, table.c.lifted_at.is_(None))
    return set(conn.execute(select(table.c.reason).where(*on_list)).scalars())


def counts(conn: Connection) -> Sequence[tuple[str, str, int]]:
    """How many addresses are on the list now, by channel and reason."""
    query = (
        select(table.c.channel, table.c.reason, func.count())
        .where(table.c.lifted_at.is_(None))
        .group_by(table.c.channel, table.c.reason)
        .order_by(table.c.channel, table.c.reason)
    )
    return [(row[0], row[1], int(row[2])) for row in conn.execute(query)]
