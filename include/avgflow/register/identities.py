"""The persons that an ambiguous request may be about, and the choice that a human made; both sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from avgflow.crypto import Keyring
from avgflow.identity import Candidate
from avgflow.register import events
from avgflow.register.events import SYSTEM
from avgflow.register.locks import locked
from avgflow.register.names import EventName
from avgflow.register.schema import identity


def put_candidates(conn: Connection, keyring: Keyring, number: str, people: Sequence[Candidate]) -> None:
    """Keep who the request may be about, with the event; the same people again change nothing."""
    locked(conn, number)
    kept = _sealed(conn, number)
    found = [person.to_json() for person in people]
    if kept is not None and kept.candidates_sealed and keyring.open_json(kept.candidates_sealed) == found:
        return
    # Another set of people makes an earlier choice among them void.
    _put(conn, number, candidates_sealed=keyring.seal_json(found), choice_sealed=None, chosen_at=None)
    events.append(conn, keyring, EventName.REQUEST_AMBIGUOUS, number, detail={"candidates": len(found)})


def candidates(conn: Connection, keyring: Keyring, number: str) -> tuple[Candidate, ...]:
    """Who the request may be about; none where that was never in doubt."""
    kept = _sealed(conn, number)
    if kept is None or not kept.candidates_sealed:
        return ()
    return tuple(Candidate.from_json(person) for person in keyring.open_json(kept.candidates_sealed))


def put_choice(
    conn: Connection,
    keyring: Keyring,
    number: str,
    choice: Mapping[str, Any],
    picked: Sequence[int],
    actor: str = SYSTEM,
) -> None:
    """Keep the search that a human's choice leads to, with the event; `picked` counts the candidates from 1."""
    locked(conn, number)
    _put(conn, number, choice_sealed=keyring.seal_json(choice), chosen_at=func.clock_timestamp())
    events.append(conn, keyring, EventName.REQUEST_RESOLVED, number, actor, {"candidates": list(picked)})


def choice(conn: Connection, keyring: Keyring, number: str) -> dict[str, Any] | None:
    """The search that a human chose, or None where no human had to."""
    kept = _sealed(conn, number)
    if kept is None or not kept.choice_sealed:
        return None
    opened: dict[str, Any] = keyring.open_json(kept.choice_sealed)
    return opened


def _sealed(conn: Connection, number: str) -> Any:
    return conn.execute(select(identity).where(identity.c.number == number)).one_or_none()


def _put(conn: Connection, number: str, **values: Any) -> None:
    statement = insert(identity).values(number=number, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=[identity.c.number], set_=values))
