"""Simulated years of a company with sweeps, holds, restrictions and requests, watched by the oracle day by day."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

import psycopg
import sweep_links
import sweep_oracle as oracle
import sweep_rows
from handling_world import OFFICER, Office
from sweep_business import Business
from sweep_desk import Desk
from sweep_oracle import AMSTERDAM, Reason, Verdict
from sweep_rows import RowId, Snapshot

from avgflow.handling import previewing_sweep, proving_sweep, sweeping
from avgflow.register import sweep_parts, sweeps
from avgflow.register.database import transaction
from avgflow.register.sweeps import Sweep, SweepStatus

PROVEN_EVERY = 5
"""Sweeps, of which one goes the whole way to its proof."""


@dataclass
class Told:
    """What the years came to."""

    looked: int = 0
    sweeps: int = 0
    proven: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)
    anonymised: int = 0
    silenced: int = 0
    held: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    late: int = 0
    """Sweeps that were carried out some days after their preview."""
    most_rows: int = 0


@dataclass
class Years:
    """The company from a day on. `weeks`: between two sweeps; `look_every`: days between two looks of the oracle where
    nothing was done in between. `faults`: what it found wrong, a line each, without a value of any row.
    """

    office: Office
    seed: int
    start: date
    weeks: int = 1
    look_every: int = 1
    told: Told = field(default_factory=Told)
    faults: list[str] = field(default_factory=list)

    def pass_by(self, until: date) -> Told:
        """Day by day to the last one; a sweep each week, some carried out a few days after their preview."""
        chance = Random(f"years/{self.seed}")
        with self._stores() as stores:
            business, desk = Business(stores, self.seed), Desk(self.office, self.seed)
            waiting: tuple[Sweep, Verdict, date] | None = None
            day = self.start
            self._overdue: set[RowId] = set()
            self._swept: date | None = None
            while day <= until and not self.faults:
                business.day(day)
                nth = (day - self.start).days
                due = waiting is None and nth % (7 * self.weeks) == 0
                busy = desk.busy(day)
                if not (due or waiting or busy or nth % self.look_every == 0):
                    day += timedelta(days=1)
                    continue
                before = self._read(stores)
                self._nothing_overdue(day, before, desk.reasons(day))
                acted = desk.act(day, before)
                self.told.acts.update([acted] if acted else [])
                if due:
                    reasons = desk.reasons(day)
                    expected = oracle.verdict(before, day, reasons)
                    sweep = previewing_sweep.preview(self.office.env, f"scheduled__{day}", day)
                    self._figures(sweep, expected)
                    waiting = sweep, expected, day + timedelta(days=chance.choice((0, 0, 0, 0, 1, 3)))
                if acted or due:
                    self._same(day, before, self._read(stores))
                if waiting is not None and waiting[2] <= day:
                    self._sweep(*waiting[:2], day, stores, desk.reasons(waiting[0].day), before)
                    waiting = None
                self.told.looked += 1
                day += timedelta(days=1)
        return self.told

    @contextmanager
    def _stores(self) -> Iterator[Mapping[str, psycopg.Connection[Any]]]:
        opened = {name: psycopg.connect(dsn) for name, dsn in self.office.stores.items()}
        try:
            yield opened
        finally:
            for connection in opened.values():
                connection.close()

    def _read(self, stores: Mapping[str, psycopg.Connection[Any]]) -> dict[RowId, sweep_rows.Stored]:
        found = sweep_rows.read(stores)
        for connection in stores.values():
            connection.commit()  # the next reading sees the next moment
        self.told.most_rows = max(self.told.most_rows, len(found))
        return found

    # What the oracle says --------------------------------------------------------------------------------------------

    def _fault(self, day: date, kind: str, rows: Iterable[RowId]) -> None:
        by_table = Counter(row.table for row in rows)
        self.faults += [f"{day}: {table}: {count} {kind}" for table, count in sorted(by_table.items())]

    def _same(self, day: date, before: Snapshot, after: Snapshot) -> None:
        """Nothing is changed but by a sweep that is carried out."""
        self._fault(day, "rows changed without a sweep", {row for row, _ in before.items() ^ after.items()})

    def _nothing_overdue(self, day: date, snapshot: Snapshot, reasons: Collection[Reason]) -> None:
        """What was past its term at the last sweep and stayed had a reason then; nothing else of then is past it now.

        What came or was dated back since is the next sweep's, and so is what follows it.
        """
        if self._swept is None:
            return
        now = oracle.verdict(snapshot, self._swept, reasons)
        unchanged = {
            row
            for row, judged in now.going.items()
            if not judged.follows and self._known.get(row) == snapshot[row].digest
        }
        self._fault(day, "rows kept past their term without a reason", unchanged - self._overdue)

    def _figures(self, sweep: Sweep, expected: Verdict) -> None:
        """What the register has of the preview, by table and class: what goes, what is held, what is undated."""
        with transaction(self.office.env.register) as register:
            found = sweeps.found(register, sweep.number)
        rows: Counter[Any] = Counter()
        undated: Counter[Any] = Counter()
        held: dict[Any, Counter[str]] = defaultdict(Counter)
        for one in found:
            place = f"{one.store}.{one.table}", one.record_class, one.code.startswith("lapse")
            rows[place] += one.rows
            if not place[2]:
                undated[place] += one.figures["undated"]
            held[place].update(one.figures["held"])
        wanted: Counter[Any] = Counter()
        nobody: Counter[Any] = Counter()
        why: dict[Any, list[set[str]]] = defaultdict(list)
        for row, judged in expected.going.items():
            wanted[row.table, judged.record_class, False] += 1
        for row in expected.lapsing:
            wanted[row.table, "R2", True] += 1
        for row in expected.undated:
            nobody[row.table, expected.classes[row], False] += 1
        for row, reasons in expected.held.items():
            why[row.table, expected.classes[row], False].append(reasons)
        for row, reasons in expected.lapse_held.items():
            why[row.table, "R2", True].append(reasons)
        for place in sorted({*rows, *wanted}):
            if rows[place] != wanted[place]:
                self.faults.append(f"{sweep.day}: {place}: {rows[place]} rows may go, the oracle says {wanted[place]}")
        for place in sorted({*undated, *nobody}):
            if undated[place] != nobody[place]:
                self.faults.append(
                    f"{sweep.day}: {place}: {undated[place]} without a date, the oracle says {nobody[place]}"
                )
        for place in sorted({*held, *why}):
            self._reasons(sweep.day, place, held[place], why[place])

    def _reasons(self, day: date, place: Any, told: Counter[str], wanted: list[set[str]]) -> None:
        """A row that several reasons hold counts for one of them."""
        if sum(told.values()) != len(wanted):
            self.faults.append(f"{day}: {place}: {sum(told.values())} held, the oracle says {len(wanted)}")
        for reason in {*told, *(one for each in wanted for one in each)}:
            least = sum(each == {reason} for each in wanted)
            most = sum(reason in each for each in wanted)
            if not least <= told[reason] <= most:
                self.faults.append(
                    f"{day}: {place}: {told[reason]} held by {reason}, the oracle says {least} to {most}"
                )
        self.told.held.update(told)

    def _sweep(
        self,
        sweep: Sweep,
        previewed: Verdict,
        day: date,
        stores: Mapping[str, psycopg.Connection[Any]],
        reasons: Collection[Reason],
        before: Snapshot,
    ) -> None:
        """Allow it, carry it out, and hold it against the oracle."""
        env = self.office.env
        self.told.asked.update({str(ask["why"]) for ask in sweep.asks or ()})
        self.told.late += day > sweep.day
        with transaction(env.register) as register:
            sweeps.approve(register, env.keyring, sweep.number, sweep.digest if sweep.asks else None, OFFICER)
            open_ = {one.store for one in sweeps.progress(register, sweep.number)}
        # The whole way, now and then; else only what can differ from week to week.
        whole = self.told.sweeps % PROVEN_EVERY == 0
        for store in env.catalog.stores:
            if whole or store in open_:
                sweeping.carry_out(env, sweep.number, store)
        after = self._read(stores)
        if whole:
            self._prove(day, sweep)
        else:
            with transaction(env.register) as register:
                sweeps.end(register, env.keyring, sweep.number, SweepStatus.DONE, {})
                sweep_parts.let_go(register, sweep.number)
        now = oracle.verdict(before, sweep.day, reasons)
        self._compare(day, previewed, now, before, after, exact=day == sweep.day)
        self.told.sweeps += 1
        self._swept = sweep.day
        self._known = {row: stored.digest for row, stored in after.items()}
        past = oracle.verdict(after, sweep.day, ())
        self._overdue = {*past.going, *past.held}

    def _prove(self, day: date, sweep: Sweep) -> None:
        verdict = proving_sweep.prove(self.office.env, sweep.number)
        if not verdict.passed:
            checks = sorted({f"{one.store}.{one.table} {one.detail}" for one in verdict.failures})
            self.faults.append(f"{day}: the proof did not pass: {checks}")
        proving_sweep.close(self.office.env, sweep.number, verdict)
        self.told.proven += 1

    def _compare(
        self, day: date, previewed: Verdict, now: Verdict, before: Snapshot, after: Snapshot, exact: bool
    ) -> None:
        gone = {row for row in before if row not in after}
        self._fault(day, "rows came", {row for row in after if row not in before})
        deleted = {row for row in now.going if row.table != oracle.ANONYMISED}
        may = {row for row in deleted if row in previewed.going}
        self._fault(day, "rows went early, held or needed", gone - deleted)
        self._fault(day, "rows went that no preview counted", gone - may)
        # A row that came between the preview and now can need one, and then what that needs in turn.
        stays = may - gone
        if exact:
            self._fault(day, "rows stay past their term without a reason", stays)
        self._changes(day, previewed, now, before, after, gone)
        for row in gone:
            self.told.gone[row.table] += 1

    def _changes(
        self, day: date, previewed: Verdict, now: Verdict, before: Snapshot, after: Snapshot, gone: Collection[RowId]
    ) -> None:
        """Rows that stay are as they were, but for what a sweep takes out of them."""
        for row in before.keys() & after.keys():
            was, is_ = before[row], after[row]
            wanted = dict(was.fields)
            if row in now.lapsing and row in previewed.lapsing:
                wanted |= {"recording": False, "recording_until": None}
                self.told.silenced += 1
            if row.table == oracle.ANONYMISED and row in now.going and row in previewed.going:
                answered = was.fields["answered_at"].astimezone(AMSTERDAM)
                month = answered.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
                wanted |= {"subscriber_id": None, "answer": None, "age_band": None, "answered_at": month}
                self.told.anonymised += 1
            for column, target in sweep_links.EMPTIED.get(row.table, {}).items():
                if RowId(target, (was.fields[column],)) in gone:
                    wanted[column] = None
            if wanted != is_.fields:
                self._fault(day, "rows that stay are not as they should be", [row])
            elif wanted == was.fields and was.digest != is_.digest:
                self._fault(day, "rows that stay were changed", [row])
