"""The dossier of a request, to take along: without the person's data, signed, and checked offline."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from avgflow.errors import AvgflowError
from avgflow.handling import auditing
from avgflow_airflow.web.faults import refused
from avgflow_airflow.web.forms import Taking
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.routes.acting import NOT_DONE
from avgflow_airflow.web.routes.request import rendered

router = APIRouter(prefix="/requests/{number}/dossier")


@router.post("")
def take(request: Request, sent: Taking, number: str) -> Response:
    """Issue the dossier, with the task logs as far as this user may read them; that it was issued is on record."""
    made = tempfile.TemporaryDirectory(prefix="avgflow-dossier-")
    folder = Path(made.name) / f"dossier-{number}"
    with installation(sent.by) as env:
        try:
            auditing.export(env, number, folder, sent.by.login)
        except AvgflowError as fault:
            made.cleanup()
            return rendered(request, sent.by, env, number, refused=refused(fault), status=NOT_DONE)
    file = folder.with_suffix(".zip")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(folder.rglob("*")):
            if each.is_file():
                archive.write(each, each.relative_to(folder.parent))
    return FileResponse(file, media_type="application/zip", filename=file.name, background=BackgroundTask(made.cleanup))
