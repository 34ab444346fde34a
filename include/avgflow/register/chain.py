"""The hash chain of events: linking new ones to it and checking all of it.

An event's hash is an HMAC-SHA-256 over its canonical form, in which the hash of the event before it stands: a change
in any field of any event breaks the chain there, and who can write to the database but lacks `AVGFLOW_HASH_KEY` cannot
mend it. The head (id and hash of the last event) is signed likewise, so that events taken off the end are missed.

What this cannot show: that the whole database, head included, was put back to an earlier state. Against that an
auditor notes the head that `avgflow audit verify` prints and has it looked for the next time (`noted`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, literal, select, update

from avgflow.crypto import Keyring
from avgflow.errors import AvgflowError
from avgflow.register.detail import Detail
from avgflow.register.names import Bilingual
from avgflow.register.schema import chain_head, event

START = "0" * 64
"""What the first event holds as the hash of the one before it."""

_EVENT_PURPOSE = "event chain"
_HEAD_PURPOSE = "event chain head"
_TIME_FORMAT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


class ChainBroken(AvgflowError):
    """The event chain does not check out."""


class Break(Bilingual):
    """How a chain can be broken; `{id}` is the first event concerned."""

    CHANGED = "changed", "gebeurtenis {id} is met de hand gewijzigd", "event {id} was changed by hand"
    REMOVED = "removed", "gebeurtenis {id} is verwijderd", "event {id} was removed"
    UNLINKED = (
        "unlinked",
        "gebeurtenis {id} sluit niet aan op de vorige",
        "event {id} does not follow from the one before it",
    )
    ADDED = (
        "added",
        "gebeurtenis {id} is met de hand toegevoegd: zij ligt buiten de ondertekende keten",
        "event {id} was added by hand: it lies outside the signed chain",
    )
    HEAD = (
        "head",
        "het einde van de keten draagt niet de handtekening van deze installatie",
        "the end of the chain does not carry this installation's signature",
    )
    KEY = (
        "key",
        "geen handtekening klopt: AVGFLOW_HASH_KEY is niet de sleutel van dit register, of gebeurtenis {id} en het "
        "einde van de keten zijn beide gewijzigd",
        "no signature fits: AVGFLOW_HASH_KEY is not the key of this register, or event {id} and the end of the chain "
        "were both changed",
    )
    NOTED = (
        "noted",
        "gebeurtenis {id} is niet meer die van de eerdere controle",
        "event {id} is no longer the one noted at an earlier check",
    )


@dataclass(frozen=True)
class Link:
    """An event that is to be linked: everything but what the chain itself gives it."""

    name: str
    number: str | None
    actor: str
    detail: Detail


class NotAHead(AvgflowError):
    """What was given as the end of a chain is not one."""

    def __init__(self) -> None:
        super().__init__(
            "The end of the chain to compare with is written ID:HASH, as `avgflow audit verify` prints it."
        )


@dataclass(frozen=True)
class Head:
    """The end of the chain: id and hash of the last event. As text `42:5f0c…`."""

    id: int
    hash: str

    def __str__(self) -> str:
        return f"{self.id}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Head:
        """A head as it was printed; `NotAHead` for anything else."""
        match = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text.strip())
        if match is None:
            raise NotAHead
        return cls(int(match[1]), match[2])


@dataclass(frozen=True)
class ChainReport:
    """What checking the chain found. `first_broken` is None where it is whole, or where only the head is wrong."""

    ok: bool
    events: int
    first_broken: int | None
    kind: str | None
    reason: str | None
    reason_nl: str | None
    head: Head


def lock(conn: Connection) -> None:
    """Hold the end of the chain, before a row that hangs on no request is written or changed.

    Whoever linked an event holds it already; if others held such a row first, the two would wait for each other.
    """
    conn.execute(select(chain_head.c.singleton).with_for_update())


def link(conn: Connection, keyring: Keyring, links: Sequence[Link]) -> None:
    """Add events to the end of the chain, in two round trips; others wait until the caller's transaction ends.

    `ChainBroken` where the head's signature is not this installation's: building on it would make a forged end look
    genuine.
    """
    if not links:
        return
    found = conn.execute(
        select(chain_head, func.clock_timestamp().label("at")).with_for_update(of=chain_head)
    ).one_or_none()
    if found is None or found.signature != _signature(keyring, Head(found.last_id, found.hash)):
        raise ChainBroken(
            "Nothing was written: the end of the event chain does not carry this installation's signature. Check "
            "AVGFLOW_HASH_KEY, then run `avgflow audit verify`."
        )
    last = Head(found.last_id, found.hash)
    rows = []
    for one in links:
        now = Head(last.id + 1, _hash(keyring, last, _printed(found.at), one))
        rows.append({"id": now.id, "at": found.at, **vars(one), "prev_hash": last.hash, "hash": now.hash})
        last = now
    conn.execute(
        update(chain_head)
        .values(last_id=last.id, hash=last.hash, signature=_signature(keyring, last))
        .add_cte(insert(event).values(rows).cte("linked"))
    )


def signed(conn: Connection, keyring: Keyring) -> bool:
    """Whether the end of the chain carries this installation's signature: a first look, which `verify` makes whole."""
    found = conn.execute(select(chain_head)).one_or_none()
    return found is not None and found.signature == _signature(keyring, Head(found.last_id, found.hash))


