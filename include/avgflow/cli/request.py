"""`avgflow request …`: register, start, follow and answer requests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from avgflow.capacity import Capacity
from avgflow.cli import decisions, following, panels, procedure, shown
from avgflow.cli.decisions import Number
from avgflow.cli.keyboard import actor, identifiers, named
from avgflow.cli.shown import say
from avgflow.errors import AvgflowError
from avgflow.handling import candidates as possible
from avgflow.handling import correcting, environment, planning, previewing, recounting, repeating, restricting
from avgflow.handling.registering import DAGS
from avgflow.plan import Plan
from avgflow.register import approvals, clock, declines, events, evidence, outbox, passphrases, requests
from avgflow.register.database import transaction
from avgflow.register.requests import Request, Status
from avgflow.several import parse_all

HELP = """Data subject requests, from register to answer.

A request waits only where a human is needed: avgflow request show NUMBER says for what, and with which command you
answer. What is asked: access (a copy), rectification, erasure, restriction, portability, objection.
"""

app = typer.Typer(help=HELP, no_args_is_help=True, cls=panels.ByPanel)

EXAMPLES = """Register a request and start its run.

Somebody asks about themselves:
avgflow request new access --email … --customer-number …

For another person; nothing is looked up by the address of who asks:
avgflow request new access --as lawyer --email LAWYER --person-email PERSON --person-name …

More at once; a copy comes first, and one verification serves all:
avgflow request new access --also erasure --also objection:marketing --email …
"""

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def _who(text: str) -> Any:
    return typer.Option(help=text, rich_help_panel=panels.SUBJECT)


def _right(text: str) -> Any:
    return typer.Option(help=text, rich_help_panel=panels.ONE_RIGHT)


@app.command(rich_help_panel=panels.REGISTER, help=EXAMPLES)
def new(
    right: Annotated[str, typer.Argument(help=f"What is asked: {', '.join(DAGS)}.")],
    email: Annotated[str, _who("The e-mail address of who asks; the answer goes there.")],
    also: Annotated[
        list[str] | None,
        typer.Option(help="What else is asked at once, such as erasure or objection:marketing; several times."),
    ] = None,
    customer_number: Annotated[str | None, _who("Customer number of whose data they are, if given.")] = None,
    name: Annotated[str | None, _who("Name of who asks, for the letter; never used to find anybody.")] = None,
    phone: Annotated[str | None, _who("Telephone number; never used to find anybody.")] = None,
    identifier: Annotated[
        list[str] | None, _who("A further identifier of whose data they are as kind=value, such as visitor_id=….")
    ] = None,
    as_: Annotated[
        str, typer.Option("--as", help=f"Who asks: {', '.join(Capacity)}.", rich_help_panel=panels.SUBJECT)
    ] = Capacity.SELF.value,
    person_email: Annotated[str | None, _who("Of whose data they are, where somebody else asks.")] = None,
    person_name: Annotated[str | None, _who("Of whose data they are, for the letter to who asks.")] = None,
    born: Annotated[
        str | None, _who("Day of birth, YYYY-MM-DD, of a child whose data they are; else leave it out.")
    ] = None,
    received: Annotated[str | None, typer.Option(help="Day of receipt, YYYY-MM-DD; today if left out.")] = None,
    verified_by: Annotated[
        str | None,
        typer.Option(help="portal-login, known-email, phone-callback, in-person or mandate; else a human is asked."),
    ] = None,
    to: Annotated[
        str | None,
        _right(
            "What an objection is to: marketing (the newsletter too), surveys, cookies or all-processing. A "
            "withdrawn consent is registered the same way."
        ),
    ] = None,
    ground: Annotated[
        str | None,
        _right(
            "Why data are restricted: accuracy (contested), unlawful (use), claims (the person needs them), "
            "objection (being weighed)."
        ),
    ] = None,
    correct: Annotated[
        list[str] | None,
        _right("A value to correct, as attribute=value, such as phone=…; several times for several."),
    ] = None,
    was: Annotated[
        list[str] | None,
        _right("The wrong value, as attribute=value; needed where the person has more than one."),
    ] = None,
    statement: Annotated[
        str | None, _right("The person's own statement, attached where what we hold is an opinion.")
    ] = None,
    to_controller: Annotated[
        str | None,
        _right("E-mail address of another company that gets the portable data instead of the person."),
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the answer: nl or en.")] = "nl",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show the plan there would be; nothing is registered or touched.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the request until it ends or needs a human.")] = False,
    as_json: AsJson = False,
) -> None:
    intakes = parse_all(
        right,
        also or (),
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
        asks_as=as_,
        born=born,
        person_email=person_email,
        person_name=person_name,
    )
    env = environment.of_settings()
    if dry_run:
        for intake in intakes:
            _preview(previewing.plan(env, intake), as_json)
        return
    entered = following.enter(env, intakes, quiet=as_json)
    if wait:
        for one in entered:
            following.follow(env, one.number, as_json)
    with transaction(env.register) as register:
        first, *others = [requests.get(register, one.number) for one in entered]
    if as_json:
        say(json.dumps(first.to_json() | ({"also": [one.to_json() for one in others]} if others else {}), indent=2))
        return
    for one in (first, *others):
        _show(one, as_json=False)


@app.command(rich_help_panel=panels.REGISTER)
def start(number: Number, as_json: AsJson = False) -> None:
    """Start the run of a registered request; does nothing where it was started before."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        request = requests.get(register, number)
    following.start(env, request, as_json)
    if as_json:
        _show(request, as_json)


