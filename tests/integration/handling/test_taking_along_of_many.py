"""Many people take their data along (art. 20): each gets what they gave and what was observed, to the letter, and
nothing else. A second witness, which knows neither the catalog nor the policy, says what that is.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence

import jsonschema
import pytest
import stored_rows
from handling_world import Office, in_batches, rarest_first
from portable_oracle import COLUMNS, OWN_FIELDS, TakenAlong, differences, events_of, loose, portable
from stored_rows import StoredTable
from test_taking_along import answered, opened

from avgflow.demo.truth import SubjectTruth
from avgflow.handling import validating
from avgflow.register.requests import Outcome

AT_ONCE = 25
MANY = 100


@pytest.fixture(scope="session")
def kept(stores) -> Mapping[str, StoredTable]:
    return stored_rows.read(stores.shared)


def takers(subjects: Sequence[SubjectTruth]) -> Sequence[SubjectTruth]:
    return rarest_first(subjects)[:MANY]


def asked_by(office: Office, people: Sequence[SubjectTruth]) -> dict[str, SubjectTruth]:
    asked = {office.register_subject(one, right="portability"): one for one in people}
    office.identify(asked)
    office.collect(*asked)
    for done in validating.run(office.env, list(asked)).values():
        assert done.verdict.passed, done.verdict.failures
    return asked


@pytest.mark.parametrize("first", in_batches(MANY, AT_ONCE))
def test_each_gets_what_they_gave_and_what_was_observed_and_nothing_else(
    office: Office, subjects: Sequence[SubjectTruth], kept: Mapping[str, StoredTable], first: int
) -> None:
    may = portable(office)
    wrong: list[str] = []
    packages = 0
    for number, one in asked_by(office, takers(subjects)[first : first + AT_ONCE]).items():
        closed = answered(office, number)
        if closed.outcome in (Outcome.NOTHING_FOUND, Outcome.REFUSED):
            wrong += [f"{one.id}: nothing"] if set(one.owned) & set(COLUMNS) and portable_to(one, may) else []
            continue
        packages += 1
        export = opened(office, number)
        wrong += differences(one, export, kept, may, events_of(office, one))
        wrong += loose(one, export, kept, may)
        wrong += [f"{one.id}: {fault}" for fault in unexplained(export)]
        others = [*one.others.names, *one.others.emails, *one.others.phones]
        delivered = "\n".join(stored_rows.texts_in(export.rows)) + export.csv()
        wrong += [f"{one.id}: somebody else" for _ in stored_rows.readable(others, delivered)]
    assert wrong == []
    assert packages >= AT_ONCE * 3 // 4


def portable_to(one: SubjectTruth, may: Mapping[str, set[tuple[str, ...]]]) -> bool:
    return any(
        tuple(map(str, key)) in may[name] for name in set(one.owned) & set(may) for key in one.owned[name].keys or ()
    )


def unexplained(export: TakenAlong) -> list[str]:
    """Where a file does not fulfil its schema, or a field is not explained."""
    schema = json.loads(export.read("schema.json"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    faults = []
    files = [name for name in export.names if name.startswith("json/")]
    for name in files:
        faults += [f"{name} {list(error.path)[:3]}" for error in validator.iter_errors(json.loads(export.read(name)))]
    explained = list(csv.DictReader(export.read("fields.csv").decode("utf-8-sig").splitlines(), delimiter=";"))
    fields = {(line["file"], line["field"]): line for line in explained}
    wanted = {(name, field) for name in files for row in json.loads(export.read(name))["rows"] for field in row}
    faults += [f"{name}: {field} is not explained" for name, field in wanted ^ set(fields)]
    for (name, field), line in fields.items():
        if field not in OWN_FIELDS and line["origin"] not in ("provided", "observed"):
            faults.append(f"{name}: {field} is {line['origin']}")
        said = ("label_nl", "label_en", "category_nl", "category_en", "kinds_nl", "purposes_en", "type", "format_nl")
        if not all(line[what] for what in said) or not line["basis"].startswith("6(1)("):
            faults.append(f"{name}: {field} is not explained whole")
    return faults
