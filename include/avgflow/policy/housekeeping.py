"""The terms of avgflow's own data. That of the case files is the one of class `request_class` (R12), which people are
told; what stands here is shorter, and serves the work alone.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, model_validator

from avgflow.configuration import Strict

SHORTEST_CASE_FILE = "P1Y"
"""As the register's own function `let_go` has it: a slip of the pen must not empty the register in a night."""
SHORTEST_AIRFLOW = "P30D"
"""A run that waits for a human or for a mail server has to be there still."""

_PERIOD = re.compile(r"P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?")


def _checked(value: str) -> str:
    if not _PERIOD.fullmatch(value) or fewest_days(value) == 0:
        raise ValueError("a term is written as P5Y, P6M, P90D or a sum of these, and is a day at least; correct it")
    return value


Period = Annotated[str, AfterValidator(_checked)]
"""An ISO 8601 duration in years, months and days."""


def fewest_days(period: str) -> int:
    """The days of a period in the shortest months and years."""
    years, months, days = _parts(period)
    return years * 365 + months * 28 + days


def most_days(period: str) -> int:
    """The days of a period in the longest months and years."""
    years, months, days = _parts(period)
    return years * 366 + months * 31 + days


def _parts(period: str) -> tuple[int, int, int]:
    found = _PERIOD.fullmatch(period)
    years, months, days = (int(part or 0) for part in (found.groups() if found else ()))
    return years, months, days


class Housekeeping(Strict):
    """How long each kind of avgflow's own data is kept.

    `backups`: how long a backup of a store exists at most; no term of ours, but the tombstones rest on it. From the
    later of delivery and closing: `packages` (on disk, in the outbox, and their passphrases). From closing:
    `work_files`, `candidates` (others whom a request might have been about) and `documents`. From their last day, or
    closing where that is later: `codes`. From acceptance: `mails` (to the privacy officer and with codes; letters stay
    with the case file). From erasure: `tombstones`. From their start: runs of `airflow` and their logs; None where
    somebody else looks after these.
    """

    backups: Period = "P90D"
    packages: Period = "P90D"
    work_files: Period = "P7D"
    candidates: Period = "P30D"
    documents: Period = "P6M"
    codes: Period = "P30D"
    mails: Period = "P6M"
    tombstones: Period = "P1Y"
    airflow: Period | None = "P18M"

    @model_validator(mode="after")
    def _safe(self) -> Housekeeping:
        if fewest_days(self.tombstones) < most_days(self.backups):
            raise ValueError(
                f"tombstones are kept for {self.tombstones} and backups for {self.backups}: a backup could bring back "
                "what nobody knows was erased; make tombstones as long as backups at least"
            )
        if self.airflow is not None and fewest_days(self.airflow) < fewest_days(SHORTEST_AIRFLOW):
            raise ValueError(
                f"airflow is {self.airflow}: runs that wait for a human would go; give {SHORTEST_AIRFLOW} or more, or "
                "null where somebody else cleans Airflow"
            )
        return self
