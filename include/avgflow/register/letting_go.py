"""Letting go of what is past its own term (art. 5(1)(e)): case files whole, and what goes before them.

The database decides whether the day has come and what keeps a case file (`r0013_housekeeping`): the application may
delete nothing by itself. Events stay, and each deletion is one; it says what and how much, never of whom.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from sqlalchemy import ColumnElement, Connection, Date, Interval, bindparam, cast, func, or_, select

from avgflow.crypto import Keyring
from avgflow.register import chain, locks
from avgflow.register.events import SYSTEM, entry
from avgflow.register.names import Bilingual, EventName
from avgflow.register.schema import case_file, mail, own_data


class Kind(Bilingual):
    """What has a term of its own, by its name in the view `own_data`."""

    DOCUMENTS = "documents", "bewijsstukken", "documents"
    CODES = "codes", "eenmalige codes", "one-time codes"
    CANDIDATES = "candidates", "mogelijke personen", "possible persons"
    PASSPHRASES = "passphrases", "wachtzinnen", "passphrases"
    ATTACHMENTS = "attachments", "brieven met bijlagen", "letters with attachments"
    MAILS = "mails", "interne berichten", "internal mails"
    TOMBSTONES = "tombstones", "lijsten van gewiste rijen", "lists of erased rows"
    SUPPRESSIONS = "suppressions", "beëindigde afmeldingen", "suppressions that ended"
    HOLDS = "holds", "opgeheven wisverboden", "holds that were released"
    SWEEPS = "sweeps", "verslagen van opschonen", "records of sweeps"
    WITHHOLDINGS = "withholdings", "beëindigde weigeringen van rijen", "withholdings that ended"


class Held(Bilingual):
    """Why a case file that is past its term stays."""

    NOT_CLOSED = "not-closed", "een verzoek ervan is niet afgesloten", "a request of it is not closed"
    NO_CLOSING_DATE = "no-closing-date", "het register weet de sluitdatum niet", "its closing date is not on record"
    WITHIN_TERM = "within-term", "de termijn loopt nog", "its term runs still"
    RESTRICTION = "restriction-stands", "een beperking ervan geldt nog", "a restriction of it stands"
    BREACH = "breach-open", "een datalek ervan is niet afgesloten", "a breach of it is open"
    MAIL = "mail-not-accepted", "een bericht ervan is niet aangekomen", "a mail of it was not accepted"
    RECIPIENT = "recipient-not-told", "een ontvanger is niet ingelicht", "a recipient was not told"
    TOMBSTONES = (
        "tombstones-kept",
        "de lijst van gewiste rijen is nodig zolang er reservekopieën zijn",
        "its list of erased rows is needed as long as there are backups",
    )
    HOLD = "hold", "een wisverbod is niet opgeheven", "a hold was not released"
    PERSON_RESTRICTED = (
        "person-restricted",
        "de gegevens van deze persoon zijn beperkt",
        "the data of this person are restricted",
    )
    OPEN_REQUEST = (
        "person-has-open-request",
        "een ander verzoek van deze persoon loopt nog",
        "another request of this person is open",
    )
    FILES = "files-left", "er staan nog bestanden van", "files of it are left"


@dataclass(frozen=True)
class Due:
    """How much of a kind is past its term, and from which days its terms counted."""

    count: int
    oldest: date | None
    newest: date | None


@dataclass(frozen=True)
class CaseFile:
    """A request, or those that came in together, by the first number; `ended_on`: None where that is not on record."""

    first: str
    numbers: tuple[str, ...]
    ended_on: date | None


def due(conn: Connection, kind: Kind, period: str, today: date) -> Due:
    """What of a kind is past its term (ISO 8601) on a day."""
    past = _past(kind, period, today)
    found = conn.execute(select(func.count(), func.min(own_data.c.since), func.max(own_data.c.since)).where(*past))
    return Due(*found.one())


def let_go_of(conn: Connection, keyring: Keyring, kind: Kind, period: str, today: date) -> int:
    """Delete what of a kind is past its term, with an event for each request concerned; how much it was."""
    numbers = conn.execute(select(own_data.c.number).distinct().where(*_past(kind, period, today))).scalars()
    locks.lock(conn, [number for number in numbers if number])
    chain.lock(conn)
    called = func.let_go_of(kind.value, _interval(period), today).table_valued("number", "things")
    gone = {row.number: row.things for row in conn.execute(select(called.c.number, called.c.things))}
    links = [_of_data(number, kind, gone[number]) for number in sorted(gone, key=lambda number: number or "")]
    chain.link(conn, keyring, links)
    return sum(gone.values())


def heavy(conn: Connection, period: str, today: date) -> Sequence[tuple[str, str]]:
    """The letters whose attachments are past their term: Message-ID and request."""
    query = select(own_data.c.key, own_data.c.number).where(*_past(Kind.ATTACHMENTS, period, today))
    return [(row.key, row.number) for row in conn.execute(query.order_by(own_data.c.number, own_data.c.key))]


def lighten(conn: Connection, keyring: Keyring, message_id: str, number: str, period: str, today: date) -> bool:
    """Take the attachments out of a letter, with the event; the letter itself stays with the case file. False where it
    had none, or that was done before. The digest of the mail stays that of what was sent.
    """
    locks.lock(conn, [number])
    row = conn.execute(select(mail.c.message_sealed, mail.c.lightened_at).where(mail.c.message_id == message_id)).one()
    if row.lightened_at is not None or row.message_sealed is None:
        return False
    lighter = _without_attachments(keyring.open(row.message_sealed))
    sealed = keyring.seal(lighter) if lighter is not None else None
    done = conn.execute(select(func.lighten_mail(message_id, sealed, _interval(period), today))).scalar_one()
    if not done or lighter is None:
        return False
    chain.link(conn, keyring, [_of_data(number, Kind.ATTACHMENTS, 1)])
    return True


def case_files(conn: Connection, period: str, today: date) -> Sequence[CaseFile]:
    """Closed case files that are past their term, and those whose closing date is not on record."""
    ended = case_file.c.ended_on
    query = select(case_file.c.first, case_file.c.numbers, ended).where(
        case_file.c.closed, or_(ended.is_(None), _last_day(ended, period) < today)
    )
    rows = conn.execute(query.order_by(ended, case_file.c.first))
    return [CaseFile(row.first, tuple(row.numbers), row.ended_on) for row in rows]


def held(conn: Connection, first: str, record_class: str, period: str, today: date) -> Held | None:
    """Why a case file stays, None where nothing keeps it. `record_class`: the class of case files in the policy."""
    reason = conn.execute(select(func.case_file_held(first, record_class, _interval(period), today))).scalar_one()
    return Held(reason) if reason else None


def let_go(
    conn: Connection, keyring: Keyring, one: CaseFile, record_class: str, period: str, today: date
) -> Held | int:
    """Delete a case file, with an event for each of its requests; how many rows it was, or why it stays."""
    locks.lock(conn, one.numbers)
    # It touches suppressions, which come after the head of the chain.
    chain.lock(conn)
    called = select(func.let_go(one.first, record_class, _interval(period), today))
    done: dict[str, Any] = conn.execute(called).scalar_one()
    if "held" in done:
        return Held(done["held"])
    rows: int = sum(done["rows"].values()) + len(done["numbers"])
    ended = one.ended_on.isoformat() if one.ended_on else None
    facts: dict[str, object] = {"ended_on": ended, "rows": rows}
    if len(done["numbers"]) > 1:
        facts["together"] = one.first
    chain.link(conn, keyring, [entry(EventName.REQUEST_LET_GO, number, SYSTEM, facts) for number in done["numbers"]])
    return rows


def kept_tombstones(conn: Connection, numbers: Sequence[str], period: str, today: date) -> int:
    """How many lists of erased rows of these requests are within their own term."""
    within = (own_data.c.what == Kind.TOMBSTONES.value, own_data.c.number.in_(numbers))
    stays = _last_day(own_data.c.since, period) >= today
    count: int = conn.execute(select(func.count()).select_from(own_data).where(*within, stays)).scalar_one()
    return count


def _without_attachments(raw: bytes) -> bytes | None:
    """A mail less what is attached to it; None where nothing is."""
    message: EmailMessage = message_from_bytes(raw, policy=policy.SMTP)
    attached = [id(part) for part in message.iter_attachments()]
    if not attached:
        return None
    message.set_payload([part for part in message.iter_parts() if id(part) not in attached])
    return message.as_bytes(policy=policy.SMTP)


def _of_data(number: str | None, kind: Kind, count: int) -> chain.Link:
    return entry(EventName.DATA_LET_GO, number, SYSTEM, {"what": kind.value, "count": count})


def _past(kind: Kind, period: str, today: date) -> tuple[ColumnElement[bool], ...]:
    return own_data.c.what == kind.value, _last_day(own_data.c.since, period) < today


def _last_day(since: ColumnElement[date], period: str) -> ColumnElement[date]:
    """The last day on which something is kept: as `avgflow.policy.decide.last_day`, by the database."""
    return cast(since + _interval(period), Date)


def _interval(period: str) -> ColumnElement[Any]:
    return cast(bindparam(None, period), Interval)
