"""`avgflow request code|decline`: a one-time code by mail, and not doing what is asked, with a second pair of eyes."""

from __future__ import annotations

from typing import Annotated

import typer

from avgflow.cli import panels
from avgflow.cli.decisions import Number
from avgflow.cli.keyboard import actor
from avgflow.cli.shown import say
from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM
from avgflow.handling import coding, declining, environment, second_officer
from avgflow.handling.coding import Choice
from avgflow.handling.environment import Environment
from avgflow.policy.reasons import GROUNDS, DeclineReason
from avgflow.register import requests
from avgflow.register.database import transaction
from avgflow.register.declines import Confirmed, Proposal

app = typer.Typer()

_REASONS = "\n".join(f"{reason}: {grounds.summary.en}" for reason, grounds in GROUNDS.items())


class AddressNotChosen(AvgflowError):
    """Several addresses are known, and a human has to say which."""

    def __init__(self, number: str) -> None:
        super().__init__(f"No code was sent. Choose one of these addresses: avgflow request code {number} --to 1")


@app.command(rich_help_panel=panels.WHO)
def code(
    number: Number,
    to: Annotated[
        int | None, typer.Option(help="Which of the known addresses, by its number, where there are several.")
    ] = None,
) -> None:
    """Mail a one-time code to an address that a store holds for the person; the term stands still until they give it.

    Never to an address that stands in the request only. A new code voids the one before, so this also reminds them.
    """
    env = environment.of_settings()
    made = coding.send(env, number, to, actor(env))
    if isinstance(made, Choice):
        for place, masked in enumerate(made.masked, 1):
            say(f"{place}  {masked}")
        raise AddressNotChosen(number)
    coding.tell(env, made.code)
    say(f"{number}: code {made.code.nth} goes to {made.masked}; it works until {made.code.until.isoformat()}, once.")
    say("The term stands still from the day the mail server takes it until the person is verified.")
    say(f"When the person tells you the code: avgflow request verify {number} --code CODE")


@app.command(
    rich_help_panel=panels.END,
    help="""Do not carry a request out, with a reason; a second officer confirms.

Without options: show the proposal that stands, and the letter that goes with it.

Reasons:

"""
    + _REASONS,
)
def decline(
    number: Number,
    reason: Annotated[str | None, typer.Option(help="Propose it for this reason (see above).")] = None,
    note: Annotated[
        str, typer.Option(help="The facts, as the person reads them; 'unfounded' and 'excessive' need them.")
    ] = "",
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Confirm the proposal: the person gets the letter, and the run ends.")
    ] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Take the proposal back; the request goes on.")] = False,
) -> None:
    if sum((reason is not None, confirm, drop)) > 1:
        raise typer.BadParameter("give one of --reason, --confirm and --drop")
    if note and reason is None:
        raise typer.BadParameter("a note goes with a reason", param_hint="--note")
    env = environment.of_settings()
    if confirm:
        _confirm(env, number)
    elif drop:
        declining.drop(env, number, actor(env))
        say(f"{number}: the proposal is taken back. `avgflow request show {number}` says what it waits for.")
    elif reason is not None:
        _propose(env, number, reason, note)
    else:
        _show(env, number)


def proposal(one: Proposal, done: Confirmed | None) -> str:
    """A line on a proposal to decline, as `request show` has it."""
    grounds = GROUNDS[one.reason]
    by = "It follows from who asks" if one.by_itself else f"Proposed by {one.actor}"
    on = f"{one.at.astimezone(AMSTERDAM):%Y-%m-%d at %H:%M}"
    what = f"Decline as {grounds.outcome.replace('_', ' ')}: {grounds.summary.en} ({grounds.articles.en}). {by}, {on}."
    if done is None:
        return f"{what} Not confirmed."
    eyes = "; the policy names no second officer, so nobody else looked at it" if done.alone else ""
    return f"{what} Confirmed by {done.actor}{eyes}."


def _propose(env: Environment, number: str, reason: str, note: str) -> None:
    if reason not in list(DeclineReason):
        raise typer.BadParameter(f"choose one of: {', '.join(DeclineReason)}", param_hint="--reason")
    made = declining.propose(env, number, DeclineReason(reason), note, actor(env))
    say(f"{number}: it is proposed to decline it. Nothing is sent to the person before it is confirmed.")
    say(_who_confirms(env, number))
    declining.tell(env, made, number)


def _who_confirms(env: Environment, number: str) -> str:
    command = f"avgflow request decline {number} --confirm"
    if others := second_officer.others(env, {actor(env)}):
        return f"Another officer ({', '.join(sorted(others))}) confirms: {command}"
    return (
        "The policy names no second officer (erasure: officers), so you may confirm it yourself; it is put on record "
        f"that nobody else looked at it. Read it over, better on another day: {command}"
    )


def _confirm(env: Environment, number: str) -> None:
    request, done = declining.confirm(env, number, actor(env))
    say(f"{number}: {proposal(done.proposal, done)}")
    declining.end_run(env, request)
    with transaction(env.register) as register:
        closed = requests.get(register, number)
    outcome = str(closed.outcome or "").replace("_", " ")
    say(f"The letter is sent, the run has ended, and the request is {closed.status}: {outcome}.")


def _show(env: Environment, number: str) -> None:
    found = declining.show(env, number)
    say(f"{number}: {proposal(found.proposal, found.confirmed)}")
    say("")
    say(found.letter)
    if found.confirmed is None:
        say(f"To confirm: avgflow request decline {number} --confirm. To take it back: --drop.")
