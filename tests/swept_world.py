"""Sweeps put on a register by hand, as the engine leaves them at each point of their way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, insert, update

from avgflow.crypto import Keyring
from avgflow.register import sweeps
from avgflow.register.database import transaction
from avgflow.register.schema import sweep_part
from avgflow.register.sweeps import Found, Sweep, SweepStatus
from avgflow.sweep.figures import Figures

DIGEST = "0123456789ab" + "c" * 52
DAY = date(2026, 11, 29)


def found(
    rows: int = 40,
    store: str = "crm",
    table: str = "public.ticket",
    code: str = "1-R2",
    record_class: str = "R2",
    action: str = "delete",
    **figures: Any,
) -> Found:
    """What a rule found: rows of 2023 and 2024, of as many people as there are pairs of them."""
    counted = Figures(
        **{
            "rows": rows,
            "people": rows // 2,
            "oldest": "2023-02-03" if rows else None,
            "newest": "2024-11-20" if rows else None,
            "months": {"2023-02": rows - rows // 3, "2024-11": rows // 3} if rows else {},
            "total": 1000,
            **figures,
        }
    )
    return Found(store, table, code, record_class, action, rows, counted.to_json())


class Desk:
    """Sweeps of one register."""

    def __init__(self, engine: Any, keyring: Keyring, fingerprint: str = "f" * 64) -> None:
        self.engine, self.keyring, self.fingerprint = engine, keyring, fingerprint

    def previewed(
        self,
        run: str,
        of: Sequence[Found] = (),
        asks: Sequence[dict[str, Any]] = (),
        day: date = DAY,
        fingerprint: str | None = None,
    ) -> Sweep:
        """A sweep whose preview is done, with one part for each rule that found rows."""
        with transaction(self.engine) as conn:
            made = sweeps.begin(conn, self.keyring, run, day, fingerprint or self.fingerprint)
            sweeps.put_found(conn, made.number, of)
            parts = [one for one in of if one.rows]
            for nth, one in enumerate(parts):
                part = {"number": made.number, "store": one.store, "nth": nth, "table_name": one.table}
                part |= {"code": one.code, "kind": "keys", "rows": one.rows, "digest": "d" * 64, "sealed": b"sealed"}
                conn.execute(insert(sweep_part).values(**part))
            sweeps.previewed(conn, self.keyring, made.number, DIGEST, asks, sum(one.rows for one in of))
            return sweeps.get(conn, made.number)

    def approved(self, run: str, of: Sequence[Found] = (), actor: str = "officer", **of_preview: Any) -> Sweep:
        """A sweep that was approved."""
        made = self.previewed(run, of, **of_preview)
        with transaction(self.engine) as conn:
            return sweeps.approve(conn, self.keyring, made.number, DIGEST[:12], actor)

    def carried_out(self, number: str, left: int = 0) -> None:
        """Every part done; `left`: rows of each that were left, for they changed since the preview."""
        with transaction(self.engine) as conn:
            sweeps.running(conn, number)
            done = {"changed": func.greatest(sweep_part.c.rows - left, 0), "done_at": func.clock_timestamp()}
            conn.execute(update(sweep_part).where(sweep_part.c.number == number).values(sealed=None, **done))

    def ended(
        self, run: str, of: Sequence[Found] = (), status: SweepStatus = SweepStatus.DONE, **of_preview: Any
    ) -> Sweep:
        """A sweep at its end, carried out where it ended well."""
        made = self.approved(run, of, **of_preview)
        if status is not SweepStatus.STOPPED:
            self.carried_out(made.number)
        with transaction(self.engine) as conn:
            return sweeps.end(conn, self.keyring, made.number, status, {})
