"""Rotating the register's keys: every sealed value of the register and of the work files under the newest key.

May be stopped at any point and started again, twice at once, and while requests run: a value is sealed anew only where
it still stands as it was read, and is never changed otherwise. That an older key is needed no more is said only after
everything was counted afresh.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import BigInteger, Connection, Engine, Text, cast, func, select

from avgflow import sealed_files
from avgflow.crypto import Keyring, new_key
from avgflow.errors import AvgflowError, WrongSetting
from avgflow.handling.environment import Environment
from avgflow.key_file import VARIABLE
from avgflow.register import events, locks, sealed
from avgflow.register.database import snapshot, transaction
from avgflow.register.names import EventName
from avgflow.register.schema import event, receipt
from avgflow.register.sealed import BEGIN, Place
from avgflow.settings import engine

PASSES = 5
"""What was written with an older key meanwhile is met in the next pass; a fifth says that somebody still does so."""
SETTLE = 2.0
"""Seconds after which nobody holds a value any more that was sealed before the newest key was there."""
LONGEST_WAIT = 60.0
"""Seconds for the register's transactions of before to end."""

Tell = Callable[[str, int, int], None]
"""What is being done, how much of it is done, and of how much."""


class KeysFromEnvironment(WrongSetting):
    """A new key was to be made, but the keys are not avgflow's to change."""

    def __init__(self) -> None:
        super().__init__(
            f"The register's keys stand in AVGFLOW_REGISTER_KEYS, which avgflow cannot change. Put a new key there "
            f"(avgflow keys make), first behind the current one and then before it, with a restart of every process "
            f"after each; then run this without --new-key. Or keep the keys in a file ({VARIABLE})."
        )


class WorkElsewhere(AvgflowError):
    """The work files lie where this process does not see them, so it cannot say what they need."""

    def __init__(self) -> None:
        super().__init__(
            "The folder of work files (`work` in AVGFLOW_HOME) is not here, though stores were read. Run this where "
            "the tasks run: work files are sealed too."
        )


class StillSealed(AvgflowError):
    """Something is sealed by an older key still; none may be taken away."""

    def __init__(self, found: Standing) -> None:
        why = []
        if found.older:
            why.append(f"{found.older} values are sealed by an older key")
        if found.unfinished:
            why.append(f"{found.unfinished} work files with an older key are being written or were left unfinished")
        if found.unknown:
            where = ", ".join(sorted(found.unknown))
            why.append(f"no key at hand opens {found.lost} values ({where}); put the missing key back")
        if found.open_transactions:
            why.append("a transaction of before the rotation has not ended")
        super().__init__(f"Keep every key: {'; '.join(why)}. Run `avgflow keys rotate` again later.")
        self.found = found


@dataclass(frozen=True)
class KeyUse:
    """A key by its fingerprint and its place in the list, from 1, and how many values it seals."""

    fingerprint: str
    place: int
    values: int
    in_files: int


@dataclass
class Standing:
    """Which key seals how much, by a fresh count; `unknown`: what no key at hand opens, by column."""

    keys: tuple[KeyUse, ...]
    unknown: Counter[str] = field(default_factory=Counter)
    unfinished: int = 0
    open_transactions: bool = False

    @property
    def older(self) -> int:
        """Values under any key but the first."""
        return sum(key.values + key.in_files for key in self.keys[1:])

    @property
    def lost(self) -> int:
        return sum(self.unknown.values())

    @property
    def clean(self) -> bool:
        """Whether nothing needs an older key."""
        return not (self.older or self.lost or self.unfinished or self.open_transactions)


@dataclass(frozen=True)
class Rotated:
    """What a rotation did, and how it stands after."""

    resealed: int
    in_files: int
    standing: Standing


def show(env: Environment, tell: Tell = lambda what, done, total: None) -> Standing:
    """Count, in one snapshot, which key seals how much; takes as long as reading all of it does."""
    keyring = env.keyring
    order = tuple(dict.fromkeys(keyring.fingerprints))
    values: Counter[str | None] = Counter()
    unknown: Counter[str] = Counter()
    with snapshot(env.register) as register:
        for place in sealed.places():
            total, done = sealed.amount(register, place), 0
            for counted in sealed.count(register, keyring, place):
                values.update(counted)
                unknown[str(place)] += counted[None]
                done += counted.total()
                tell(f"counting {place}", done, total)
    # After the register: a task that writes a file on its word is then seen.
    files = sealed_files.count(env.settings.work, keyring)
    unknown["work files"] += files.values[None]
    uses = (KeyUse(key, nth, values[key], files.values[key]) for nth, key in enumerate(order, 1))
    return Standing(tuple(uses), +unknown, files.unfinished)


def new_first(env: Environment) -> bool:
    """Put a new key before the others, unless a rotation to the first one is not at its end; whether it was made.

    `KeysFromEnvironment` where the keys are not in a file.
    """
    file = env.keyring.file
    if file is None:
        raise KeysFromEnvironment
    with locks.alone(env.register, ["new key"]):
        if len(env.keyring.fingerprints) > 1 and not _ended(env):
            return False
        file.put_first(new_key())
    return True


