"""What a part of housekeeping did, or would do: counts and dates by what it was, what stays though its term has passed,
and what could not be deleted. Nothing of any person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from avgflow.catalog.models import Text
from avgflow.errors import AvgflowError
from avgflow.register.letting_go import Held


class Part(StrEnum):
    """The parts, as the tasks are called."""

    FILES = "files"
    REGISTER = "register"
    AIRFLOW = "airflow"


@dataclass(frozen=True)
class Gone:
    """How much of something went, or would go; `oldest` and `newest`: from which days their terms counted."""

    what: str
    title: Text
    count: int
    oldest: date | None = None
    newest: date | None = None


@dataclass(frozen=True)
class Kept:
    """A case file that is past its term and stays, with the reason."""

    number: str
    why: Held


@dataclass(frozen=True)
class Failed:
    """Something that ought to have gone and is there still: where it is (a request, or a folder) and why."""

    where: str
    why: str


@dataclass(frozen=True)
class Found:
    """What a part came to. `terms`: the term of each thing as the policy has it."""

    part: Part
    gone: Sequence[Gone]
    kept: Sequence[Kept] = ()
    failed: Sequence[Failed] = ()
    terms: Mapping[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """By what it was; only what there was any of."""
        return {one.what: one.count for one in self.gone if one.count}

    def to_json(self) -> dict[str, Any]:
        """As `--json` shows it; dates in ISO form."""
        return {
            "part": self.part.value,
            "gone": [
                {
                    "what": one.what,
                    "count": one.count,
                    "term": self.terms.get(one.what),
                    "oldest": one.oldest.isoformat() if one.oldest else None,
                    "newest": one.newest.isoformat() if one.newest else None,
                }
                for one in self.gone
            ],
            "kept": [{"request": one.number, "why": one.why.value} for one in self.kept],
            "failed": [{"where": one.where, "why": one.why} for one in self.failed],
        }


class NotAllGone(AvgflowError):
    """Something that is past its term could not be deleted."""

    def __init__(self, found: Found) -> None:
        named = "; ".join(f"{one.where} ({one.why})" for one in found.failed[:5])
        more = f"; and {len(found.failed) - 5} more" if len(found.failed) > 5 else ""
        super().__init__(
            f"Part {found.part} of the housekeeping left {len(found.failed)} behind: {named}{more}. "
            f"Mend what stands in the way, then clear task '{found.part}'; all the rest was done."
        )
        self.found = found
