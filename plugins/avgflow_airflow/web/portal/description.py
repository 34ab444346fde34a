"""The description of the portal's way in as OpenAPI: each answer that there is, with an example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from avgflow_airflow.web.portal.problems import MEDIA_TYPE, PREFIX, Problem
from avgflow_airflow.web.portal.submission import KEY, KEY_PATTERN, LARGEST, State, Submission

VERSION = "1"
_ABOUT = f"""Data subject requests under the AVG (GDPR) from a company's own portal.

Ask Airflow for a token (`POST /auth/token`) with an account that has the role of a portal, and send it as
`Authorization: Bearer …`. A portal submits requests and sees those that it submitted itself; nothing of a person is
ever in an answer or an address. A body has {LARGEST} bytes at most. A portal that calls too often is told when to
call again (429, Retry-After). Whatever is refused is a problem (RFC 9457), which names fields and repeats no value.
"""

_STATE = {
    "number": "AVG-2026-00042",
    "right": "access",
    "status": "registered",
    "outcome": None,
    "received": "2026-11-26",
    "due": "2026-12-28",
    "extended_due": "2027-02-26",
}
_ACCESS = {"right": "access", "email": "n.jansen@example.nl", "name": "N. Jansen", "customer_number": "C-100042"}
_EXAMPLES: Mapping[str, Any] = {
    "access": {"value": _ACCESS},
    "erasure in English": {"value": {"right": "erasure", "email": "n.jansen@example.nl", "language": "en"}},
    "rectification": {
        "value": {"right": "rectification", "email": "n.jansen@example.nl", "correct": {"phone": "0612345678"}}
    },
    "restriction": {"value": {"right": "restriction", "email": "n.jansen@example.nl", "ground": "accuracy"}},
    "portability": {"value": {"right": "portability", "email": "n.jansen@example.nl"}},
    "objection to marketing": {"value": {"right": "objection", "email": "n.jansen@example.nl", "to": "marketing"}},
    "a lawyer for another": {
        "value": {
            "right": "access",
            "asks_as": "lawyer",
            "email": "kantoor@example.nl",
            "person_email": "n.jansen@example.nl",
        }
    },
}
_WAIT = {
    "Retry-After": {"description": "Seconds.", "required": True, "schema": {"type": "string", "pattern": "^[0-9]+$"}}
}
_WHERE = {"Location": {"description": "Where its state is.", "required": True, "schema": {"type": "string"}}}


def _problem(
    description: str, status: int, title: str, detail: str, headers: Any = None, **more: Any
) -> dict[str, Any]:
    example = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    content = {MEDIA_TYPE: {"schema": _ref("Problem"), "example": example}}
    return {"description": description, "content": content} | ({"headers": headers} if headers else {})


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _stands(description: str, headers: Any = None) -> dict[str, Any]:
    content = {"application/json": {"schema": _ref("State"), "example": _STATE}}
    return {"description": description, "content": content} | ({"headers": headers} if headers else {})


_ALWAYS: Mapping[int, dict[str, Any]] = {
    401: _problem("No token, or none that is valid.", 401, "Unauthorized", "Send a token that Airflow gave …"),
    403: _problem("Not this account.", 403, "Forbidden", "This account is no portal …"),
    429: _problem("Too often.", 429, "Too Many Requests", "This account calls too often …", _WAIT),
    500: _problem("A fault of ours.", 500, "Internal Server Error", "Something went wrong here …"),
    503: _problem("Not now.", 503, "Service Unavailable", "The register cannot take this now …", _WAIT),
}

_SUBMIT_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: _stands("It was submitted before with this key and body; where it stands now.", _WHERE),
    201: _stands("It is on the register, and its run is started.", _WHERE),
    202: _stands("It is on the register. Airflow did not start its run yet: sending it again does.", _WHERE),
    400: _problem("No key, or no JSON.", 400, "Bad Request", "The body is not JSON in UTF-8 …"),
    409: _problem("The key was used with another body.", 409, "Conflict", "This key was used for another request …"),
    413: _problem("Too large.", 413, "Content Too Large", f"The body is larger than {LARGEST} bytes …"),
    415: _problem("Not application/json.", 415, "Unsupported Media Type", "Send the request as application/json …"),
    422: _problem(
        "A field does not fit, or is unknown.",
        422,
        "Unprocessable Content",
        "The request cannot be taken as it is. Correct the fields below; nothing was registered.",
        errors=[
            {
                "field": "to",
                "detail": "Say what the objection is to …",
                "detail_nl": "Kies waar het bezwaar over gaat.",
            }
        ],
    ),
    **_ALWAYS,
}
_LOOK_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: _stands("Where it stands."),
    404: _problem("This account submitted no such request.", 404, "Not Found", "This account submitted no request …"),
    # There is no body and no field to refuse; said here, lest the framework describe an answer that there never is.
    422: _problem("Never given.", 422, "Unprocessable Content", "…"),
    **_ALWAYS,
}

_SECURITY = [{"airflow": []}]
SUBMIT: dict[str, Any] = {
    "operation_id": "submit",
    "responses": _SUBMIT_RESPONSES,
    "openapi_extra": {
        "security": _SECURITY,
        "parameters": [
            {
                "name": KEY,
                "in": "header",
                "required": True,
                "description": "New for each request, and the same where it is sent again. Kept as a keyed hash.",
                "schema": {"type": "string", "pattern": f"^{KEY_PATTERN}$"},
                "example": "8f14e45f-ceea-467f-a8c7-8d1b2f6f0c11",
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref("Submission"), "examples": _EXAMPLES}},
        },
    },
}
LOOK: dict[str, Any] = {
    "operation_id": "look",
    "responses": _LOOK_RESPONSES,
    "openapi_extra": {"security": _SECURITY},
}


def openapi(routes: Sequence[BaseRoute], base: str) -> dict[str, Any]:
    """The whole description. `base`: where the page is served."""
    made = get_openapi(
        title="Verzoekenregister", version=VERSION, description=_ABOUT, routes=routes, servers=[{"url": base or "/"}]
    )
    template = "#/components/schemas/{model}"
    schemas: dict[str, Any] = {}
    for model in (Submission, State, Problem):
        schema = model.model_json_schema(ref_template=template, mode="validation")
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    made["components"] = {
        "schemas": schemas,
        "securitySchemes": {
            "airflow": {"type": "http", "scheme": "bearer", "description": "A token of Airflow's own /auth/token."}
        },
    }
    made["paths"][f"{PREFIX}/requests/{{number}}"]["get"]["responses"].pop("422", None)
    return made
