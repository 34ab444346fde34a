"""Many requests of all rights at once, inside the container 'desk': `python - COMMAND …` with this on standard input.

`ask N`: N people ask at once, and their numbers and addresses are printed. `finish`: answers what waits for a human
until nothing is open. `ended`: each request has ended as it should.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from avgflow import answers
from avgflow.airflow_api import AirflowApi, AirflowRefused, AirflowUnreachable
from avgflow.demo import truth
from avgflow.demo.truth import SubjectTruth
from avgflow.demo.world import World
from avgflow.handling import approving, candidates, environment, registering
from avgflow.handling.answering import ANSWER
from avgflow.handling.waiting import Waiting
from avgflow.intake import parse
from avgflow.register import evidence, outbox, requests
from avgflow.register.database import transaction
from avgflow.register.requests import Outcome, Request, Status

RIGHTS = ("access", "portability", "rectification", "objection", "restriction", "erasure")
GROUNDS = ("accuracy", "unlawful", "claims", "objection")
ENV = environment.of_settings()
ASKED = Path("/tmp/asked.json")
LONGEST = 3600.0
TAKEN = ("sole_proprietor", "portal_only", "visitor")
"""The first of each of these ask in the smoke test itself."""


def people(number: int) -> list[SubjectTruth]:
    """Who can ask: whose address is theirs alone, and in no column twice that takes it once."""
    world = World(1, int(sys.argv[3]) if len(sys.argv) > 3 else 300)
    found: list[SubjectTruth] = []
    taken = set(TAKEN)
    for block in world.blocks():
        for one in truth.of_block(world.block(block)).subjects:
            if one.kind in taken and not one.traits:
                taken.discard(one.kind)
            elif not one.shared_with and not one.ambiguous_email and "subscribed_twice" not in one.traits:
                found.append(one)
    assert len(found) >= number, f"there are {len(found)} people who can ask; AVGFLOW_DEMO_PEOPLE invents more"
    return found[:number]


def ask(number: str, *_: str) -> None:
    """Register and start all of them, as every entry does."""
    asked = []
    for place, one in enumerate(people(int(number))):
        right = RIGHTS[place % len(RIGHTS)]
        known = dict(one.identifiers)
        given: dict[str, Any] = {kind: known.pop(kind) for kind in ("email", "customer_number") if kind in known}
        if right == "objection":
            given["to"] = "marketing"
        if right == "restriction":
            given["ground"] = GROUNDS[place % len(GROUNDS)]
        if right == "rectification":
            given |= {"correct": {"email": f"nieuw.{place}@juist.example"}, "was": {"email": given["email"]}}
        intake = parse(right=right, verified_by="portal-login", identifiers=known, **given)
        request = registering.register(ENV, intake, "officer").request
        registering.start(ENV, request)
        asked.append((request.number, one.identifiers["email"]))
    print(json.dumps(asked))


def finish(*_: str) -> None:
    """Answer what waits for a human, some at a time, until nothing is open."""
    api, deadline = AirflowApi.of(ENV.settings), time.monotonic() + LONGEST
    with ThreadPoolExecutor(4) as officers:
        while True:
            with transaction(ENV.register) as register:
                open_ = [one for one in requests.find(register) if one.status not in (Status.CLOSED, Status.STOPPED)]
            if not open_:
                return
            assert time.monotonic() < deadline, Counter((one.right, one.status, one.waiting_for) for one in open_)
            list(officers.map(lambda one: answer(api, one), open_))
            time.sleep(2)


def answer(api: AirflowApi, one: Request) -> None:
    """As a human does; where Airflow does not answer or has not asked yet, another time."""
    inputs: dict[str, Any] = {}
    if one.waiting_for == Waiting.APPROVAL:
        inputs["plan"] = approving.check(ENV, one.number, None, "officer")
    elif one.waiting_for == Waiting.CHOICE:
        found = candidates.show(ENV, one.number, "officer")
        inputs["persons"] = ",".join(sorted({line.split()[0] for line in found}))
    elif one.waiting_for != Waiting.ADDRESS:
        return
    with suppress(answers.NothingAsked, AirflowUnreachable, AirflowRefused):
        answers.give(ENV, api, registering.DAGS[one.right], one.number, "Verder", inputs)


def ended(*_: str) -> None:
    """Each request is closed, proven, with one answer that the mail server took; what became of them, by right."""
    outcomes: Counter[str] = Counter()
    for number, _address in json.loads(ASKED.read_text()):
        with transaction(ENV.register) as register:
            one = requests.get(register, number)
            proofs = evidence.evidence(register, number)
            mails = [mail for mail in outbox.mails(register, number) if mail.kind == ANSWER]
        assert one.status == Status.CLOSED, (number, one.right, one.status, one.reason)
        assert one.outcome not in (None, Outcome.WITHDRAWN), (number, one.right)
        assert [proof.passed for proof in proofs[-1:]] == [True], (number, one.right)
        assert [mail.accepted_at is not None for mail in mails] == [True], (number, one.right)
        outcomes[f"{one.right} {one.outcome}"] += 1
    print("\n".join(f"      {count:4d} {what}" for what, count in sorted(outcomes.items())))


def _commands() -> Iterator[Any]:
    yield from (ask, finish, ended)


if __name__ == "__main__":
    {command.__name__: command for command in _commands()}[sys.argv[1]](*sys.argv[2:])
