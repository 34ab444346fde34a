"""What the way in for portals answers is what its OpenAPI description says, whatever it is sent (schemathesis)."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from web_world import Calls

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


SOME = settings(max_examples=8, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck))  # fmt: skip
EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


SUBMIT, LOOK = LABELS = ("POST /api/v1/requests", "GET /api/v1/requests/{number}")


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("label", LABELS)
def test_every_answer_is_described(
    web: FastAPI, calls: Calls, started: Any, monkeypatch: pytest.MonkeyPatch, label: str, mode: GenerationMode
) -> None:
    # What comes too often is another test's matter; here every call is to be looked at.
    monkeypatch.setenv("AVGFLOW_PORTAL_PACE", "1000000")
    assert answered(web, calls, label, mode, EXAMPLES, "portal") & EXPECTED[label, mode]


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize(("login", "status"), [(None, 401), ("officer", 403), ("auditor", 403), ("stranger", 403)])
def test_so_is_what_whoever_may_not_is_answered(
    web: FastAPI, calls: Calls, started: Any, label: str, login: str | None, status: int
) -> None:
    assert answered(web, calls, label, GenerationMode.POSITIVE, SOME, login) == {status}
    assert started == []


@pytest.mark.parametrize("label", LABELS)
def test_and_what_is_answered_to_who_calls_too_often(
    web: FastAPI, calls: Calls, started: Any, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    monkeypatch.setenv("AVGFLOW_PORTAL_PACE", "2")
    assert 429 in answered(web, calls, label, GenerationMode.POSITIVE, SOME, "portal")


def test_no_operation_is_left_out(web: FastAPI, calls: Calls) -> None:
    assert {found.ok().label for found in described(web, calls).get_all_operations()} == set(LABELS)
    paths = calls("portal").describe().json()["paths"]
    refused = {"401", "403", "429", "503"}
    assert set(paths["/api/v1/requests"]["post"]["responses"]) >= refused | {"400", "413", "415", "422"}
    assert set(paths["/api/v1/requests/{number}"]["get"]["responses"]) >= refused | {"404"}


def described(web: FastAPI, calls: Calls) -> Any:
    return schemathesis.openapi.from_asgi("/avgflow/openapi.json", web, headers=dict(calls("portal").headers))


def answered(
    web: FastAPI, calls: Calls, label: str, mode: GenerationMode, how_many: settings, login: str | None
) -> set[int]:
    """The statuses with which calls of an operation are answered to somebody; each answer is as it is described."""
    headers = dict(calls(login).headers)
    [operation] = [found.ok() for found in described(web, calls).get_all_operations() if found.ok().label == label]
    seen: set[int] = set()

    @how_many
    @given(case=operation.as_strategy(generation_mode=mode))
    def look(case: Any) -> None:
        # A line break in a path is no path of this app to the router before it, which answers 404 by itself.
        assume(not any("\n" in str(part) for part in (case.path_parameters or {}).values()))
        if login is None:
            case.headers.pop("Authorization", None)
        seen.add(case.call_and_validate(headers=headers, checks=CHECKS).status_code)

    look()
    return seen


EXPECTED = {
    (SUBMIT, GenerationMode.POSITIVE): {201},
    (SUBMIT, GenerationMode.NEGATIVE): {400, 422},
    (LOOK, GenerationMode.POSITIVE): {404},
    (LOOK, GenerationMode.NEGATIVE): {404},
}
"""Some of the answers that there must have been, or nothing was tried."""
