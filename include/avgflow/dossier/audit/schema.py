"""The form of `dossier.json`, as a JSON Schema (2020-12) that goes along with each dossier."""

from __future__ import annotations

from typing import Any

from avgflow.dossier.audit.content import FORMAT

Schema = dict[str, Any]

_DAY: Schema = {"type": "string", "format": "date"}
_MOMENT: Schema = {"type": "string", "format": "date-time"}
_NUMBER: Schema = {"type": "string", "pattern": r"^AVG-[0-9]{4}-[0-9]{5,}$"}
_TEXT: Schema = {"type": "string"}
_DIGEST: Schema = {"type": "string", "pattern": r"^[0-9a-f]{64}$"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_FLAG: Schema = {"type": "boolean"}
_COUNTS: Schema = {"type": "object", "additionalProperties": _COUNT, "description": "Rows by table."}


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(of: Schema, says: str = "") -> Schema:
    return {"type": "array", "items": of, **({"description": says} if says else {})}


def _or_null(of: Schema, says: str = "") -> Schema:
    return {"anyOf": [of, {"type": "null"}], **({"description": says} if says else {})}


def _says(of: Schema, says: str) -> Schema:
    return {**of, "description": says}


_BOTH: Schema = _object(nl=_TEXT, en=_TEXT)

_REQUEST = _object(
    right=_says(_TEXT, "access, rectification, erasure, restriction, portability or objection."),
    article=_says(_TEXT, "Of the AVG (GDPR)."),
    scope=_or_null(_TEXT, "What an objection is to."),
    ground=_or_null(_TEXT, "Of a restriction: why."),
    capacity=_says(_TEXT, "In what capacity somebody asks; self: for themselves."),
    language=_says(_TEXT, "Of the answer."),
    status=_says(_TEXT, "registered, running, waiting, stopped or closed."),
    waiting_for=_or_null(_TEXT),
    outcome=_or_null(_TEXT, "fulfilled, partly_fulfilled, refused, nothing_found, outside_avg or withdrawn."),
    received=_DAY,
    due=_says(_DAY, "The last day for the answer, as it counts now."),
    extended_due=_says(_DAY, "The last day if the term is extended."),
    registered_at=_MOMENT,
    verified_by=_or_null(_TEXT, "How it was made sure who asks (art. 12(6))."),
    verified_at=_or_null(_MOMENT),
    together=_or_null(_NUMBER, "The first of the requests that came in at once."),
)

_DEADLINE = _object(
    received=_DAY,
    due=_says(_DAY, "As the register has it."),
    counted=_says(_DAY, "As it comes out when it is counted again, by today's policy."),
    extended=_FLAG,
    answered=_or_null(_DAY, "The day on which the answer went out."),
    days_used=_says(_COUNT, "From receipt to answer (or today), less the days on which the clock stood still."),
    days_paused=_says(_COUNT, "Days on which the clock stood still."),
    late=_FLAG,
    steps=_list(_BOTH, "The calculation, in words."),
)

_STEP = _object(
    store=_TEXT,
    store_title=_or_null(_BOTH),
    table=_TEXT,
    table_title=_or_null(_BOTH),
    **{"class": _or_null(_TEXT, "The record class of the policy.")},
    class_title=_or_null(_BOTH),
    rows=_COUNT,
    action=_says(_TEXT, "What becomes of the rows: collect, delete, keep, …"),
    columns=_list(_TEXT, "Those that are overwritten, set or handed over."),
    reason=_or_null(_BOTH),
    ground=_or_null(_TEXT, "The article."),
    keep_until=_or_null(_DAY, "The last day that rows are kept."),
    under_an_earlier_plan=_says(_FLAG, "Whether it was carried out under an earlier plan of this request."),
)

_PLAN = _object(
    digest=_says(_DIGEST, "A keyed hash of the plan with its row keys; the event plan.made has it too."),
    made_at=_MOMENT,
    said=_list(_object(approved=_FLAG, by=_TEXT, at=_MOMENT), "Who approved or refused it."),
    suppress=_list(_TEXT, "Channels on which the person is not written to any more."),
    shared_rows=_says(_COUNT, "Rows that hang only on an identifier that other people use too."),
    contract_runs=_or_null(_FLAG, "Of an erasure: whether a contract with the person runs."),
    steps=_list(_STEP),
)

_RECEIPT = _object(
    step=_TEXT,
    store=_TEXT,
    counts=_COUNTS,
    planned=_COUNTS,
    work={
        "type": "object",
        "additionalProperties": {"type": "object", "additionalProperties": _COUNT},
        "description": "By table, rows by what was done to them; counted_…: by PostgreSQL's own counters.",
    },
    digest=_DIGEST,
    written_at=_MOMENT,
)

_EVIDENCE = _object(
    kind=_TEXT,
    passed=_FLAG,
    digest=_says(_DIGEST, "SHA-256 over the SHA-256 of the JSON file and that of the HTML file, in this order."),
    kept_at=_MOMENT,
    html=_TEXT,
    json=_TEXT,
)

_MAIL = _object(
    kind=_TEXT,
    means=_BOTH,
    digest=_says(_DIGEST, "SHA-256 of the whole message as it was handed to the mail server."),
    queued_at=_MOMENT,
    attempts=_COUNT,
    failure=_or_null(_TEXT),
    accepted_at=_or_null(_MOMENT, "When the mail server took it."),
)

_RECIPIENT = _object(
    recipient=_TEXT,
    title=_or_null(_BOTH),
    told=_says(_TEXT, "erased, corrected, restricted or lifted."),
    classes=_list(_TEXT, "Record classes."),
    to_be_told_since=_MOMENT,
    mailed_at=_or_null(_MOMENT),
    by_hand_on=_or_null(_DAY),
    by_hand_by=_or_null(_TEXT),
    confirmed_at=_or_null(_MOMENT),
    confirmed_by=_or_null(_TEXT),
)

_TRY = _object(
    number=_COUNT,
    state=_or_null(_TEXT),
    started_at=_or_null(_TEXT),
    ended_at=_or_null(_TEXT),
    log=_or_null(_TEXT, "The file of its log, an object a line."),
    withheld=_says(_FLAG, "Whether the log was left out because it names the person."),
)

_VERSION = _object(
    number=_COUNT,
    bundle=_or_null(_TEXT),
    bundle_version=_or_null(_TEXT, "The commit, where the bundle has versions."),
    created_at=_TEXT,
    source=_or_null(_TEXT, "The DAG's file."),
)

_RUN = _object(
    dag_id=_TEXT,
    title=_TEXT,
    run_id=_TEXT,
    state=_TEXT,
    queued_at=_or_null(_TEXT),
    started_at=_or_null(_TEXT),
    ended_at=_or_null(_TEXT),
    versions=_list(_VERSION),
    tasks=_list(_object(task_id=_TEXT, title=_TEXT, map_index={"type": "integer"}, tries=_list(_TRY))),
)

SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "dossier.json of an avgflow dossier",
    "description": "What was done for one request and why, without the person's data. Moments are ISO 8601 in UTC or "
    "with their offset; days are Dutch calendar days.",
    **_object(
        format={"const": FORMAT},
        number=_NUMBER,
        made=_object(
            at=_MOMENT,
            by=_says(_TEXT, "The login of who issued it."),
            avgflow=_object(version=_TEXT, source=_says(_DIGEST, "SHA-256 of avgflow's source files when issued.")),
        ),
        controller=_object(name=_TEXT, policy_version=_TEXT),
        request=_REQUEST,
        deadline=_DEADLINE,
        decisions=_list(
            _object(at=_MOMENT, by=_TEXT, what=_BOTH, ground=_or_null(_TEXT), reason=_or_null(_BOTH)),
        ),
        plans=_list(_PLAN, "The newest last; that one was carried out."),
        receipts=_list(_RECEIPT, "What was done in each store."),
        evidence=_list(_EVIDENCE),
        mails=_list(_MAIL),
        recipients=_list(_RECIPIENT),
        chain=_object(
            ok=_says(_FLAG, "Whether the whole register's chain was whole when this was issued."),
            events=_COUNT,
            first_broken=_or_null(_COUNT),
            kind=_or_null(_TEXT),
            reason=_or_null(_TEXT),
            reason_nl=_or_null(_TEXT),
            head=_says(_TEXT, "The end of the chain, as ID:HASH."),
        ),
        airflow=_object(included=_FLAG, why_not=_or_null(_BOTH), runs=_list(_RUN)),
    ),
}
