"""Whether all is well with an installation: what a person has to look at, in one screen."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from avgflow.catalog.drift import Severity
from avgflow.catalog.models import Text
from avgflow.deadlines import STUCK, Unwell
from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM
from avgflow.handling import watching_sweeps
from avgflow.handling.environment import Environment
from avgflow.register import chain, figures, migrate, requests
from avgflow.register.database import transaction
from avgflow.register.figures import Figures
from avgflow.register.names import EventName

DAY = timedelta(hours=26)
"""What runs every day should have run within this time."""
ROOM = 1 << 30
"""Bytes that are to be free where work files and packages are written."""


@dataclass(frozen=True)
class Part:
    """One thing that was looked at. `said`: how it is, and if it is not well what to do; `empty`: a store without any
    table yet.
    """

    name: Text
    well: bool
    said: Text
    empty: bool = False


def look(env: Environment, now: datetime | None = None) -> list[Part]:
    """Look at everything, and change nothing; what cannot be looked at is not well."""
    moment = (now or datetime.now(UTC)).astimezone(AMSTERDAM)
    return [
        *_looked(_REGISTER, partial(_register, env)),
        *_looked(_REQUESTS, partial(_deadlines, env, moment)),
        *_beside(env, moment),
    ]


def beside_deadlines(env: Environment, now: datetime | None = None) -> list[Unwell]:
    """What is not well, less what the daily look at deadlines (`watching.look`) tells by itself; change nothing."""
    moment = (now or datetime.now(UTC)).astimezone(AMSTERDAM)
    parts = [*_looked(_REGISTER, partial(_register, env)), *_beside(env, moment)]
    return [Unwell(part.name, part.said) for part in parts if not part.well]


def figures_now(env: Environment, now: datetime | None = None) -> Figures:
    """The register's figures at this moment."""
    moment = now or datetime.now(UTC)
    with transaction(env.register) as register:
        return figures.figures(register, moment.astimezone(AMSTERDAM).date(), moment)


_REGISTER = Text(nl="register", en="register")
_REQUESTS = Text(nl="verzoeken", en="requests")
_PROOFS = Text(nl="controles", en="proofs")
_FOLDER = Text(nl="werkmap", en="work folder")


def _beside(env: Environment, now: datetime) -> list[Part]:
    return [
        *_looked(_PROOFS, partial(_proofs, env, now)),
        *_stores(env),
        *_looked(_FOLDER, partial(_room, env)),
    ]


def _looked(name: Text, looking: Callable[[], Iterator[Part]]) -> list[Part]:
    """What a look finds; a fault that it meets is what is wrong."""
    found: list[Part] = []
    try:
        found += looking()
    except AvgflowError as fault:
        nl = fault.nl or f"Dit was niet na te kijken. Vraag de technisch beheerder om te kijken. ({fault})"
        found.append(Part(name, False, Text(nl=nl, en=str(fault))))
    return found


def _register(env: Environment) -> Iterator[Part]:
    with transaction(env.register) as register:
        migrate.require_newest(register)
        if not chain.signed(register, env.keyring):
            yield Part(
                _REGISTER,
                False,
                Text(
                    nl="Het einde van de keten draagt niet de handtekening van deze installatie. Kijk of "
                    "AVGFLOW_HASH_KEY klopt, en geef `avgflow audit verify`.",
                    en="The end of the chain does not carry this installation's signature. Check AVGFLOW_HASH_KEY, and "
                    "run `avgflow audit verify`.",
                ),
            )
            return
        newest = requests.newest(register)
        if newest is not None:
            requests.subject(register, env.keyring, newest)  # says so where no key opens it
    yield Part(
        _REGISTER,
        True,
        Text(nl="bereikbaar, van deze versie, met de goede sleutels", en="reached, of this version, with its keys"),
    )


def _deadlines(env: Environment, now: datetime) -> Iterator[Part]:
    with transaction(env.register) as register:
        found = figures.figures(register, now.date(), now)
        watched = figures.last(register, EventName.WATCH_RAN)
        sweeps = len(watching_sweeps.standing(env, register, now))
        young = _is_young(register, now)
    yield _open(found)
    stuck, n, minutes = timedelta(minutes=found.unsent_minutes) >= STUCK, found.unsent, found.unsent_minutes
    yield Part(
        Text(nl="mail", en="mail"),
        not stuck,
        Text(nl="niets blijft liggen", en="nothing is stuck")
        if not stuck
        else Text(
            nl=f"{_n(n, 'mail wacht', 'mails wachten')}, de oudste {minutes} minuten. Kijk met `avgflow deadlines` "
            "waarom de mailserver ze niet neemt.",
            en=f"{_n(n, 'mail waits', 'mails wait')}, the oldest for {minutes} minutes. See with `avgflow deadlines` "
            "why the mail server does not take them.",
        ),
    )
    yield Part(
        Text(nl="opschonen", en="sweeps"),
        not sweeps,
        Text(nl=f"{found.swept} rijen in de laatste week", en=f"{found.swept} rows in the last week")
        if not sweeps
        else Text(
            nl=f"{_n(sweeps, 'vraagt', 'vragen')} om een mens. Kijk met `avgflow deadlines`.",
            en=f"{_n(sweeps, 'needs', 'need')} a human. See `avgflow deadlines`.",
        ),
    )
    yield _daily(Text(nl="termijnen nalopen", en="deadline watch"), "deadline_watch", watched, now, young)


