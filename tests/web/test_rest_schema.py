"""What the way in for portals answers is what its OpenAPI description says, whatever it is sent (schemathesis)."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
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


EXAMPLES = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("label", ["POST /api/v1/requests", "GET /api/v1/requests/{number}"])
def test_every_answer_is_described(
    web: FastAPI, calls: Calls, started: Any, monkeypatch: pytest.MonkeyPatch, label: str, mode: GenerationMode
) -> None:
    # What comes too often is another test's matter; here every call is to be looked at.
    monkeypatch.setenv("AVGFLOW_PORTAL_PACE", "1000000")
    as_portal = dict(calls("portal").headers)
    described = schemathesis.openapi.from_asgi("/avgflow/openapi.json", web, headers=as_portal)
    [operation] = [found.ok() for found in described.get_all_operations() if found.ok().label == label]
    seen: set[int] = set()

    @EXAMPLES
    @given(case=operation.as_strategy(generation_mode=mode))
    def look(case: Any) -> None:
        answer = case.call_and_validate(headers=as_portal, checks=CHECKS)
        seen.add(answer.status_code)

    look()
    assert seen & EXPECTED[label, mode], seen


EXPECTED = {
    ("POST /api/v1/requests", GenerationMode.POSITIVE): {201},
    ("POST /api/v1/requests", GenerationMode.NEGATIVE): {400, 422},
    ("GET /api/v1/requests/{number}", GenerationMode.POSITIVE): {404},
    ("GET /api/v1/requests/{number}", GenerationMode.NEGATIVE): {404},
}
"""Some of the answers that there must have been, or nothing was tried."""
