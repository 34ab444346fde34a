"""How the company sweeps: when, in what portions, and beyond what a human is asked."""

from __future__ import annotations

from croniter import croniter
from pydantic import Field, model_validator

from avgflow.configuration import Strict


class Caps(Strict):
    """Beyond what a sweep stops and asks a human, for each rule in each table.

    `rows`: so many at once; `share`: such a part of the table's rows (0 to 1); `usual`: so many times what that rule
    swept in the usual week (the median of the last weeks in which it swept anything).
    """

    rows: int = Field(default=10_000, ge=0)
    share: float = Field(default=0.05, ge=0, le=1)
    usual: float = Field(default=5.0, ge=1)


class Retention(Strict):
    """How sweeps are run, that delete what is past its term (art. 5(1)(e)).

    `schedule`: when, as cron writes it, in Dutch time. `caps`: beyond which a human is asked. `quiet_weeks`: after so
    many weeks without a row the privacy officer hears of it, for that too can be a fault. `batch`: rows that one
    transaction changes. `approval_days`: how long a question waits for an answer; a sweep without one does nothing.
    """

    schedule: str = "0 2 * * 0"
    caps: Caps = Caps()
    quiet_weeks: int = Field(default=8, ge=1)
    batch: int = Field(default=5000, ge=1, le=100_000)
    approval_days: int = Field(default=6, ge=1, le=60)

    @model_validator(mode="after")
    def _timed(self) -> Retention:
        if len(self.schedule.split()) != 5 or not croniter.is_valid(self.schedule):
            raise ValueError(
                f"schedule is '{self.schedule}', which is no time as cron writes it; give minute, hour, day, month and "
                "weekday, such as '0 2 * * 0': every Sunday at two"
            )
        return self
