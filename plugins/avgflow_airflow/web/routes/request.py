"""One request: where it stands, what happened, what is to be done, and the proof of what was done."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from avgflow.dossier.audit import words
from avgflow.dossier.evidence import TITLES
from avgflow.fields import AMSTERDAM
from avgflow.handling import looking
from avgflow.handling.approving import SHOWN
from avgflow.handling.environment import Environment
from avgflow.handling.looking import Seen
from avgflow.handling.registering import DAGS
from avgflow.handling.ways import WAYS
from avgflow.intake import day_in_amsterdam
from avgflow.register import evidence, requests
from avgflow.register.database import transaction
from avgflow_airflow.web import actions, planview, timeline
from avgflow_airflow.web.access import Seeing, Visitor
from avgflow_airflow.web.faults import NoSuchPage, Refused
from avgflow_airflow.web.forms import NOTHING, Typed
from avgflow_airflow.web.headers import POLICY
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.reasons import reason
from avgflow_airflow.web.render import page
from avgflow_airflow.web.standing import days, standing

router = APIRouter(prefix="/requests")

SHOWN_ONCE = ("person", "passphrase", "candidates", "addresses", "letter", "mentions", "notes")
"""What a request's page shows only where somebody just asked for it."""

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@router.get("/{number}")
def show(request: Request, visitor: Seeing, number: str) -> HTMLResponse:
    """A request, as whoever looks may see it."""
    with installation(visitor) as env:
        return rendered(request, visitor, env, number)


def rendered(
    request: Request,
    visitor: Visitor,
    env: Environment,
    number: str,
    *,
    refused: Refused | None = None,
    status: int = 200,
    typed: Typed = NOTHING,
    **shown: Any,
) -> HTMLResponse:
    """The page of a request; `refused`: what was not done just now, `shown`: what is shown this once, on record."""
    seen = looking.look(env, number)
    return page(
        request,
        visitor,
        "request.html",
        status=status,
        **_values(env, seen),
        refused=refused,
        done=actions.done(request.query_params.get("done", "")),
        typed=typed,
        shown=dict.fromkeys(SHOWN_ONCE) | shown,
    )


def _values(env: Environment, seen: Seen) -> dict[str, Any]:
    one = seen.request
    return {
        "seen": seen,
        "one": one,
        "next": standing(one),
        "reason": reason(one.reason),
        "days": days(one, seen.clock, env.policy.calendar, day_in_amsterdam()),
        "plan": planview.view(seen.plan, SHOWN, env.policy, env.catalog) if seen.plan else None,
        "moments": timeline.of(seen.history),
        "offered": actions.offered(env, seen),
        "dag": DAGS[one.right],
        "way": WAYS[one.right],
        "w": words,
        "proofs": TITLES,
        "stores": {name: store.title for name, store in env.catalog.stores.items()},
        "recipients": {one.id: one.title for one in env.policy.recipients},
        "classes": {name: of.title for name, of in env.policy.classes.items()},
        "attributes": sorted(env.catalog.correctable),
        "zone": AMSTERDAM,
    }


@router.get("/{number}/evidence/{nth}")
def proof(request: Request, visitor: Seeing, number: str, nth: int) -> HTMLResponse:
    """The result of a check, in a frame that can run and reach nothing."""
    with installation(visitor) as env, transaction(env.register) as register:
        found = requests.get(register, number)
        kept = evidence.evidence(register, number)
    if not 1 <= nth <= len(kept):
        raise NoSuchPage
    return page(request, visitor, "evidence.html", one=found, kept=kept[nth - 1], nth=nth, w=words, proofs=TITLES)


@router.get("/{number}/evidence/{nth}/page")
def proof_page(visitor: Seeing, number: str, nth: int, download: bool = False) -> HTMLResponse:
    """That result itself, to the byte as it is kept."""
    with installation(visitor) as env, transaction(env.register) as register:
        kept = evidence.evidence(register, number)
    if not 1 <= nth <= len(kept):
        raise NoSuchPage
    return stored(kept[nth - 1].html, f"{number}-{kept[nth - 1].kind}-{nth}.html" if download else None)


def stored(html: str, download: str | None) -> HTMLResponse:
    """A page that is kept whole, with a style of its own: that one style is let through, and nothing else."""
    hashes = " ".join(f"'sha256-{_sha256(style)}'" for style in _STYLE.findall(html))
    # A style attribute can do nothing in a frame that is sandboxed and holds no data but its own.
    styles = f"style-src {hashes}; style-src-attr 'unsafe-inline'"
    policy = POLICY.replace("style-src 'self'", styles)
    headers = {"Content-Security-Policy": f"{policy}; sandbox"}
    if download:
        headers["Content-Disposition"] = f'attachment; filename="{download}"'
    return HTMLResponse(html, headers=headers)


def _sha256(text: str) -> str:
    return b64encode(hashlib.sha256(text.encode()).digest()).decode()
