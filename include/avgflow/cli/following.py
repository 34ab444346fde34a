"""Entering a request and following it at the keyboard, step by step, until it needs a human or ends."""

from __future__ import annotations

import time
from collections.abc import Sequence
from email.parser import BytesHeaderParser
from email.policy import default

from avgflow.cli import shown
from avgflow.cli.keyboard import actor
from avgflow.cli.shown import say
from avgflow.handling import answering, registering
from avgflow.handling.environment import Environment
from avgflow.handling.registering import DAGS
from avgflow.handling.turns import Pause
from avgflow.handling.ways import WAYS
from avgflow.intake import Intake
from avgflow.register import chain, events, evidence, outbox, passphrases, requests
from avgflow.register.database import transaction
from avgflow.register.requests import Request, Status


def enter(env: Environment, intakes: Sequence[Intake], quiet: bool = False) -> Sequence[Request]:
    """Register what one person asks at once and start the runs, telling the person at the keyboard what happens."""
    entered = registering.register_together(env, intakes, actor(env))
    for one in entered:
        made = one.request
        say(f"{made.number} ({made.right}) is on the register; the answer is due on {made.due.isoformat()}.", quiet)
        if one.earlier:
            numbers = ", ".join(request.number for request in one.earlier[:5])
            first = "What is still open of that goes first." if WAYS[made.right].approved else "This blocks nothing."
            say(f"The same person asked before: {numbers}. {first}", quiet)
    if len(entered) > 1:
        say(f"They came in together: whoever is verified for {entered[0].request.number} is so for all.", quiet)
    for one in entered:
        start(env, one.request, quiet)
    return [one.request for one in entered]


def start(env: Environment, request: Request, quiet: bool = False) -> None:
    """Start the run of a registered request."""
    fresh = registering.start(env, request)
    say("Its run is started." if fresh else f"{request.number} was started before; nothing was done.", quiet)


def follow(env: Environment, number: str, quiet: bool = False) -> Request:
    """Follow a request until it is closed or stopped or waits for a human or a day, telling each step as it is done."""
    told = 0
    api = env.airflow
    while True:
        with transaction(env.register) as register:
            request = requests.get(register, number)
            history = events.history(register, number)
        for event in history[told:]:
            say(f"  {shown.told(event)}", quiet)
        told = len(history)
        rests = request.status in (Status.CLOSED, Status.STOPPED, Status.WAITING)
        if rests and request.waiting_for != Pause.EARLIER:
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
    for line in shown.standing(request):
        say(line)
    for proof in proofs[-1:]:
        tables = [table for store in proof.result["stores"] for table in store["tables"]]
        rows = sum(table["collected"] for table in tables)
        state = "proven complete" if proof.passed else "NOT proven complete"
        say(f"Proof      {rows} rows in {len(tables)} tables, {state} (avgflow request evidence {number} -o FILE)")
    say(f"Register   {head.events} events, the chain {'is whole' if head.ok else 'IS BROKEN'}")
    for mail in sent:
        say(f"Mail       {_eml(env, mail.message_id) or 'accepted by the mail server'}")
    package = sorted((env.settings.work / number).glob("inzage-*"))
    for file in package:
        say(f"Package    {file}")
    if package:
        with transaction(env.register) as register:
            phrase = passphrases.show_passphrase(register, env.keyring, number, actor(env))
        say(f"Passphrase {phrase}")


def _eml(env: Environment, message_id: str) -> str | None:
    """The file of a mail in the embedded mailbox."""
    for file in sorted((env.settings.home / "mailbox").glob("*.eml"), reverse=True):
        with file.open("rb") as opened:
            if BytesHeaderParser(policy=default).parse(opened)["Message-ID"] == message_id:
                return str(file)
    return None
