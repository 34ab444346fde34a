"""`avgflow request …`: register, start, follow and answer requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from avgflow.cli import decisions, following, shown
from avgflow.cli.decisions import Number
from avgflow.cli.keyboard import actor, identifiers, named
from avgflow.cli.shown import say
from avgflow.errors import AvgflowError
from avgflow.handling import candidates as possible
from avgflow.handling import correcting, environment, planning, previewing, recounting, restricting
from avgflow.handling.registering import DAGS
from avgflow.intake import parse
from avgflow.plan import Plan
from avgflow.register import approvals, clock, events, evidence, outbox, passphrases, requests
from avgflow.register.database import transaction
from avgflow.register.requests import Request, Status

app = typer.Typer(help="Data subject requests: register, start, follow, answer.", no_args_is_help=True)
app.add_typer(decisions.app)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def new(
    right: Annotated[str, typer.Argument(help=f"What is asked: {', '.join(DAGS)}.")],
    email: Annotated[str, typer.Option(help="The requester's e-mail address; the answer goes there.")],
    customer_number: Annotated[str | None, typer.Option(help="Customer number, if given.")] = None,
    name: Annotated[str | None, typer.Option(help="Name, for the letter; never used to find anybody.")] = None,
    phone: Annotated[str | None, typer.Option(help="Telephone number; never used to find anybody.")] = None,
    identifier: Annotated[
        list[str] | None, typer.Option(help="A further identifier as kind=value, such as visitor_id=….")
    ] = None,
    received: Annotated[str | None, typer.Option(help="Day of receipt, YYYY-MM-DD; today if left out.")] = None,
    verified_by: Annotated[
        str | None,
        typer.Option(help="portal-login, known-email, phone-callback, in-person or mandate; else a human is asked."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            help="What an objection is to: marketing (the newsletter too), surveys, cookies or all-processing. A "
            "withdrawn consent is registered the same way."
        ),
    ] = None,
    ground: Annotated[
        str | None,
        typer.Option(
            help="Why data are restricted: accuracy (contested), unlawful (use), claims (the person needs them), "
            "objection (being weighed)."
        ),
    ] = None,
    correct: Annotated[
        list[str] | None,
        typer.Option(help="A value to correct, as attribute=value, such as phone=…; several times for several."),
    ] = None,
    was: Annotated[
        list[str] | None,
        typer.Option(help="The wrong value, as attribute=value; needed where the person has more than one."),
    ] = None,
    statement: Annotated[
        str | None, typer.Option(help="The person's own statement, attached where what we hold is an opinion.")
    ] = None,
    to_controller: Annotated[
        str | None,
        typer.Option(help="E-mail address of another company that gets the portable data instead of the person."),
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the answer: nl or en.")] = "nl",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show the plan there would be; nothing is registered or touched.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the request until it ends or needs a human.")] = False,
    as_json: AsJson = False,
) -> None:
    """Register a request and start its run."""
    intake = parse(
        right=right,
        email=email,
        customer_number=customer_number,
        name=name,
        phone=phone,
        identifiers=identifiers(identifier or []),
        received=received,
        verified_by=verified_by,
        language=language,
        to=to,
        ground=ground,
        correct=named(correct or [], "--correct", "attribute=value, such as phone=…"),
        was=named(was or [], "--was", "attribute=value, such as phone=…"),
        statement=statement,
        destination=to_controller,
    )
    env = environment.of_settings()
    if dry_run:
        _preview(previewing.plan(env, intake), as_json)
        return
    made = following.enter(env, intake, quiet=as_json)
    if wait:
        made = following.follow(env, made.number, as_json)
    with transaction(env.register) as register:
        _show(requests.get(register, made.number), as_json)


@app.command()
def start(number: Number, as_json: AsJson = False) -> None:
    """Start the run of a registered request; does nothing where it was started before."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        request = requests.get(register, number)
    following.start(env, request, as_json)
    if as_json:
        _show(request, as_json)