@app.command(name="list", rich_help_panel=panels.LOOK)
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


@app.command(rich_help_panel=panels.LOOK)
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
        proposed = declines.proposal(register, env.keyring, number)
        declined = declines.confirmed(register, env.keyring, number)
        before = repeating.before(register, history)
        same = requests.together(register, number)
    standing = clock.read(history)
    people = possible.show(env, number, actor(env)) if candidates else None
    more = correcting.show(env, number, actor(env)).to_json() if asked else None
    if as_json:
        document: dict[str, Any] = request.to_json()
        document["events"] = [
            {"at": e.at.isoformat(), "name": e.name, "actor": e.actor, "detail": dict(e.detail)} for e in history
        ]
        document["extended"] = standing.extended
        document["clock_stopped_since"] = standing.asked
        document["earlier"] = [one.number for one in before]
        document["came_with"] = [one.number for one in same]
        document["decline"] = proposed and {"reason": proposed.reason, "confirmed": declined is not None}
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
    for line in shown.standing(request, standing.asked):
        say(line)
    if standing.asked:
        say(f"  The term stands still since {standing.asked.isoformat()}: the person was asked to prove who they are.")
    for line in shown.beside(before, same):
        say(line)
    if proposed is not None:
        say(f"  {procedure.proposal(proposed, declined)}")
        if declined is None:
            say(f"  See the letter and confirm: avgflow request decline {number}, then --confirm; or --drop.")
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


@app.command(rich_help_panel=panels.ANSWER)
def passphrase(number: Number, as_json: AsJson = False) -> None:
    """Show the passphrase of a request's package, to tell it by telephone to the person, or to the company that the
    package went to; each showing is put on record.
    """
    env = environment.of_settings()
    with transaction(env.register) as register:
        phrase = passphrases.show_passphrase(register, env.keyring, number, actor(env))
    say(json.dumps({"number": number, "passphrase": phrase}) if as_json else phrase)


@app.command(rich_help_panel=panels.ANSWER)
def mentions(number: Number, as_json: AsJson = False) -> None:
    """Show where free text may still name an erased person, by the keys of the rows; each showing is put on record."""
    env = environment.of_settings()
    found = recounting.mentions(env, number, actor(env))
    if as_json:
        say(json.dumps({"number": number, "mentions": found}, indent=2))
        return
    for line in found or [f"No text names the person of {number} any more."]:
        say(line)


@app.command(name="evidence", rich_help_panel=panels.ANSWER)
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


app.add_typer(procedure.app)
app.add_typer(decisions.app)
