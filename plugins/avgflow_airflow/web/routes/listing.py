"""All requests, and where each of them stands."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from avgflow.intake import day_in_amsterdam
from avgflow.register import requests
from avgflow.register.database import transaction
from avgflow_airflow.web.access import Seeing
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.render import page

router = APIRouter()
PAGE = 50


@router.get("/")
def show(request: Request, visitor: Seeing) -> HTMLResponse:
    with installation(visitor) as env, transaction(env.register) as register:
        found = requests.find(register, limit=PAGE)
    return page(request, visitor, "requests.html", requests=found, today=day_in_amsterdam())
