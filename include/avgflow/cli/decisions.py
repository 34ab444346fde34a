"""`avgflow request verify|asked|choose|approve|refuse|weigh|stop|withdraw|extend`: what a human decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from avgflow import answers
from avgflow.cli import panels
from avgflow.cli.keyboard import actor, day, named
from avgflow.cli.shown import say
from avgflow.errors import AvgflowError
from avgflow.fields import choice
from avgflow.handling import (
    approving,
    asking_person,
    coding,
    correcting,
    environment,
    extending,
    verifying,
    weighing,
    withdrawing,
)
from avgflow.handling import candidates as possible
from avgflow.handling.environment import Environment
from avgflow.handling.extending import Reason
from avgflow.handling.identify import Waiting
from avgflow.handling.registering import DAGS
from avgflow.intake import UnknownVerification, Verification
from avgflow.register import requests
from avgflow.register.database import transaction
from avgflow.register.requests import Request, Status
from avgflow.register.weighings import Refusal

app = typer.Typer()

Number = Annotated[str, typer.Argument(help="The request's number, such as AVG-2026-00042.")]

GO_ON, STOP = "Verder", "Stoppen"

_OF_A_PLAN = (Waiting.APPROVAL, Waiting.REFUSAL)
"""What is answered by naming the plan."""


class CodeNotTaken(AvgflowError):
    """A code was right, but the request does not go on yet."""

    def __init__(self, number: str, why: str) -> None:
        super().__init__(
            f"The code is right, and that is on record, but {number} does not go on yet. {why} Then: avgflow request "
            f"verify {number} --verified-by {Verification.KNOWN_EMAIL}"
        )


class NotWaiting(AvgflowError):
    """A request waits for something else than what was answered."""

    def __init__(self, number: str, waiting_for: str | None) -> None:
        what = f"waits for {waiting_for}" if waiting_for else "waits for no answer"
        super().__init__(f"{number} {what}; `avgflow request show {number}` says what is to be done.")


@app.command(rich_help_panel=panels.WHO)
def verify(
    number: Number,
    verified_by: Annotated[
        str | None,
        typer.Option(help="portal-login, known-email, phone-callback or in-person; mandate for who asks for another."),
    ] = None,
    code: Annotated[
        str | None, typer.Option(help="The one-time code that the person told you (`request code` mails it).")
    ] = None,
) -> None:
    """Say how you made sure who asks, or give the code that they told you; the request goes on.

    Requests that came in together are verified by this at once.
    """
    if (verified_by is None) is (code is None):
        raise typer.BadParameter("give either --verified-by or --code")
    env, request = _waiting(number, Waiting.VERIFICATION, Waiting.MANDATE, Waiting.DECLINE)
    if code is not None:
        coding.check(env, number, code, actor(env))
        say(f"{number}: the code is right.")
        try:
            _give(env, request, GO_ON, {"verified_by": Verification.KNOWN_EMAIL})
        except AvgflowError as fault:
            raise CodeNotTaken(number, str(fault)) from None
        return
    method = choice(Verification, verified_by, UnknownVerification)
    verifying.require_fitting(request, method)
    _give(env, request, GO_ON, {"verified_by": method})


@app.command(rich_help_panel=panels.WHO)
def asked(
    number: Number,
    on: Annotated[str | None, typer.Option("--on", help="The day you asked, YYYY-MM-DD; today if left out.")] = None,
    again: Annotated[bool, typer.Option("--again", help="You reminded them: on record, for a refusal later.")] = False,
) -> None:
    """Say that you asked the person to show who they are, or for a mandate, another way than by a code.

    The term stands still until you verify them.
    """
    env = environment.of_settings()
    if again:
        day_ = asking_person.remind(env, number, day(on, "--on"), actor(env))
        say(f"{number}: reminded on {day_.isoformat()}. The term stands still until they answer.")
        return
    since = asking_person.ask(env, number, day(on, "--on"), actor(env))
    say(f"{number}: the term stands still since {since.isoformat()}, until `avgflow request verify {number}`.")


@app.command(rich_help_panel=panels.WHO)
def choose(number: Number, persons: Annotated[list[int], typer.Argument(help="Numbers of --candidates.")]) -> None:
    """Say which of the candidates the person is; several numbers where they are the same person."""
    env, request = _waiting(number, Waiting.CHOICE)
    possible.check(env, number, persons)
    _give(env, request, GO_ON, {"persons": ",".join(map(str, persons))})


@app.command(rich_help_panel=panels.DECIDE)
def approve(
    number: Number,
    plan: Annotated[
        str | None, typer.Option(help="The plan that you approve, as `request show --plan` names it; else the newest.")
    ] = None,
) -> None:
    """Answer 'go on': you approve the plan, agree to a refusal, accept an unknown address, or handed a package over."""
    if plan is not None:
        env, request = _waiting(number, *_OF_A_PLAN)
    else:
        env, request = _waiting(number, *_OF_A_PLAN, Waiting.ADDRESS, Waiting.HANDOVER)
    inputs = {}
    if request.waiting_for in _OF_A_PLAN:
        inputs["plan"] = approving.check(env, number, plan, actor(env))
        say(f"Approving plan {inputs['plan']} of {number}.")
    _give(env, request, GO_ON, inputs)


@app.command(rich_help_panel=panels.DECIDE)
def refuse(number: Number) -> None:
    """Refuse the plan that waits for approval; nothing is changed, and the request is stopped, on record."""
    env, request = _waiting(number, Waiting.APPROVAL)
    _give(env, request, STOP, {})


@app.command(rich_help_panel=panels.DECIDE)
def correct(
    number: Number,
    was: Annotated[list[str], typer.Option(help="The wrong value, as attribute=value, such as street=….")],
) -> None:
    """Say which of the person's values is wrong, where the stores hold several; then clear task 'plan'."""
    env = environment.of_settings()
    wrong = named(was, "--was", "attribute=value, such as street=…")
    correcting.say_which(env, number, wrong, actor(env))
    say(f"{number}: recorded for {', '.join(sorted(wrong))}. Clear its task 'plan' and what follows, in Airflow.")


