"""The style sheet and the two icons: three files by name, and no folder that can be walked."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import FileResponse

from avgflow_airflow.web.access import Anybody
from avgflow_airflow.web.render import FOLDER

router = APIRouter(prefix="/static")

STYLE = FOLDER / "static" / "style.css"
# The same address shows another file after an update, so it is asked for again, and answered with 'not changed'.
_KEEP = {"Cache-Control": "private, no-cache"}


@router.get("/style.css")
def style(_: Anybody) -> FileResponse:
    return FileResponse(STYLE, media_type="text/css", headers=_KEEP)


@router.get("/register.svg")
def icon(_: Anybody) -> FileResponse:
    return FileResponse(FOLDER / "static" / "register.svg", media_type="image/svg+xml", headers=_KEEP)


@router.get("/register-dark.svg")
def icon_dark(_: Anybody) -> FileResponse:
    return FileResponse(FOLDER / "static" / "register-dark.svg", media_type="image/svg+xml", headers=_KEEP)
