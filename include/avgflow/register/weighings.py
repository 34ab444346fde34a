"""How a human weighed an objection (AVG art. 21(1)): upheld or refused, by record class; written once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql

from avgflow.crypto import Keyring
from avgflow.register import chain
from avgflow.register.detail import checked_actor, checked_code
from avgflow.register.events import entry
from avgflow.register.locks import locked
from avgflow.register.names import Bilingual, EventName
from avgflow.register.requests import RequestClosed, Status
from avgflow.register.schema import weighing as table


class Refusal(Bilingual):
    """Why an objection is refused, as it stands on the register and, in words, in the letter."""

    COMPELLING = (
        "compelling-grounds",
        "Wij hebben dwingende redenen om deze gegevens te blijven gebruiken. Die wegen zwaarder dan uw belang.",
        "We have compelling grounds to go on using these data. These outweigh your interest.",
    )
    CLAIMS = (
        "legal-claims",
        "Wij hebben deze gegevens nodig voor een rechtszaak, een vordering of een geschil.",
        "We need these data for a lawsuit, a claim or a dispute.",
    )
    CONTRACT = (
        "contract",
        "Wij hebben deze gegevens nodig om een overeenkomst uit te voeren. Daartegen kunt u geen bezwaar maken.",
        "We need these data to carry out a contract. You cannot object to that.",
    )
    NO_SITUATION = (
        "no-situation",
        "Wij vroegen u waarom dit gebruik in uw situatie bezwaarlijk is. Dat hebt u ons niet verteld.",
        "We asked you why this use is a problem in your situation. You did not tell us.",
    )


@dataclass(frozen=True)
class Weighed:
    """What a human decided on one record class; `reason`: of a refusal."""

    record_class: str
    upheld: bool
    reason: str | None
    actor: str
    at: datetime


def put(
    conn: Connection, keyring: Keyring, number: str, outcomes: Mapping[str, Refusal | None], actor: str
) -> Sequence[Weighed]:
    """Record the outcome for each class (None: upheld), with an event each, and return what stands.

    What a class was decided on before stands. `RequestClosed` where the request is closed.
    """
    held = locked(conn, number)
    if held.status == Status.CLOSED:
        raise RequestClosed(number, held.outcome)
    for record_class, refusal in sorted(outcomes.items()):
        written = postgresql.insert(table).values(
            number=number,
            record_class=checked_code("the record class of a weighing", record_class),
            upheld=refusal is None,
            reason=refusal.value if refusal else None,
            actor=checked_actor(actor),
        )
        if conn.execute(written.on_conflict_do_nothing().returning(table.c.id)).one_or_none() is None:
            continue
        detail = {"class": record_class, "outcome": "refused" if refusal else "upheld"}
        reason = {"reason": refusal.value} if refusal else {}
        chain.link(conn, keyring, [entry(EventName.OBJECTION_WEIGHED, number, actor, {**detail, **reason})])
    return weighed(conn, number)


def weighed(conn: Connection, number: str) -> Sequence[Weighed]:
    """What was decided so far, by record class."""
    query = select(*(table.c[name] for name in Weighed.__dataclass_fields__)).where(table.c.number == number)
    return [Weighed(**row._mapping) for row in conn.execute(query.order_by(table.c.record_class))]