@app.command(rich_help_panel=panels.DECIDE)
def weigh(
    number: Number,
    outcomes: Annotated[
        list[str],
        typer.Argument(
            help="CLASS=uphold or CLASS=refuse:REASON for each class that the plan says to weigh; 'all' for every one. "
            f"REASON is {', '.join(Refusal)}."
        ),
    ],
) -> None:
    """Say how you weigh an objection (art. 21(1)), class by class; a refusal takes a second pair of eyes."""
    env, request = _waiting(number, Waiting.WEIGHING)
    said = " ".join(outcomes)
    for record_class, refusal in weighing.check(env, number, said, actor(env)).items():
        say(f"{record_class} {env.policy.classes[record_class].title.en}: {refusal or 'upheld'}")
    _give(env, request, GO_ON, {"outcomes": said})


@app.command(rich_help_panel=panels.END)
def stop(number: Number) -> None:
    """Stop work on a request that waits; it stays open, its term runs on, and the person hears nothing."""
    env, request = _waiting(number, *Waiting)
    _give(env, request, STOP, {})


@app.command(rich_help_panel=panels.END)
def withdraw(number: Number) -> None:
    """The person takes the request back; possible until the first store is changed. They get a confirmation."""
    env = environment.of_settings()
    request = withdrawing.withdraw(env, number, actor(env))
    say(f"{number} is withdrawn; nothing was changed in the stores.")
    withdrawing.end_run(env.airflow, request)
    say("Its run has ended, and the confirmation is sent.")


@app.command(rich_help_panel=panels.TERM)
def extend(
    number: Number,
    reason: Annotated[str, typer.Option(help="complexity or number-of-requests: the two that the law knows.")],
    note: Annotated[
        str, typer.Option(help="More about the reason, for the person to read; it goes into the letter as it is.")
    ] = "",
) -> None:
    """Take two months more; once, within the first month. The person gets a letter with the reason."""
    if reason not in list(Reason):
        raise typer.BadParameter(f"choose one of: {', '.join(Reason)}", param_hint="--reason")
    env = environment.of_settings()
    made = extending.extend(env, number, Reason(reason), note, actor(env))
    say(f"{number}: the term is extended; the answer is due on {made.due.isoformat()}.")
    extending.tell(env, number)
    say(f"The letter is on its way; it has to be there by {made.tell_by.isoformat()}.")


def _waiting(number: str, *fitting: Waiting) -> tuple[Environment, Request]:
    """A request that waits for one of these; `NotWaiting` otherwise."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        request = requests.get(register, number)
    if request.status is not Status.WAITING or request.waiting_for not in fitting:
        raise NotWaiting(number, request.waiting_for)
    return env, request


def _give(env: Environment, request: Request, option: str, inputs: Mapping[str, Any]) -> None:
    number = request.number
    taken = answers.give(env, env.airflow, DAGS[request.right], number, option, inputs)
    hint = "shows how it goes on" if taken else "shows when it is taken up: Airflow is busy"
    say(f"{number}: answered. `avgflow request show {number}` {hint}.")
