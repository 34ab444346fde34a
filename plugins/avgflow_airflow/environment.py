"""The steps' environment inside a task: stores and mail server are Airflow connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from avgflow import transport
from avgflow.errors import AvgflowError
from avgflow.handling.environment import Environment
from avgflow.settings import Settings
from avgflow_airflow import object_storage


class StoreNotConnected(AvgflowError):
    """This part of Airflow does not know the connection of a store; no other try will change that."""

    def __init__(self, connection: str) -> None:
        super().__init__(
            f"There is no connection '{connection}' here. If a page says so, only tasks may reach the stores: use the "
            f"command line for it. If a task says so, give Airflow that connection, then clear the task."
        )


@contextmanager
def environment() -> Iterator[Environment]:
    """An environment for one task; its connections are closed at the end."""
    settings = Settings.load()
    env = Environment(settings, dsn_of, objects=object_storage.of(settings))
    try:
        yield env
    finally:
        env.dispose()


def dsn_of(connection: str) -> str:
    """The DSN of a connection, wherever Airflow finds it: variables, a secrets backend, its own database.

    `StoreNotConnected` where it finds none.
    """
    from airflow.providers.postgres.hooks.postgres import PostgresHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    # log_sql: the hook would write every statement with its parameters to the task log.
    hook = PostgresHook(postgres_conn_id=connection, log_sql=False)
    try:
        found = hook.get_connection(connection)
    except AirflowNotFoundException:
        raise StoreNotConnected(connection) from None
    if found.extra_dejson.get("iam"):
        # Its password is made for the moment. `get_uri` leaves out what the extra fields say of TLS.
        found.login, found.password, found.port = hook.get_iam_token(found)
    fields = {name: getattr(found, name) for name in ("login", "password", "host", "port", "schema", "extra_dejson")}
    return transport.dsn_of(fields)


def send(env: Environment, message: EmailMessage, recipient: str) -> None:
    """Hand a message to the mail server of the connection; returns once it has accepted it."""
    # Here, because reading a DAG must not load Airflow's hooks.
    from avgflow_airflow import mail_server

    mail_server.send(env.settings.smtp_connection, message, recipient)
