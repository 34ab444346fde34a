"""What each part did, on the register, and the word at the end: all of it was done, or what was not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from avgflow.errors import AvgflowError
from avgflow.handling.environment import Environment
from avgflow.housekeeping.found import Found, NotAllGone, Part
from avgflow.register import events
from avgflow.register.database import transaction
from avgflow.register.names import EventName


class NotDone(AvgflowError):
    """The housekeeping is not at its end. `behind`: how often each part failed to delete something."""

    def __init__(self, missing: Sequence[Part], behind: Mapping[Part, int]) -> None:
        said = [f"part {part} was not done" for part in missing]
        said += [f"part {part} left some behind ({count})" for part, count in behind.items()]
        super().__init__(f"The housekeeping is not done: {'; '.join(said)}. Mend that, then clear the failed tasks.")
        self.missing, self.behind = missing, behind


def put(env: Environment, found: Found) -> None:
    """Put on record what a part did; `NotAllGone`, after that, where something could not be deleted."""
    detail = {"part": found.part.value, **found.counts, "kept": len(found.kept), "failed": len(found.failed)}
    with transaction(env.register) as register:
        events.append(register, env.keyring, EventName.HOUSEKEEPING_PART, None, detail=detail)
    if found.failed:
        raise NotAllGone(found)


def finish(env: Environment, since: datetime, parts: Collection[Part] = tuple(Part)) -> dict[str, int]:
    """Put the sum of all parts on record; `NotDone` unless each was done since a moment and left nothing behind."""
    with transaction(env.register) as register:
        found = events.since(register, since, [EventName.HOUSEKEEPING_PART])
        newest = {event.detail["part"]: event.detail for event in found}
        missing = [part for part in parts if part.value not in newest]
        behind = {part: newest[part]["failed"] for part in parts if newest.get(part, {}).get("failed")}
        if missing or behind:
            raise NotDone(missing, behind)
        total: Counter[str] = Counter()
        # What a part did before it was done again counts too.
        for event in found:
            total.update({what: n for what, n in event.detail.items() if what not in ("part", "kept", "failed")})
        total["kept"] = sum(detail["kept"] for detail in newest.values())
        events.append(register, env.keyring, EventName.HOUSEKEEPING_DONE, None, detail=total)
    return dict(total)
