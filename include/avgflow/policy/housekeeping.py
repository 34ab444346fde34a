"""The terms of avgflow's own data. That of the case files is the one of class `request_class` (R12), which people are
told; what stands here is shorter, and serves the work alone.
"""

from __future__ import annotations

from pydantic import model_validator

from avgflow.configuration import Strict
from avgflow.policy.periods import LastingPeriod, fewest_days, most_days

SHORTEST_CASE_FILE = "P1Y"
"""As the register's own function `let_go` has it: a slip of the pen must not empty the register in a night."""
SHORTEST_AIRFLOW = "P30D"
"""A run that waits for a human or for a mail server has to be there still."""


class Housekeeping(Strict):
    """How long each kind of avgflow's own data is kept.

    `backups`: how long a backup of a store exists at most; no term of ours, but the tombstones rest on it. From the
    later of delivery and closing: `packages` (on disk, in the outbox, and their passphrases). From closing:
    `work_files`, `candidates` (others whom a request might have been about) and `documents`. From their last day, or
    closing where that is later: `codes`. From acceptance: `mails` (to the privacy officer and with codes; letters stay
    with the case file). From erasure: `tombstones`. From their start: runs of `airflow` and their logs; None where
    somebody else looks after these.
    """

    backups: LastingPeriod = "P90D"
    packages: LastingPeriod = "P90D"
    work_files: LastingPeriod = "P7D"
    candidates: LastingPeriod = "P30D"
    documents: LastingPeriod = "P6M"
    codes: LastingPeriod = "P30D"
    mails: LastingPeriod = "P6M"
    tombstones: LastingPeriod = "P1Y"
    airflow: LastingPeriod | None = "P18M"

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