def verify(conn: Connection, keyring: Keyring, noted: Head | None = None) -> ChainReport:
    """Check every event and the head, as of one moment; memory does not grow with the chain.

    `noted` is a head that was printed by an earlier check: its event must still be there with the same hash.
    """
    # One statement, hence one snapshot: events that are written meanwhile are seen with their head or not at all.
    # The database prints the time itself, since a hand may have put one there that Python cannot hold.
    rows = conn.execute(
        select(
            *(column for column in event.c if column is not event.c.at),
            func.to_char(func.timezone("UTC", event.c.at), _TIME_FORMAT).label("at"),
            chain_head.c.last_id,
            chain_head.c.hash.label("head_hash"),
            chain_head.c.signature,
        )
        .select_from(chain_head.outerjoin(event, literal(True)))
        .order_by(event.c.id)
        .execution_options(stream_results=True, yield_per=1000)
    )
    last, seen = Head(0, START), 0
    head, signed = last, False
    for row in rows:
        head = Head(row.last_id, row.head_hash)
        signed = _signature(keyring, head) == row.signature
        if row.id is None:
            break
        seen += 1
        if found := _break_at(keyring, last, head, row):
            kind, broken = found
            if kind is Break.CHANGED and seen == 1 and not signed:
                kind = Break.KEY
            return _report(seen, head, kind, broken)
        last = Head(row.id, row.hash)
        if noted is not None and noted.id == last.id and noted.hash != last.hash:
            return _report(seen, head, Break.NOTED, last.id)
    if not signed:
        return _report(seen, head, Break.HEAD, None)
    if max(head.id, noted.id if noted else 0) > last.id:
        return _report(seen, head, Break.REMOVED, last.id + 1)
    return ChainReport(True, seen, None, None, None, None, head)


@dataclass(frozen=True)
class Written:
    """An event as it stands in the chain, to the byte; `at` in the form over which its hash is made."""

    id: int
    at: str
    name: str
    number: str | None
    actor: str
    detail: Detail
    prev_hash: str
    hash: str

    def genuine(self, keyring: Keyring) -> bool:
        """Whether its hash is made over what it says, with this installation's key."""
        link = Link(self.name, self.number, self.actor, self.detail)
        return self.hash == _hash(keyring, Head(self.id - 1, self.prev_hash), self.at, link)


def written(conn: Connection, number: str) -> Sequence[Written]:
    """A request's events as they stand in the chain, oldest first."""
    at = func.to_char(func.timezone("UTC", event.c.at), _TIME_FORMAT).label("at")
    columns = [at if name == "at" else event.c[name] for name in Written.__dataclass_fields__]
    rows = conn.execute(select(*columns).where(event.c.number == number).order_by(event.c.id))
    return [Written(**row._mapping) for row in rows]


def hashes(conn: Connection, first: int) -> Iterator[Head]:
    """Every event's id and hash from this one on, and that before it; nothing of what they say."""
    if first == 1:
        yield Head(0, START)
    rows = conn.execute(
        select(event.c.id, event.c.hash)
        .where(event.c.id >= first - 1)
        .order_by(event.c.id)
        .execution_options(stream_results=True, yield_per=5000)
    )
    for row in rows:
        yield Head(row.id, row.hash)


def start(conn: Connection, keyring: Keyring) -> None:
    """Sign the head of a chain without events; only for a register that was made in this very transaction.

    Anywhere else this would let whoever emptied the register begin a chain that looks whole.
    """
    conn.execute(update(chain_head).values(last_id=0, hash=START, signature=_signature(keyring, Head(0, START))))


def _break_at(keyring: Keyring, last: Head, head: Head, row: Row[*tuple[Any, ...]]) -> tuple[Break, int] | None:
    """What is wrong with an event that should follow `last`, and the id to name."""
    if row.id > head.id or row.id <= last.id:
        return Break.ADDED, row.id
    if row.id > last.id + 1:
        return Break.REMOVED, last.id + 1
    link = Link(row.name, row.number, row.actor, row.detail)
    if row.hash != _hash(keyring, Head(row.id - 1, row.prev_hash), row.at, link):
        return Break.CHANGED, row.id
    if row.prev_hash != last.hash:
        return Break.UNLINKED, row.id
    return None


def _report(events: int, head: Head, kind: Break, broken: int | None) -> ChainReport:
    return ChainReport(
        ok=False,
        events=events,
        first_broken=broken,
        kind=kind,
        reason=kind.en.format(id=broken),
        reason_nl=kind.nl.format(id=broken),
        head=head,
    )


def _hash(keyring: Keyring, last: Head, at: str, link: Link) -> str:
    """The hash of an event after `last`; `at` in the form of `_printed`."""
    fields = [last.id + 1, at, link.name, link.number, link.actor, link.detail, last.hash]
    return keyring.sign(_EVENT_PURPOSE, _canonical(fields))


def _signature(keyring: Keyring, head: Head) -> str:
    return keyring.sign(_HEAD_PURPOSE, _canonical([head.id, head.hash]))


def _canonical(fields: list[Any]) -> bytes:
    """One way to write JSON: sorted keys, no blanks, ASCII."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _printed(at: datetime) -> str:
    """A moment in UTC to the microsecond, as the database prints it with `_TIME_FORMAT`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
