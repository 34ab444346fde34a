"""`avgflow request verify|asked|choose|approve|refuse|weigh|stop|resume|withdraw|extend`: what a human decides."""

from __future__ import annotations

from typing import Annotated

import typer

from avgflow import deciding
from avgflow.cli import panels
from avgflow.cli.keyboard import actor, day, named
from avgflow.cli.shown import say
from avgflow.handling import (
    asking_person,
    correcting,
    environment,
    extending,
    resuming,
    withdrawing,
)
from avgflow.handling.extending import Reason
from avgflow.handling.resuming import Again
from avgflow.register.weighings import Refusal

app = typer.Typer()

Number = Annotated[str, typer.Argument(help="The request's number, such as AVG-2026-00042.")]


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
    env = environment.of_settings()
    if code is not None:
        taken = deciding.verify_by_code(env, number, code, actor(env))
        say(f"{number}: the code is right.")
    else:
        taken = deciding.verify(env, number, verified_by)
    _answered(number, taken)


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
    _answered(number, deciding.choose(environment.of_settings(), number, persons))


@app.command(rich_help_panel=panels.DECIDE)
def approve(
    number: Number,
    plan: Annotated[
        str | None, typer.Option(help="The plan that you approve, as `request show --plan` names it; else the newest.")
    ] = None,
) -> None:
    """Answer 'go on': you approve the plan, agree to a refusal, accept an unknown address, or handed a package over."""
    env = environment.of_settings()
    _answered(number, deciding.approve(env, number, plan, actor(env)))


@app.command(rich_help_panel=panels.DECIDE)
def refuse(number: Number) -> None:
    """Refuse the plan that waits for approval; nothing is changed, and the request is stopped, on record."""
    _answered(number, deciding.refuse(environment.of_settings(), number))


@app.command(rich_help_panel=panels.DECIDE)
def correct(
    number: Number,
    was: Annotated[list[str], typer.Option(help="The wrong value, as attribute=value, such as street=….")],
) -> None:
    """Say which of the person's values is wrong, where the stores hold several; then take it up again."""
    env = environment.of_settings()
    wrong = named(was, "--was", "attribute=value, such as street=…")
    correcting.say_which(env, number, wrong, actor(env))
    say(f"{number}: recorded for {', '.join(sorted(wrong))}. Then: avgflow request resume {number} --plan")


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
    env = environment.of_settings()
    weighed, taken = deciding.weigh(env, number, " ".join(outcomes), actor(env))
    for record_class, refusal in weighed.items():
        say(f"{record_class} {env.policy.classes[record_class].title.en}: {refusal or 'upheld'}")
    _answered(number, taken)


@app.command(rich_help_panel=panels.END)
def stop(number: Number) -> None:
    """Stop work on a request that waits; it stays open, its term runs on, and the person hears nothing."""
    _answered(number, deciding.stop(environment.of_settings(), number))


@app.command(rich_help_panel=panels.END)
def resume(
    number: Number,
    plan: Annotated[
        bool, typer.Option("--plan", help="Make the plan anew, which is approved anew; else at the step that failed.")
    ] = False,
) -> None:
    """Take a stopped request up again; what was done before is not done again."""
    env = environment.of_settings()
    resuming.take_up(env, number, Again.PLAN if plan else Again.STEP, actor(env))
    say(f"{number} goes on. `avgflow request show {number}` says how far it is.")


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


def _answered(number: str, taken: bool) -> None:
    hint = "shows how it goes on" if taken else "shows when it is taken up: Airflow is busy"
    say(f"{number}: answered. `avgflow request show {number}` {hint}.")
