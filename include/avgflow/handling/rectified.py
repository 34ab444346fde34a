"""What a rectification came to, as it stands on the register: from its plan and what was asked."""

from __future__ import annotations

from sqlalchemy import Connection

from avgflow.dossier import rectification
from avgflow.dossier.rectification import RectificationAnswer
from avgflow.handling import planning
from avgflow.handling.environment import Environment
from avgflow.intake import day_in_amsterdam
from avgflow.register import requests
from avgflow.register.evidence import Evidence


def of_request(
    env: Environment, register: Connection, number: str, name: str | None, proof: Evidence | None = None
) -> RectificationAnswer:
    """What a rectification is answered with, as it stands on the register."""
    request = requests.get(register, number)
    return rectification.of_plan(
        planning.newest(env, register, number),
        env.catalog,
        env.policy,
        statement=requests.asked(register, env.keyring, number).statement is not None,
        language=request.language.value,
        name=name,
        received=request.received,
        made_on=day_in_amsterdam(),
        mentions=bool(proof and proof.result.get("mentions")),
    )
