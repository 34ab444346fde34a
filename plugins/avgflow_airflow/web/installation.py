"""The installation that the page works on: its settings, the register's engine, and an environment for each request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from airflow.configuration import conf
from sqlalchemy import Engine

from avgflow.airflow_api import AirflowApi
from avgflow.handling.environment import Environment
from avgflow.settings import Settings, engine
from avgflow_airflow.environment import dsn_of
from avgflow_airflow.web.access import Visitor


def settings() -> Settings:
    """Where this installation keeps its things."""
    return Settings.load()


@contextmanager
def installation(visitor: Visitor) -> Iterator[Environment]:
    """An environment for one request, in which Airflow is asked as the user who is logged in there."""
    own = settings()
    env = Environment(own, dsn_of, _session(own, visitor), _register(own.secret("register_dsn")))
    try:
        yield env
    finally:
        env.dispose()


@cache
def _register(dsn: str) -> Engine:
    """Connections to the register stay open between requests: making one takes longer than most pages."""
    return engine(dsn)


def _session(own: Settings, visitor: Visitor) -> AirflowApi | None:
    """None where no address of Airflow is known; then only what asks Airflow for something says so."""
    url = own.airflow_url or conf.get("api", "base_url", fallback="")
    return AirflowApi.of_token(url, visitor.login, visitor.token) if url else None
