"""The dossier of a request for an auditor: read together, written to a folder, sealed, and put on the register.

The register is read as of one moment. What is sealed is the manifest of all files; the event `dossier.exported` holds
its digest, so that the register vouches for the dossier, and the signature lets anybody check it without a secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from avgflow import airflow_runs, version
from avgflow.airflow_api import AirflowRefused, AirflowUnreachable
from avgflow.catalog.models import Text
from avgflow.crypto import Keyring
from avgflow.dossier.audit import content, folder, page, seal, verify
from avgflow.dossier.audit.content import Code, Facts
from avgflow.dossier.audit.deadline import Deadline, deadline
from avgflow.dossier.audit.decisions import decisions
from avgflow.dossier.audit.folder import Folder
from avgflow.dossier.audit.personal import Personal
from avgflow.dossier.audit.runs import Airflow, log_path, source_path
from avgflow.dossier.audit.schema import SCHEMA
from avgflow.errors import AvgflowError
from avgflow.fields import AMSTERDAM
from avgflow.handling import extending
from avgflow.handling.environment import Environment
from avgflow.plan import Plan
from avgflow.register import (
    approvals,
    chain,
    clock,
    database,
    events,
    evidence,
    notices,
    outbox,
    plans,
    receipts,
    requests,
)
from avgflow.register.names import EventName
from avgflow.register.requests import Status

README = "README.txt"
TEMPLATE = "dossier.README.txt"


_GONE = Text(
    nl="Airflow heeft de runs en de takenlogboeken van dit verzoek niet meer, want die hebben een eigen, kortere "
    "bewaartermijn; wat er gedaan is, staat in de tijdlijn, de ontvangstbewijzen en het bewijs.",
    en="Airflow does not have the runs and task logs of this request any more, for these have a shorter term of their "
    "own; what was done stands in the time line, the receipts and the evidence.",
)


class LogsGone(AvgflowError):
    """A dossier was to be issued with the task logs of a request that Airflow has let go of."""

    def __init__(self, number: str) -> None:
        super().__init__(
            f"Airflow does not have the task logs of {number} any more: they have a term of their own. Issue the "
            f"dossier without --require-logs."
        )


@dataclass(frozen=True)
class Exported:
    """A dossier that was issued. `why_no_logs`: in words, where Airflow's runs and logs are not in it."""

    number: str
    folder: Path
    files: int
    manifest: str
    event: chain.Head
    whole: bool
    """Whether the register's chain was whole."""
    why_no_logs: str | None


def export(env: Environment, number: str, target: Path, actor: str, *, require_logs: bool = False) -> Exported:
    """Issue the dossier of a request into a folder that is not there yet.

    `require_logs`: without Airflow's logs nothing is issued; else the dossier says that they are not in it. Raises
    `UnknownRequest`, `FolderInUse`, `FolderRefused`, `PersonalDataFound`, `ChainBroken` where the end of the chain is
    not genuine; `LogsGone` where they are required and Airflow has let them go.
    """
    with database.snapshot(env.register) as register:
        begun = requests.get(register, number).status is not Status.REGISTERED
    with folder.filled(target) as files:
        airflow = _airflow(env, number, begun, require_logs)
        with database.snapshot(env.register) as register:
            personal = Personal.of(
                requests.subject(register, env.keyring, number),
                [Plan.from_bytes(one.body) for one in plans.made(register, env.keyring, number)],
                {one.actor for one in events.history(register, number)},
            )
            facts = _facts(env, register, number, personal.without(airflow), actor)
            end = _write(env, files, facts, chain.hashes(register, facts.events[0].id))
        personal.refuse(files.root)
        manifest = files.manifest(content.FORMAT, number)
        vouched = _vouch(env, number, manifest, len(files.files), actor)
        sealed = {
            "format": content.FORMAT,
            "number": number,
            "manifest": manifest,
            "end": {"id": end.id, "hash": end.hash},
            "event": {"id": vouched.id, "hash": vouched.hash},
        }
        files.seal(seal.sealed(env.keyring, sealed))
    why = facts.airflow.why_not
    return Exported(
        number=number,
        folder=target,
        files=len(files.files) + 2,
        manifest=manifest,
        event=vouched,
        whole=facts.chain.ok,
        why_no_logs=why.en if why else None,
    )


def _airflow(env: Environment, number: str, begun: bool, require_logs: bool) -> Airflow:
    try:
        found = airflow_runs.of_request(env.airflow, number)
        if found or not begun:
            return Airflow(found)
        if require_logs:
            raise LogsGone(number)
        why = _GONE
    except AirflowUnreachable:
        if require_logs:
            raise
        why = Text(
            nl="Airflow was bij uitgifte niet bereikbaar. De runs en de takenlogboeken ontbreken daarom.",
            en="Airflow could not be reached when this was issued, so the runs and the task logs are missing.",
        )
    except AirflowRefused as refused:
        if require_logs:
            raise
        why = Text(
            nl=f"Airflow gaf de runs niet vrij (HTTP {refused.status}). De runs en de takenlogboeken ontbreken daarom.",
            en=f"Airflow refused to show the runs (HTTP {refused.status}), so the runs and the task logs are missing.",
        )
    return Airflow(why_not=why)