def rotate(env: Environment, actor: str, tell: Tell = lambda what, done, total: None) -> Rotated:
    """Seal everything under the newest key, with its events; `StillSealed` where an older key is needed after all,
    `WorkElsewhere` where the work files are not to be seen.

    Works as the register's owner (AVGFLOW_REGISTER_OWNER_DSN): the application may change no ciphertext.
    """
    _require_work(env)
    owner = engine(env.settings.secret("register_owner_dsn"))
    try:
        with locks.alone(env.register, ["rotate keys"]):
            return _rotate(env, owner, actor, tell)
    finally:
        owner.dispose()


def _rotate(env: Environment, owner: Engine, actor: str, tell: Tell) -> Rotated:
    keyring = env.keyring
    newest, *older = dict.fromkeys(keyring.fingerprints)
    named: dict[str, object] = {"key": newest, "older": older}
    began = time.monotonic()
    with transaction(env.register) as register:
        events.append(register, env.keyring, EventName.KEYS_ROTATION_BEGUN, None, actor, named)
    with transaction(owner) as register:
        mark = register.execute(select(_XMAX)).scalar_one()
    done = _Done()
    with _on_record(env, actor, named, done):
        for _ in range(PASSES):
            before = done.total
            for place in sealed.places():
                _reseal(owner, keyring, place, done, tell)
            _reseal_files(env, keyring, done, tell)
            waited = _settled(owner, began, mark)
            found = show(env, tell)
            found.open_transactions = not waited
            if found.clean or (done.total == before and not found.older):
                break
            time.sleep(0.5)  # somebody holds a row that is left
        if not found.clean:
            raise StillSealed(found)
        with transaction(env.register) as register:
            sums = {"values": found.keys[0].values, "in_files": found.keys[0].in_files}
            detail = {**named, **sums, "resealed": done.values, "resealed_in_files": done.in_files}
            events.append(register, env.keyring, EventName.KEYS_ROTATED, None, actor, detail)
    return Rotated(done.values, done.in_files, found)


def _require_work(env: Environment) -> None:
    if env.settings.work.is_dir():
        return
    with transaction(env.register) as register:
        if register.execute(select(receipt.c.id).limit(1)).scalar_one_or_none() is not None:
            raise WorkElsewhere


@dataclass
class _Done:
    values: int = 0
    in_files: int = 0

    @property
    def total(self) -> int:
        return self.values + self.in_files


@contextmanager
def _on_record(env: Environment, actor: str, named: dict[str, object], done: _Done) -> Iterator[None]:
    """Where the rotation stops, put that on record with how far it came; one that is killed is missing its end."""
    try:
        yield
    except BaseException as fault:
        detail = {**named, "resealed": done.values, "resealed_in_files": done.in_files, "why": type(fault).__name__}
        with transaction(env.register) as register:
            events.append(register, env.keyring, EventName.KEYS_ROTATION_STOPPED, None, actor, detail)
        raise


def _reseal(owner: Engine, keyring: Keyring, place: Place, done: _Done, tell: Tell) -> None:
    with transaction(owner) as register:
        total, until = sealed.amount(register, place), sealed.end_of(register, place)
    after: str | None = BEGIN
    seen = 0
    while after is not None:
        with transaction(owner) as register:
            after, batch = sealed.next_batch(register, keyring, place, after, until)
        seen += batch.seen
        done.values += batch.resealed
        if batch.seen:
            tell(f"sealing {place}", min(seen, total), total)


def _reseal_files(env: Environment, keyring: Keyring, done: _Done, tell: Tell) -> None:
    files = list(sealed_files.whole(env.settings.work))
    for nth, file in enumerate(files, 1):
        done.in_files += sealed_files.reseal(file, keyring)
        tell("sealing work files", nth, len(files))


# xid8 becomes a number by way of text only.
_XMAX = cast(cast(func.pg_snapshot_xmax(func.pg_current_snapshot()), Text), BigInteger)
_XMIN = cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)


def _settled(owner: Engine, began: float, mark: int) -> bool:
    """Wait until every transaction that ran when the rotation began has ended, so that what it wrote is seen."""
    time.sleep(max(0.0, began + SETTLE - time.monotonic()))
    while True:
        with transaction(owner) as register:
            if register.execute(select(_XMIN)).scalar_one() >= mark:
                return True
        if time.monotonic() > began + LONGEST_WAIT:
            return False
        time.sleep(0.2)


def _ended(env: Environment) -> bool:
    """Whether the rotation to the first key is on record as done."""
    with transaction(env.register) as register:
        return _done(register, env.keyring.fingerprints[0])


def _done(register: Connection, key: str) -> bool:
    done = (event.c.name == EventName.KEYS_ROTATED.value, event.c.detail["key"].astext == key)
    return register.execute(select(event.c.id).where(*done).limit(1)).scalar_one_or_none() is not None
