"""Rows that an access copy leaves out for the time being, by two officers (UAVG art. 41(1))."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from avgflow.catalog.models import Catalog, Text
from avgflow.fields import stripped
from avgflow.handling import withholding
from avgflow.handling.environment import Environment
from avgflow.intake import day_in_amsterdam
from avgflow.register import withholdings
from avgflow.register.database import transaction
from avgflow.register.withholdings import WithholdingGround
from avgflow.sweep.words import store_title, table_title
from avgflow_airflow.web import actions
from avgflow_airflow.web.access import Seeing, Visitor
from avgflow_airflow.web.faults import Refused
from avgflow_airflow.web.forms import NOTHING, Deciding, Handling, Typed
from avgflow_airflow.web.installation import installation
from avgflow_airflow.web.render import page
from avgflow_airflow.web.routes.acting import NOT_DONE, NothingChosen, carry_out, day_of

router = APIRouter(prefix="/withholdings")

GROUNDS: Mapping[WithholdingGround, Text] = {
    WithholdingGround.CRIME: Text(nl="opsporing van strafbare feiten", en="prevention and prosecution of crime"),
    WithholdingGround.PUBLIC_INTEREST: Text(
        nl="algemeen belang, zoals belastingheffing", en="public interest, such as taxation"
    ),
    WithholdingGround.SUPERVISION: Text(nl="toezicht door de overheid", en="supervision by an authority"),
    WithholdingGround.RIGHTS_OF_OTHERS: Text(nl="rechten van anderen", en="rights of others"),
    WithholdingGround.CIVIL_CLAIMS: Text(nl="innen van vorderingen", en="enforcement of civil claims"),
}
"""What each letter of UAVG art. 41(1) stands for, in short."""


@router.get("")
def show(request: Request, visitor: Seeing) -> HTMLResponse:
    with installation(visitor) as env:
        return _page(request, visitor, env)


@router.post("")
def place(request: Request, sent: Handling) -> Response:
    """Propose to leave one row out of every access copy."""

    def work(env: Environment) -> str:
        if sent.get("ground") not in set(WithholdingGround):
            raise NothingChosen("the ground")
        ground, until = WithholdingGround(sent.get("ground")), day_of(sent.get("until"))
        key = [stripped(part) for part in sent.all("key")]
        withholding.place(env, sent.get("table"), key, ground, until, sent.by.login)
        return "withholding-proposed"

    return carry_out(
        request, sent, "/withholdings", work, lambda env, why: _page(request, sent.by, env, why, sent.typed)
    )


@router.post("/{withheld}/confirm")
def confirm(request: Request, sent: Deciding, withheld: int) -> Response:
    """Have a proposed one hold; it takes a second pair of eyes."""

    def work(env: Environment) -> str:
        withholding.confirm(env, withheld, sent.by.login)
        return "withholding-confirmed"

    return carry_out(request, sent, "/withholdings", work, lambda env, why: _page(request, sent.by, env, why))


@router.post("/{withheld}/release")
def release(request: Request, sent: Handling, withheld: int) -> Response:
    """End one: the row is in access copies again."""

    def work(env: Environment) -> str:
        with transaction(env.register) as register:
            withholdings.release(register, env.keyring, withheld, sent.by.login)
        return "withholding-released"

    return carry_out(request, sent, "/withholdings", work, lambda env, why: _page(request, sent.by, env, why))


def _page(
    request: Request, visitor: Visitor, env: Environment, refusal: Refused | None = None, typed: Typed = NOTHING
) -> HTMLResponse:
    with transaction(env.register) as register:
        found = withholdings.list_(register)
    titles = {(one.store, one.table): table_title(env.catalog, one.store, one.table) for one in found}
    tables = _tables(env.catalog)
    return page(
        request,
        visitor,
        "withholdings.html",
        status=NOT_DONE if refusal else 200,
        rows=found,
        titles=titles,
        stores={one.store: store_title(env.catalog, one.store) for one in found},
        grounds=GROUNDS,
        tables=tables,
        parts=max((len(key) for _, key, _ in tables), default=1),
        today=day_in_amsterdam().isoformat(),
        typed=typed,
        refused=refusal,
        done=actions.done(request.query_params.get("done", "")),
    )


def _tables(catalog: Catalog) -> list[tuple[str, tuple[str, ...], Text]]:
    """The tables of which a row can be left out: how they are written, the columns of their key, and their title."""
    return [
        (f"{store.store}.{name}", table.key, table.title)
        for store, name, table in catalog.tables()
        if table.subject and table.key
    ]