def _facts(env: Environment, register: Connection, number: str, airflow: Airflow, actor: str) -> Facts:
    history = events.history(register, number)
    made = plans.made(register, env.keyring, number)
    return Facts(
        request=requests.get(register, number),
        events=chain.written(register, number),
        chain=chain.verify(register, env.keyring),
        deadline=deadline_of(env, register, number),
        decisions=decisions(history, env.policy),
        plans=[(one, Plan.from_bytes(one.body)) for one in made],
        said=approvals.said(register, number),
        receipts=receipts.receipts(register, number),
        evidence=evidence.kept(register, number),
        mails=outbox.mails(register, number),
        notices=notices.notices(register, number),
        airflow=airflow,
        code=Code(version.release(), version.source()),
        made_at=datetime.now(UTC),
        made_by=actor,
    )


def deadline_of(env: Environment, register: Connection, number: str) -> Deadline:
    """The deadline of a request with its calculation, as of today."""
    request = requests.get(register, number)
    answered = extending.answered_on(register, [number]).get(number)
    own = clock.of(register, [number])[number]
    today = datetime.now(AMSTERDAM).date()
    return deadline(request.received, request.due, own, env.policy.calendar, answered, today)


def _write(env: Environment, files: Folder, facts: Facts, links: Iterator[chain.Head]) -> chain.Head:
    """Write all files but the manifest and the seal; the end of the chain as it was read."""
    document, told = content.document(facts, env.policy, env.catalog), content.events(facts)
    files.put_json(verify.DOSSIER, document)
    files.put_json(verify.EVENTS, told)
    files.put_json("schema.json", SCHEMA)
    files.put_text("index.html", page.overview(document, told, env.templates))
    files.put_text("logs.html", page.logs(facts.request.number, facts.airflow.runs, env.templates))
    files.put_text(README, _readme(env, document))
    files.put(folder.SCRIPT, [folder.script()])
    for nth, one in enumerate(facts.evidence, 1):
        files.put_text(content.evidence_path(nth, one, "json"), one.result)
        files.put_text(content.evidence_path(nth, one, "html"), one.html)
    _write_runs(files, facts.airflow)
    last = chain.Head(0, chain.START)

    def lines() -> Iterator[bytes]:
        nonlocal last
        for last in links:
            yield f"{last.id} {last.hash}\n".encode()

    files.put(verify.LINKS, lines())
    return last


def _readme(env: Environment, document: Mapping[str, Any]) -> str:
    made = document["made"]
    return env.templates.text(
        TEMPLATE,
        number=document["number"],
        controller=env.policy.controller.name,
        made_at=made["at"],
        made_by=made["by"],
    )


def _write_runs(files: Folder, airflow: Airflow) -> None:
    sources: dict[str, str] = {}
    for run in airflow.runs:
        for one in run.versions:
            if one.source is not None:
                sources[source_path(one.dag_id, one.number)] = one.source
        for task in run.tasks:
            for try_ in task.tries:
                if try_.log is not None:
                    path = log_path(run, task.id, task.map_index, try_.number)
                    files.put(path, (_json_line(line) for line in try_.log))
    for path, source in sorted(sources.items()):
        files.put_text(path, source)


def _json_line(line: Mapping[str, Any]) -> bytes:
    return (json.dumps(line, ensure_ascii=False) + "\n").encode()


def _vouch(env: Environment, number: str, manifest: str, files: int, actor: str) -> chain.Head:
    """Put the issue on the register; the id and hash of its event."""
    with database.transaction(env.register) as register:
        detail = {"manifest": manifest, "files": files}
        events.append(register, env.keyring, EventName.DOSSIER_EXPORTED, number, actor, detail)
        written = events.history(register, number)[-1]
        return chain.Head(written.id, written.hash)


@dataclass(frozen=True)
class Verified:
    """What checking a dossier with the register and its key found: faults by check, none anywhere where all is well."""

    number: str | None
    faults: Mapping[str, Sequence[str]]

    @property
    def ok(self) -> bool:
        return not any(self.faults.values())


def check(env: Environment, place: Path) -> Verified:
    """Check a dossier whole: as its own script does, and the text of each event, the seal's event and the chain with
    the installation's key and register.
    """
    faults: dict[str, Sequence[str]] = dict(verify.check(place, seal.public_key(env.keyring)))
    if any(faults.values()):
        return Verified(None, faults)
    sealed = json.loads((place / verify.SEAL).read_text(encoding="utf-8"))["sealed"]
    told = json.loads((place / verify.EVENTS).read_text(encoding="utf-8"))["events"]
    faults["gebeurtenissen / events"] = list(_forged(env.keyring, told))
    with database.snapshot(env.register) as register:
        faults["register"] = list(_not_vouched(env, register, sealed, told))
    return Verified(sealed["number"], faults)


def _forged(keyring: Keyring, told: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in told:
        if not chain.Written(**{name: one[name] for name in chain.Written.__dataclass_fields__}).genuine(keyring):
            yield f"gebeurtenis {one['id']} zegt iets anders dan haar controlegetal / event {one['id']} is not genuine"


def _not_vouched(
    env: Environment, register: Connection, sealed: Mapping[str, Any], told: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    report = chain.verify(register, env.keyring)
    if not report.ok:
        yield f"de keten is verbroken: {report.reason_nl} / the chain is broken: {report.reason}"
    now = {one.id: one for one in chain.written(register, sealed["number"])}
    event = now.get(sealed["event"]["id"])
    if event is None or event.hash != sealed["event"]["hash"] or event.detail.get("manifest") != sealed["manifest"]:
        yield "het register kent deze uitgifte niet / the register does not know this issue"
    for one in told:
        if one["id"] not in now or now[one["id"]].hash != one["hash"]:
            yield f"gebeurtenis {one['id']} staat niet zo in het register / event {one['id']} is not so in the register"
