"""The dossier's pages: the overview and the task logs, each one HTML file that loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from avgflow.airflow_runs import Run
from avgflow.catalog.models import Text
from avgflow.dossier.audit import words
from avgflow.dossier.audit.runs import log_path
from avgflow.dossier.evidence import TITLES
from avgflow.templating import Templates, long_date

SECTIONS = (
    ("request", "Verzoek", "Request"),
    ("deadline", "Termijn", "Term"),
    ("decisions", "Besluiten", "Decisions"),
    ("plan", "Plan", "Plan"),
    ("receipts", "Ontvangstbewijzen", "Receipts"),
    ("evidence", "Bewijs", "Evidence"),
    ("mails", "Brieven en mails", "Letters and mails"),
    ("recipients", "Ontvangers ingelicht", "Recipients told"),
    ("timeline", "Tijdlijn", "Time line"),
    ("airflow", "Uitvoering in Airflow", "Runs in Airflow"),
    ("chain", "Keten en code", "Chain and code"),
)

_OURS = "avgflow"
_OF_AIRFLOW = frozenset(
    {
        *("timestamp", "event", "level", "logger", "filename", "lineno", "try_number", "task_id", "map_index", "ti_id"),
        *("dag_id", "run_id", "request", "code"),
    }
)
"""What every line holds, or its words say already."""


def overview(document: Mapping[str, Any], events: Mapping[str, Any], templates: Templates) -> str:
    """`index.html`, from what stands in `dossier.json` and `events.json`."""
    plan = document["plans"][-1] if document["plans"] else None
    steps = plan["steps"] if plan else ()
    shown = [step for step in steps if step["rows"]]
    evidence = [{**one, "means": words.of(TITLES, one["kind"])} for one in document["evidence"]]
    return templates.text(
        "dossier.html",
        d={**document, "evidence": evidence},
        sections=SECTIONS,
        notices=list(_notices(document)),
        facts=list(_facts(document["request"])),
        in_time=_in_time(document["deadline"]),
        plan=plan,
        earlier_plans=len(document["plans"]) - 1,
        stores=_by_store(shown),
        empty_tables=len({(step["store"], step["table"]) for step in steps})
        - len({(step["store"], step["table"]) for step in shown}),
        receipts=[_receipt(one) for one in document["receipts"]],
        recipients=[_recipient(one) for one in document["recipients"]],
        timeline=[{**one, "detail": words.detail(one["detail"])} for one in events["events"]],
        runs=[_run(run) for run in document["airflow"]["runs"]],
    )


def logs(number: str, runs: Sequence[Run], templates: Templates) -> str:
    """`logs.html`: every task log, line by line."""
    found = [
        {
            "path": log_path(run, task.id, task.map_index, one.number),
            "title": task.title,
            "task_id": task.id,
            "run_id": run.id,
            "number": one.number,
            "lines": [log_line(line) for line in one.log if not str(line.get("event")).startswith("::")],
        }
        for run in runs
        for task in run.tasks
        for one in task.tries
        if one.log is not None
    ]
    return templates.text("dossier_logs.html", number=number, logs=found)


def _notices(document: Mapping[str, Any]) -> Iterator[Text]:
    chain, airflow = document["chain"], document["airflow"]
    if not chain["ok"]:
        yield Text(
            nl=f"Het register was bij uitgifte niet heel: {chain['reason_nl']}.",
            en=f"The register was not whole when this was issued: {chain['reason']}.",
        )
    if not airflow["included"]:
        yield Text(**airflow["why_not"])
    if any(one["withheld"] for run in airflow["runs"] for task in run["tasks"] for one in task["tries"]):
        yield Text(
            nl="Een takenlogboek is niet opgenomen, omdat er gegevens van de persoon in staan. Meld dat als fout.",
            en="A task log was left out, because it holds data of the person. Report that as a fault.",
        )
    if document["request"]["status"] != "closed":
        yield Text(
            nl="Dit verzoek is nog niet afgesloten. Dit dossier toont hoe het er bij uitgifte voor stond.",
            en="This request is not closed yet. This dossier shows where it stood when issued.",
        )


def _facts(request: Mapping[str, Any]) -> Iterator[tuple[Text, Text]]:
    def day(moment: str) -> Text:
        on = date.fromisoformat(moment)
        return Text(nl=long_date(on, "nl"), en=long_date(on, "en"))

    yield Text(nl="Recht", en="Right"), words.of(words.RIGHTS, request["right"])
    if request["scope"]:
        yield Text(nl="Waartegen", en="To what"), words.of(words.SCOPES, request["scope"])
    if request["ground"]:
        yield Text(nl="Grond", en="Ground"), words.of(words.GROUNDS, request["ground"])
    if request["capacity"] != "self":
        yield Text(nl="Gevraagd als", en="Asked as"), words.of(words.CAPACITIES, request["capacity"])
    yield Text(nl="Stand", en="Status"), words.of(words.STATUSES, request["status"])
    if request["outcome"]:
        yield Text(nl="Uitkomst", en="Outcome"), words.of(words.OUTCOMES, request["outcome"])
    yield Text(nl="Ontvangen", en="Received"), day(request["received"])
    yield Text(nl="Uiterste dag", en="Due"), day(request["due"])
    if request["verified_by"]:
        yield Text(nl="Identiteit vastgesteld", en="Identity verified"), words.of(words.METHODS, request["verified_by"])
    else:
        nobody = Text(nl="niet vastgesteld", en="not verified")
        yield Text(nl="Identiteit vastgesteld", en="Identity verified"), nobody
    language = {"nl": Text(nl="Nederlands", en="Dutch"), "en": Text(nl="Engels", en="English")}
    yield Text(nl="Taal van het antwoord", en="Language of the answer"), words.of(language, request["language"])
    if request["together"]:
        yield Text(nl="Samen binnengekomen met", en="Came in with"), words.of({}, request["together"])


def _in_time(deadline: Mapping[str, Any]) -> Text:
    used = deadline["days_used"]
    nl, en = ("1 dag", "1 day") if used == 1 else (f"{used} dagen", f"{used} days")
    if deadline["answered"] is None:
        late = deadline["late"]
        return Text(
            nl=f"Nog geen antwoord, na {nl}{'. De termijn is voorbij' if late else ''}.",
            en=f"No answer yet, after {en}{'. The term has run out' if late else ''}.",
        )
    if deadline["late"]:
        return Text(nl=f"Te laat beantwoord, na {nl}.", en=f"Answered late, after {en}.")
    return Text(nl=f"Op tijd beantwoord, na {nl}.", en=f"Answered in time, after {en}.")


def _by_store(steps: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, str], list[Mapping[str, Any]]]]:
    stores: dict[str, list[Mapping[str, Any]]] = {}
    for step in steps:
        stores.setdefault(step["store"], []).append({**step, "does": words.action(step["action"], step["columns"])})
    return [(name, some[0]["store_title"] or {"nl": name, "en": name}, some) for name, some in stores.items()]


def _receipt(one: Mapping[str, Any]) -> dict[str, Any]:
    planned, rows = sum(one["planned"].values()), sum(one["counts"].values())
    return {**one, "does": words.of(words.STEPS, one["step"]), "planned": planned, "rows": rows}


def _recipient(one: Mapping[str, Any]) -> dict[str, Any]:
    on = one["mailed_at"] or one["by_hand_on"] or one["confirmed_at"]
    return {**one, "means": words.of(words.TOLD, one["told"]), "on": on}


def _run(run: Mapping[str, Any]) -> dict[str, Any]:
    tasks = [
        {
            **task,
            "tries": [{**one, "state_means": words.of(words.STATES, one["state"] or "–")} for one in task["tries"]],
        }
        for task in run["tasks"]
    ]
    return {**run, "state_means": words.of(words.STATES, run["state"]), "tasks": tasks}


def log_line(line: Mapping[str, Any]) -> dict[str, Any]:
    ours = line.get("logger") == _OURS
    facts = [(key, value) for key, value in line.items() if key not in _OF_AIRFLOW] if ours else []
    return {
        "at": line.get("timestamp"),
        "event": str(line.get("event", "")),
        "level": line.get("level"),
        "ours": ours,
        "facts": facts,
    }
