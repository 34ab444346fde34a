"""What a person at the keyboard reads of a request: one line that says where it stands, its history, its plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table

from avgflow.capacity import Capacity
from avgflow.fields import AMSTERDAM
from avgflow.handling.approving import SHOWN
from avgflow.handling.turns import Pause
from avgflow.handling.waiting import Waiting
from avgflow.intake import Right, Verification, day_in_amsterdam, fits
from avgflow.plan import Plan, Step
from avgflow.register.approvals import Approval
from avgflow.register.events import Event
from avgflow.register.names import EventName
from avgflow.register.requests import Request, Status
from avgflow.register.restrictions import Restriction
from avgflow.register.weighings import Refusal

_TO_DO = {
    Waiting.VERIFICATION: "Verify the person, then: ",
    Waiting.MANDATE: "See the mandate, or proof of authority, then: ",
    Waiting.DECLINE: "Who asks this may not, or has no such right. See the letter that says so, then confirm it: ",
    Waiting.CHOICE: "See who it may be and say which: ",
    Waiting.ADDRESS: "If you are sure that the address is theirs: ",
    Waiting.HANDOVER: "Hand the package over safely, then: ",
    Waiting.APPROVAL: "Look at the plan and approve it: ",
    Waiting.REFUSAL: "Nothing can be handed over; look at the plan for why, and agree to the refusal: ",
    Waiting.WEIGHING: "Weigh what the plan says to weigh; it is restricted until then: ",
}
_NOBODY = {
    Pause.EARLIER: "Nobody has to do anything: it goes on by itself.",
    Pause.TOGETHER: "It goes on by itself once that request is verified.",
    Pause.COOLING_OFF: "Nobody has to do anything: the person may think it over.",
}
_OF_A_STEP = ("store", "table", "class", "rows", "action", "ground", "keep_until", "columns")
_OF_A_CHANGE = ("ground", "keep_until", "columns")
_WIDE = 160
"""Characters a line where the output goes to a file or another program, which has no width of its own."""

_ORDER = ("right", "received", "due", "extended_due", "store", "table", "column", "reason", "rows", "tables", "cells")
"""How details follow each other for a reader; the register keeps them in no order. Others come after these."""


def standing(request: Request, still_since: date | None = None) -> list[str]:
    """Where a request stands, and what is to be done where it waits or has stopped; `still_since`: the day since which
    its term stands still.
    """
    right = f"{request.right} to {request.scope}" if request.scope else str(request.right)
    right += f" for {request.ground}" if request.ground else ""
    right += f" (asked as {request.capacity})" if request.capacity is not Capacity.SELF else ""
    lines = [f"{request.number}  {right}  {state(request)}  ({_term(request, still_since)})"]
    if request.waiting_for in set(Pause):
        lines.append(f"  waits for: {request.waiting_for}. {_NOBODY[Pause(request.waiting_for)]}")
    elif request.waiting_for:
        lines += _to_answer(request, Waiting(request.waiting_for))
    if request.waiting_for in (Waiting.APPROVAL, Pause.EARLIER, Pause.COOLING_OFF):
        lines.append(f"  If the person takes it back: avgflow request withdraw {request.number}")
    if request.reason:
        lines.append(f"  {request.reason}")
    return lines


def beside(before: Sequence[Request], same: Sequence[Request]) -> list[str]:
    """What else the person asked: earlier, which refuses nothing, and at once."""
    lines = []
    if before:
        told = ", ".join(f"{one.number} ({one.right}, {one.received.isoformat()}, {state(one)})" for one in before[:5])
        lines.append(f"  The same person asked before: {told}. That refuses nothing by itself (art. 12(5)).")
    if same:
        told = ", ".join(f"{one.number} ({one.right}, {state(one)})" for one in same)
        lines.append(f"  Came in together with: {told}. One verification serves all.")
    return lines


def _to_answer(request: Request, waiting: Waiting) -> list[str]:
    commands = waiting.commands(request.number)
    if waiting is Waiting.VERIFICATION:
        known, send, told = commands
        lines = [
            f"  waits for: {waiting}. {_TO_DO[waiting]}{known}",
            f"  Or by a code to an address that was known already: {send}, then {told}",
        ]
    else:
        lines = [f"  waits for: {waiting}. {_TO_DO[waiting]}{', then '.join(commands)}"]
    if waiting is Waiting.WEIGHING:
        lines.append(f"  CLASS is a record class, or all. REASON is one of: {', '.join(Refusal)}.")
    if waiting is Waiting.VERIFICATION:
        methods = ", ".join(method for method in Verification if fits(method, request.capacity))
        lines.append(f"  METHOD is one of: {methods}. Take no copy of an identity document; delete one sent unasked.")
    if waiting in (Waiting.VERIFICATION, Waiting.MANDATE):
        lines.append(f"  If you ask the person another way, the term pauses: avgflow request asked {request.number}")
        reason = "no-mandate" if waiting is Waiting.MANDATE else "identity-not-shown"
        lines.append(
            f"  No answer, not after a reminder (--again) either: avgflow request decline {request.number} "
            f"--reason {reason}"
        )
    end, command = ("refuse the plan", "refuse") if waiting is Waiting.APPROVAL else ("end it", "stop")
    lines.append(
        f"  Or answer in Airflow, under Required Actions. To {end}: avgflow request {command} {request.number}"
    )
    return lines


def state(request: Request) -> str:
    """The status, with what came of it or what it waits for: `closed: nothing found`, `waiting: verification`."""
    more = request.outcome or request.waiting_for
    return f"{request.status}: {more.replace('_', ' ')}" if more else str(request.status)


def _term(request: Request, still_since: date | None) -> str:
    due = f"due {request.due.isoformat()}"
    if request.status is Status.CLOSED:
        return due
    if still_since is not None:
        return f"{due}, and a day later for each day since {still_since.isoformat()}"
    left = (request.due - day_in_amsterdam()).days
    return f"{due}, {left} days left" if left >= 0 else f"{due}, {-left} days LATE"


def told(event: Event) -> str:
    """An event in one line, while a request is followed."""
    detail = event.detail
    if event.name == EventName.REDACTION_MADE:
        more = f"{detail['store']}, {detail['table']}.{detail['column']}, {detail['cells']} values"
    else:
        known = ("store", "outcome", "waiting_for", "step", "error")
        words = [str(detail[key]).replace("_", " ") for key in known if key in detail]
        more = ", ".join([*words, *([f"{detail['rows']} rows"] if "rows" in detail else [])])
    return f"{_name(event)}{': ' + more if more else ''}"


def history(events: Iterable[Event]) -> Table:
    """What happened, in Dutch time."""
    table = grid("when", "what", "by", "detail", folds=("detail",))
    for event in events:
        when = event.at.astimezone(AMSTERDAM).strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(when, _name(event), event.actor, _detail(event.detail))
    return table


def step(one: Step) -> dict[str, Any]:
    """A step of a plan as `--json` has it: where, how many rows, and why; not which rows."""
    planned = one.to_json()
    return {**{name: planned[name] for name in _OF_A_STEP}, "reason": one.reason.en if one.reason else ""}


def plan_document(made: Plan) -> dict[str, Any]:
    """A plan as `--json` has it."""
    steps = [step(one) for one in made.steps]
    return {"plan": steps, "plan_digest": made.digest, "suppress": list(made.suppress)}


def suppressed(made: Plan) -> list[str]:
    """A line on what is not sent to the person any more, where a plan has that."""
    return [f"Suppresses every address of their own for: {', '.join(made.suppress)}."] if made.suppress else []


def asked_to_keep(kept: Iterable[Restriction]) -> list[str]:
    """A line on each restriction of the person of an erasure who asked for their data to be kept."""
    return [
        f"Ask the person before you approve: by {one.number} they wanted their data kept ({one.ground}), and that "
        f"restriction stands."
        for one in kept
    ]


def plan(made: Plan) -> Table:
    """What was planned, by table and record class; of an inzage nothing is kept or overwritten."""
    unused = () if made.basis else ("keep_until",) if made.right == Right.PORTABILITY else _OF_A_CHANGE
    wanted = [name for name in _OF_A_STEP if name not in unused]
    table = grid(*(name.replace("_", " ") for name in (*wanted, "reason")), folds=("columns", "reason"))
    for one in map(step, made.steps):
        table.add_row(*(_cell(one[name]) for name in (*wanted, "reason")))
    return table


def approval(made: Plan, given: Approval | None) -> str:
    """What a plan is called, and whether it was approved."""
    name = made.digest[:SHOWN]
    if not made.erases:
        return f"Plan {name}"
    if given is not None and given.digest == made.digest:
        return f"Plan {name}, approved by {given.actor} on {given.at.astimezone(AMSTERDAM):%Y-%m-%d at %H:%M}"
    return (
        f"Plan {name}, not approved. To approve exactly this one: avgflow request approve {made.number} --plan {name}"
    )


def asked(document: Mapping[str, Any]) -> list[str]:
    """What a request asks besides its right, a line each: personal data."""
    lines = [
        f"Correct {one['attribute']}: {one['new']}" + (f" (was {one['old']})" if one["old"] else "")
        for one in document["corrections"]
    ]
    lines += [f"Statement: {line}" for line in (document["statement"] or "").splitlines()]
    lines += [f"To another controller: {document['destination']}"] if document["destination"] else []
    return lines or ["It asks no more than its right says."]


def grid(*titles: str, folds: Sequence[str] = ()) -> Table:
    """A table without lines, in which only the columns named in `folds` may break: a number is to be copied whole."""
    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, no_wrap=title not in folds, overflow="fold")
    return table


def say(line: str, quiet: bool = False) -> None:
    """Print a line at once, also where the output goes to another program."""
    if not quiet:
        print(line, flush=True)  # noqa: T201


def print_table(table: Table) -> None:
    """Print a table as wide as the terminal, or as a line needs where there is none."""
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, width=_WIDE)
    console.print(table)


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def _name(event: Event) -> str:
    return event.name.en if isinstance(event.name, EventName) else event.name


def _detail(detail: Mapping[str, Any]) -> str:
    keys = sorted(detail, key=lambda key: (_ORDER.index(key) if key in _ORDER else len(_ORDER), key))
    return ", ".join(f"{key.replace('_', ' ')} {_value(detail[key])}" for key in keys if not _is_hash(key))


def _is_hash(key: str) -> bool:
    """Digests are for machines; `--json` shows them."""
    return "digest" in key or key == "manifest"


def _value(value: object) -> str:
    return " + ".join(map(str, value)) if isinstance(value, list) else str(value)