def _proofs(env: Environment, now: datetime) -> Iterator[Part]:
    with transaction(env.register) as register:
        unproven = figures.figures(register, now.date(), now).unproven
        cleaned = figures.last(register, EventName.HOUSEKEEPING_DONE)
        young = _is_young(register, now)
    yield Part(
        _PROOFS,
        unproven == 0,
        Text(nl="geen open verzoek met een mislukte controle", en="no open request with a failed check")
        if unproven == 0
        else Text(
            nl=f"{_n(unproven, 'open verzoek', 'open verzoeken')} met een mislukte controle. Zoek met `avgflow request "
            "list --status stopped`.",
            en=f"{_n(unproven, 'open request', 'open requests')} with a failed check. Search with `avgflow request "
            "list --status stopped`.",
        ),
    )
    yield _daily(Text(nl="opruimen", en="housekeeping"), "housekeeping", cleaned, now, young)


def _is_young(register: Connection, now: datetime) -> bool:
    """Whether a register has not had its first day yet."""
    began = figures.last(register, EventName.REGISTER_MIGRATED)
    return began is not None and now - began < DAY


def _n(number: int, one: str, more: str) -> str:
    return f"{number} {one if number == 1 else more}"


def _open(found: Figures) -> Part:
    number, left = sum(found.open.values()), found.days_left
    nearest = "" if left is None else f"; de eerste moet over {left} dagen klaar zijn"
    nearest_en = "" if left is None else f"; the first is due in {left} days"
    stuck = [
        (found.late, Text(nl="te laat", en="late")),
        (found.stopped, Text(nl="gestopt", en="stopped")),
    ]
    wrong = [(n, word) for n, word in stuck if n]
    nl = f"{number} open, {found.waiting} wachten" + "".join(f", {n} {word.nl}" for n, word in wrong)
    en = f"{number} open, {found.waiting} waiting" + "".join(f", {n} {word.en}" for n, word in wrong)
    if wrong:
        nearest += ". Kijk met `avgflow deadlines`."
        nearest_en += ". See `avgflow deadlines`."
    return Part(_REQUESTS, not wrong, Text(nl=nl + nearest, en=en + nearest_en))


def _daily(name: Text, dag: str, last: datetime | None, now: datetime, young: bool) -> Part:
    """What is to run every day. A register that is younger than a day has not had its first yet."""
    if last is None:
        never = Text(
            nl="nog niet gedaan" if young else f"nooit gedaan. Kijk in Airflow of de DAG {dag} aan staat.",
            en="not done yet" if young else f"never done. See in Airflow whether the DAG {dag} is on.",
        )
        return Part(name, young, never)
    when = f"{last.astimezone(AMSTERDAM):%Y-%m-%d %H:%M}"
    if now - last < DAY:
        return Part(name, True, Text(nl=f"laatst gedaan op {when}", en=f"last done on {when}"))
    return Part(
        name,
        False,
        Text(
            nl=f"niet meer gedaan sinds {when}. Kijk in Airflow naar de DAG {dag}.",
            en=f"not done since {when}. Look at the DAG {dag} in Airflow.",
        ),
    )


def _stores(env: Environment) -> Iterator[Part]:
    for store in env.catalog.stores.values():
        name = Text(nl=f"systeem {store.store}", en=f"store {store.store}")
        yield from _looked(name, partial(_store, env, store.store, name))


def _store(env: Environment, store: str, name: Text) -> Iterator[Part]:
    checked = env.checked(store)
    if not checked.live.tables:
        empty = Text(
            nl="leeg: er is geen enkele tabel. Zet de back-up terug, of vul hem (`avgflow demo load` om te proberen).",
            en="empty: there is no table at all. Restore its backup, or fill it (`avgflow demo load` for a trial).",
        )
        yield Part(name, False, empty, empty=True)
        return
    unsafe = [one for one in checked.drifts if one.severity is Severity.UNSAFE]
    if not unsafe:
        yield Part(name, True, Text(nl="bereikbaar, past op de gegevenskaart", en="reached, fits the catalog"))
        return
    yield Part(
        name,
        False,
        Text(
            nl=f"{_n(len(unsafe), 'verschil', 'verschillen')} met de gegevenskaart; daar stoppen verzoeken op. Geef "
            "`avgflow catalog check`.",
            en=f"{_n(len(unsafe), 'difference', 'differences')} from the catalog, at which requests stop. Run `avgflow "
            "catalog check`.",
        ),
    )


def _room(env: Environment) -> Iterator[Part]:
    free = shutil.disk_usage(env.settings.home).free
    if free >= ROOM:
        yield Part(_FOLDER, True, Text(nl=f"{free / ROOM:.0f} GiB vrij", en=f"{free / ROOM:.0f} GiB free"))
    else:
        yield Part(
            _FOLDER,
            False,
            Text(
                nl=f"nog {free >> 20} MiB vrij bij AVGFLOW_HOME. Maak ruimte, of geef die map een grotere schijf.",
                en=f"{free >> 20} MiB left at AVGFLOW_HOME. Make room, or give that folder a larger disk.",
            ),
        )
