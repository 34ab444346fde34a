"""The register lets go of what is past its term: first what has a shorter one of its own, then case files whole.

Each kind, and each case file, is a transaction of its own with its event: a run that is killed leaves nothing half done
and nothing done without a word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from avgflow.catalog.models import Text
from avgflow.handling.environment import Environment
from avgflow.housekeeping import files
from avgflow.housekeeping.found import Failed, Found, Gone, Kept, Part
from avgflow.intake import day_in_amsterdam
from avgflow.policy.decide import last_day
from avgflow.policy.models import Policy
from avgflow.register import letting_go
from avgflow.register.database import RegisterRefused, transaction
from avgflow.register.letting_go import CaseFile, Held, Kind
from avgflow.register.locks import UnknownRequest

CASE_FILES = "case_files"
_TITLE = Text(nl="dossiers", en="case files")


def terms(policy: Policy) -> Mapping[str, str]:
    """The term of each kind, and of case files; what has none stays (ISO 8601).

    What hangs on no request (a hold or a suppression that ended, a sweep) is kept as long as a case file.
    """
    own, whole = policy.housekeeping, policy.classes[policy.request_class].term.period
    found = {
        Kind.DOCUMENTS: own.documents,
        Kind.CODES: own.codes,
        Kind.CANDIDATES: own.candidates,
        Kind.PASSPHRASES: own.packages,
        Kind.ATTACHMENTS: own.packages,
        Kind.MAILS: own.mails,
        Kind.TOMBSTONES: own.tombstones,
        Kind.SUPPRESSIONS: whole,
        Kind.HOLDS: whole,
        Kind.WITHHOLDINGS: whole,
        Kind.SWEEPS: whole,
        CASE_FILES: whole,
    }
    return {str(name): period for name, period in found.items() if period is not None}


def preview(env: Environment, today: date | None = None) -> Found:
    """What would go and what stays; nothing is touched. A letter counts as one with attachments until it is opened."""
    day, known = today or day_in_amsterdam(), terms(env.policy)
    gone = []
    with transaction(env.register) as register:
        for kind in Kind:
            if kind in known:
                gone.append(_gone(kind, letting_go.due(register, kind, known[kind], day)))
    free, kept = [], []
    for one, why in _judged(env, known, day):
        # Lists of erased rows that go the same night keep nothing.
        if why is None or (why is Held.TOMBSTONES and _tombstones_go(env, one, known, day)):
            free.append(one)
        else:
            kept.append(Kept(one.first, why))
    return Found(Part.REGISTER, [*gone, _of_files(free)], tuple(kept), terms=known)


def run(env: Environment, today: date | None = None) -> Found:
    """Delete what is past its term, with its events; what stays is named with the reason."""
    day, known = today or day_in_amsterdam(), terms(env.policy)
    gone: list[Gone] = []
    failed: list[Failed] = []
    for kind in Kind:
        if kind not in known:
            continue
        try:
            gone.append(_let_go_of(env, kind, known[kind], day))
        except RegisterRefused as fault:
            failed.append(Failed(kind.en, f"SQLSTATE {fault.sqlstate}"))
    went, kept = [], []
    for one, why in _judged(env, known, day):
        try:
            done = why or _let_go(env, one, known, day)
        except RegisterRefused as fault:
            failed.append(Failed(one.first, f"SQLSTATE {fault.sqlstate}"))
            continue
        if isinstance(done, Held):
            kept.append(Kept(one.first, done))
        elif done is not None:
            went.append(one)
    return Found(Part.REGISTER, [*gone, _of_files(went)], tuple(kept), tuple(failed), known)


def _let_go_of(env: Environment, kind: Kind, period: str, day: date) -> Gone:
    with transaction(env.register) as register:
        found = letting_go.due(register, kind, period, day)
        if kind is not Kind.ATTACHMENTS:
            count = letting_go.let_go_of(register, env.keyring, kind, period, day) if found.count else 0
            return Gone(kind, Text(nl=kind.nl, en=kind.en), count, found.oldest, found.newest)
        letters = letting_go.heavy(register, period, day)
    count = 0
    for message_id, number in letters:
        with transaction(env.register) as register:
            count += letting_go.lighten(register, env.keyring, message_id, number, period, day)
    return Gone(kind, Text(nl=kind.nl, en=kind.en), count, found.oldest, found.newest)


def _let_go(env: Environment, one: CaseFile, known: Mapping[str, str], day: date) -> Held | int | None:
    """None where another did it meanwhile."""
    try:
        with transaction(env.register) as register:
            of_class = env.policy.request_class
            return letting_go.let_go(register, env.keyring, one, of_class, known[CASE_FILES], day)
    except UnknownRequest:
        return None


def _judged(env: Environment, known: Mapping[str, str], day: date) -> Iterator[tuple[CaseFile, Held | None]]:
    """Case files that are past their term, each with what keeps it."""
    if CASE_FILES not in known:
        return
    term = env.policy.classes[env.policy.request_class].term
    with transaction(env.register) as register:
        found = letting_go.case_files(register, known[CASE_FILES], day)
    for one in found:
        last = last_day(term, one.ended_on) if one.ended_on else None
        if last is not None and last >= day:
            continue
        with transaction(env.register) as register:
            why = letting_go.held(register, one.first, env.policy.request_class, known[CASE_FILES], day)
        if why is None and any(files.left(env, number) for number in one.numbers):
            why = Held.FILES
        yield one, why


def _tombstones_go(env: Environment, one: CaseFile, known: Mapping[str, str], day: date) -> bool:
    with transaction(env.register) as register:
        return letting_go.kept_tombstones(register, one.numbers, known[Kind.TOMBSTONES], day) == 0


def _gone(kind: Kind, found: letting_go.Due) -> Gone:
    return Gone(kind, Text(nl=kind.nl, en=kind.en), found.count, found.oldest, found.newest)


def _of_files(case_files: list[CaseFile]) -> Gone:
    days = [one.ended_on for one in case_files if one.ended_on]
    return Gone(CASE_FILES, _TITLE, len(case_files), min(days, default=None), max(days, default=None))
