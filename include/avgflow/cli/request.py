"""`avgflow request …`: register, start, follow and answer requests."""

from __future__ import annotations

import getpass
import json
import time
from email.parser import BytesHeaderParser
from email.policy import default
from pathlib import Path
from typing import Annotated, Any

import typer

from avgflow import answers
from avgflow.airflow_api import AirflowApi
from avgflow.cli import shown
from avgflow.errors import AvgflowError
from avgflow.handling import answering, environment, registering
from avgflow.handling import candidates as possible
from avgflow.handling.environment import Environment
from avgflow.handling.identify import Waiting
from avgflow.handling.registering import DAGS
from avgflow.intake import Intake, parse
from avgflow.register import chain, events, evidence, outbox, passphrases, plans, requests
from avgflow.register.database import transaction
from avgflow.register.requests import Request, Status

app = typer.Typer(help="Data subject requests: register, start, follow, answer.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="The request's number, such as AVG-2026-00042.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

GO_ON, STOP = "Verder", "Stoppen"


@app.command()
def new(
    right: Annotated[str, typer.Argument(help="What is asked: access.")],
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
    language: Annotated[str, typer.Option(help="Language of the answer: nl or en.")] = "nl",
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
        identifiers=_identifiers(identifier or []),
        received=received,
        verified_by=verified_by,
        language=language,
    )
    env = environment.of_settings()
    made = enter(env, intake, quiet=as_json)
    if wait:
        made = follow(env, made.number, as_json)
    with transaction(env.register) as register:
        _show(requests.get(register, made.number), as_json)


@app.command()
def start(number: Number, as_json: AsJson = False) -> None:
    """Start the run of a registered request; does nothing where it was started before."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        request = requests.get(register, number)
    _start(env, request, as_json)
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
        _print(json.dumps([request.to_json() for request in found], indent=2))
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
    as_json: AsJson = False,
) -> None:
    """Show where a request stands, what happened, and what is to be done."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        request = requests.get(register, number)
        history = events.history(register, number)
        mails = outbox.mails(register, number)
        proofs = evidence.evidence(register, number)
        steps = _plan(env, register, number) if plan else None
    people = possible.show(env, number, _actor(env)) if candidates else None
    if as_json:
        document: dict[str, Any] = request.to_json()
        document["events"] = [
            {"at": e.at.isoformat(), "name": e.name, "actor": e.actor, "detail": dict(e.detail)} for e in history
        ]
        document["mails"] = [{"kind": m.kind, "accepted": m.accepted_at is not None} for m in mails]
        document["evidence"] = [{"kind": p.kind, "passed": p.passed, "digest": p.digest} for p in proofs]
        if steps is not None:
            document["plan"] = steps
        if people is not None:
            document["candidates"] = people
        _print(json.dumps(document, indent=2, default=str))
        return
    _show(request, as_json=False)
    shown.print_table(shown.history(history))
    if steps is not None:
        shown.print_table(shown.plan(steps))
    for line in people or []:
        _print(line)


@app.command()
def verify(
    number: Number,
    verified_by: Annotated[str, typer.Option(help="portal-login, known-email, phone-callback, in-person or mandate.")],
) -> None:
    """Say how the person was verified; the request goes on."""
    _answer(number, GO_ON, {"verified_by": verified_by}, Waiting.VERIFICATION)


@app.command()
def choose(number: Number, persons: Annotated[list[int], typer.Argument(help="Numbers of --candidates.")]) -> None:
    """Say which of the candidates the person is; several numbers where they are the same person."""
    _answer(number, GO_ON, {"persons": ",".join(map(str, persons))}, Waiting.CHOICE)


@app.command()
def approve(number: Number) -> None:
    """Answer 'go on' to what the request waits for: an unknown address accepted, a package handed over."""
    _answer(number, GO_ON, {}, Waiting.ADDRESS, Waiting.HANDOVER)


@app.command()
def stop(number: Number) -> None:
    """Answer 'stop' to what the request waits for; it stays on the register as stopped."""
    _answer(number, STOP, {})


@app.command()
def passphrase(number: Number, as_json: AsJson = False) -> None:
    """Show the passphrase of a request's package, to tell the person by telephone; each showing is put on record."""
    env = environment.of_settings()
    with transaction(env.register) as register:
        phrase = passphrases.show_passphrase(register, env.keyring, number, _actor(env))
    _print(json.dumps({"number": number, "passphrase": phrase}) if as_json else phrase)


@app.command(name="evidence")
def evidence_(
    number: Number,
    output: Annotated[Path, typer.Option("--output", "-o", help="Write the page (HTML) here.")],
) -> None:
    """Write the page of the last completeness check: what was collected, counted and compared, without any value."""
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
    _print(f"{output}: {'passed' if proofs[-1].passed else 'did not pass'}, digest {proofs[-1].digest}")


class NoEvidence(AvgflowError):
    """A request without a completeness check."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"{number} has no completeness check yet; `avgflow request show {number}` says where it stands."
        )


class PageNotWritten(AvgflowError):
    """An evidence page has no place to go."""

    def __init__(self, output: Path, refused: OSError) -> None:
        super().__init__(f"{output} cannot be written ({refused.strerror}). Name another file with -o.")


class NotWaiting(AvgflowError):
    """A request waits for something else than what was answered."""

    def __init__(self, number: str, waiting_for: str | None) -> None:
        what = f"waits for {waiting_for}" if waiting_for else "waits for no answer"
        super().__init__(f"{number} {what}; `avgflow request show {number}` says what is to be done.")


def follow(env: Environment, number: str, quiet: bool = False) -> Request:
    """Follow a request until it is closed or stopped or waits for a human, telling each step as it is done."""
    told = 0
    api = AirflowApi.of(env.settings)
    while True:
        with transaction(env.register) as register:
            request = requests.get(register, number)
            history = events.history(register, number)
        for event in history[told:]:
            _say(quiet, f"  {shown.told(event)}")
        told = len(history)
        if request.status in (Status.CLOSED, Status.STOPPED, Status.WAITING):
            return request
        if api.state(DAGS[request.right], number) == "failed":
            return request
        time.sleep(0.25)


def show_result(env: Environment, number: str) -> None:
    """What came of a request, and where its answer lies."""
    with transaction(env.register) as register:
        request = requests.get(register, number)
        sent = [mail for mail in outbox.mails(register, number) if mail.kind == answering.ANSWER and mail.accepted_at]
        proofs = evidence.evidence(register, number)
        head = chain.verify(register, env.keyring)
    _show(request, as_json=False)
    for proof in proofs[-1:]:
        tables = [table for store in proof.result["stores"] for table in store["tables"]]
        rows = sum(table["collected"] for table in tables)
        state = "proven complete" if proof.passed else "NOT proven complete"
        _print(f"Proof      {rows} rows in {len(tables)} tables, {state} (avgflow request evidence {number} -o FILE)")
    _print(f"Register   {head.events} events, the chain {'is whole' if head.ok else 'IS BROKEN'}")
    for mail in sent:
        _print(f"Mail       {_eml(env, mail.message_id) or 'accepted by the mail server'}")
    package = sorted((env.settings.work / number).glob("inzage-*"))
    for file in package:
        _print(f"Package    {file}")
    if package:
        with transaction(env.register) as register:
            phrase = passphrases.show_passphrase(register, env.keyring, number, _actor(env))
        _print(f"Passphrase {phrase}")


def _eml(env: Environment, message_id: str) -> str | None:
    """The file of a mail in the embedded mailbox."""
    for file in sorted((env.settings.home / "mailbox").glob("*.eml"), reverse=True):
        with file.open("rb") as opened:
            if BytesHeaderParser(policy=default).parse(opened)["Message-ID"] == message_id:
                return str(file)
    return None


def _identifiers(given: list[str]) -> dict[str, str]:
    pairs = [entry.partition("=") for entry in given]
    if not all(sign for _, sign, _ in pairs):
        raise typer.BadParameter("write kind=value, such as visitor_id=…", param_hint="--identifier")
    return {kind.strip(): value for kind, _, value in pairs}


def enter(env: Environment, intake: Intake, quiet: bool = False) -> Request:
    """Register a request and start its run, telling the person at the keyboard what happens."""
    entered = registering.register(env, intake, _actor(env))
    made = entered.request
    _say(quiet, f"{made.number} is on the register; the answer is due on {made.due.isoformat()}.")
    if entered.earlier:
        numbers = ", ".join(request.number for request in entered.earlier[:5])
        _say(quiet, f"The same person asked before: {numbers}. This blocks nothing.")
    _start(env, made, quiet)
    return made


def _start(env: Environment, request: Request, quiet: bool) -> None:
    fresh = registering.start(env, request)
    _say(quiet, "Its run is started." if fresh else f"{request.number} was started before; nothing was done.")


def _answer(number: str, option: str, inputs: dict[str, Any], *fitting: str) -> None:
    env = environment.of_settings()
    with transaction(env.register) as register:
        request = requests.get(register, number)
    if request.status is not Status.WAITING or (fitting and request.waiting_for not in fitting):
        raise NotWaiting(number, request.waiting_for)
    if "verified_by" in inputs:
        inputs["verified_by"] = parse(right="access", email="a@b.nl", verified_by=inputs["verified_by"]).verified_by
    if "persons" in inputs:
        possible.check(env, number, [int(person) for person in inputs["persons"].split(",")])
    taken = answers.give(env, AirflowApi.of(env.settings), DAGS[request.right], number, option, inputs)
    hint = "shows how it goes on" if taken else "shows when it is taken up: Airflow is busy"
    _print(f"{number}: answered. `avgflow request show {number}` {hint}.")


def _plan(env: Environment, register: Any, number: str) -> list[Any]:
    from avgflow.plan import Plan

    made = Plan.from_bytes(plans.get_plan(register, env.keyring, number).body)
    return [
        {
            "store": step.store,
            "table": str(step.table),
            "class": step.record_class,
            "rows": step.rows,
            "action": step.action,
            "reason": step.reason.en if step.reason else "",
        }
        for step in made.steps
    ]


def _show(request: Request, as_json: bool) -> None:
    if as_json:
        _print(json.dumps(request.to_json(), indent=2))
        return
    for line in shown.standing(request):
        _print(line)


def _actor(env: Environment) -> str:
    return env.settings.airflow_user or getpass.getuser()


def _say(quiet: bool, line: str) -> None:
    if not quiet:
        _print(line)


def _print(line: str) -> None:
    print(line, flush=True)  # noqa: T201