@app.command(name="list")
def list_(
    status: Annotated[str | None, typer.Option(help="registered, running, waiting, stopped or closed.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List requests, the newest first."""
    if status is not None and status not in list(Status):
        raise typer.BadParameter(f"choose one of: {', '.join(Status)}", param_hint="--status")
    env = environment.of_settings()
    with transaction(env.register) as register:
        found = requests.find(register, status=[Status(status)] if status else (), limit=limit)
    if as_json:
        say(json.dumps([request.to_json() for request in found], indent=2))
        return
    table = shown.grid("number", "right", "status", "received", "due")
    for one in found:
        table.add_row(one.number, one.right, shown.state(one), one.received.isoformat(), one.due.isoformat())
    shown.print_table(table)


@app.command()
def show(
    number: Number,
    plan: Annotated[bool, typer.Option("--plan", help="Also the plan: rows by table, class and action.")] = False,
    candidates: Annotated[
        bool, typer.Option("--candidates", help="The persons it may be about (personal data; put on record).")
    ] = False,
    asked: Annotated[
        bool, typer.Option("--asked", help="What it asks to correct or to attach (personal data; put on record).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show where a request stands, what happened, and what is to be done."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        request = requests.get(register, number)
        history = events.history(register, number)
        mails = outbox.mails(register, number)
        proofs = evidence.evidence(register, number)
        planned = planning.newest(env, register, number) if plan else None
        approval = approvals.approval(register, number)
        kept = restricting.refused_erasure(register, number) if planned is not None and planned.erases else ()
    people = possible.show(env, number, actor(env)) if candidates else None
    more = correcting.show(env, number, actor(env)).to_json() if asked else None
    if as_json:
        document: dict[str, Any] = request.to_json()
        document["events"] = [
            {"at": e.at.isoformat(), "name": e.name, "actor": e.actor, "detail": dict(e.detail)} for e in history
        ]
        standing = clock.read(history)
        document["extended"] = standing.extended
        document["clock_stopped_since"] = standing.asked
        document["mails"] = [{"kind": m.kind, "accepted": m.accepted_at is not None} for m in mails]
        document["evidence"] = [{"kind": p.kind, "passed": p.passed, "digest": p.digest} for p in proofs]
        if planned is not None:
            document |= shown.plan_document(planned)
            document["approved"] = approval is not None and approval.digest == planned.digest
            document["asked_to_keep"] = [one.number for one in kept]
        if people is not None:
            document["candidates"] = people
        if more is not None:
            document["asked"] = more
        say(json.dumps(document, indent=2, default=str))
        return
    _show(request, as_json=False)
    if since := clock.read(history).asked:
        say(f"  The term stands still since {since.isoformat()}: the person was asked to prove who they are.")
    shown.print_table(shown.history(history))
    if planned is not None:
        shown.print_table(shown.plan(planned))
        for line in (*shown.suppressed(planned), *shown.asked_to_keep(kept)):
            say(line)
        say(shown.approval(planned, approval))
    for line in people or []:
        say(line)
    for line in shown.asked(more) if more is not None else []:
        say(line)


@app.command()
def passphrase(number: Number, as_json: AsJson = False) -> None:
    """Show the passphrase of a request's package, to tell the person by telephone; each showing is put on record."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        phrase = passphrases.show_passphrase(register, env.keyring, number, actor(env))
    say(json.dumps({"number": number, "passphrase": phrase}) if as_json else phrase)


@app.command()
def mentions(number: Number, as_json: AsJson = False) -> None:
    """Show where free text may still name an erased person, by the keys of the rows; each showing is put on record."""
    env = environment.of_settings()
    found = recounting.mentions(env, number, actor(env))
    if as_json:
        say(json.dumps({"number": number, "mentions": found}, indent=2))
        return
    for line in found or [f"No text names the person of {number} any more."]:
        say(line)


@app.command(name="evidence")
def evidence_(
    number: Number,
    output: Annotated[Path, typer.Option("--output", "-o", help="Write the page (HTML) here.")],
) -> None:
    """Write the page of the last check: what was collected or erased, counted and compared, without any value."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        requests.get(register, number)
        proofs = evidence.evidence(register, number)
    if not proofs:
        raise NoEvidence(number)
    try:
        output.write_text(proofs[-1].html, encoding="utf-8")
    except OSError as refused:
        raise PageNotWritten(output, refused) from None
    say(f"{output}: {'passed' if proofs[-1].passed else 'did not pass'}, digest {proofs[-1].digest}")


class NoEvidence(AvgflowError):
    """A request without a check."""

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} has no check yet; `avgflow request show {number}` says where it stands.")


class PageNotWritten(AvgflowError):
    """An evidence page has no place to go."""

    def __init__(self, output: Path, refused: OSError) -> None:
        super().__init__(f"{output} cannot be written ({refused.strerror}). Name another file with -o.")


def _preview(made: Plan, as_json: bool) -> None:
    if as_json:
        say(json.dumps(shown.plan_document(made), indent=2))
        return
    lines = shown.suppressed(made)
    if not any(step.rows for step in made.steps):
        say(" ".join(["Nothing is found by what was given; nothing was registered.", *lines]))
        return
    shown.print_table(shown.plan(made))
    for line in lines:
        say(line)
    say("This is what would be planned now. Nothing was registered, and nothing was touched.")


def _show(request: Request, as_json: bool) -> None:
    if as_json:
        say(json.dumps(request.to_json(), indent=2))
        return
    for line in shown.standing(request):
        say(line)
