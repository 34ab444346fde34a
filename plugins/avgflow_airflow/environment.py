"""The steps' environment inside a task: stores and mail server are Airflow connections."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from avgflow.handling.environment import Environment
from avgflow.settings import Settings


@contextmanager
def environment() -> Iterator[Environment]:
    """An environment for one task; its connections are closed at the end."""
    settings = Settings.load()
    env = Environment(settings, dsn_of)
    try:
        yield env
    finally:
        env.dispose()


def dsn_of(connection: str) -> str:
    from airflow.providers.postgres.hooks.postgres import PostgresHook

    # log_sql: the hook would write every statement with its parameters to the task log.
    return str(PostgresHook(postgres_conn_id=connection, log_sql=False).get_uri())


def send(env: Environment, message: EmailMessage, recipient: str) -> None:
    """Hand a message to the mail server of the connection; returns once it has accepted it."""
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    with SmtpHook(smtp_conn_id=env.settings.smtp_connection) as hook:
        # The hook's own sending builds a message of its own, without our Message-ID, and tries again by itself.
        client = hook._smtp_client
        if client is None:
            raise ConnectionError("no connection to the mail server")
        client.send_message(message, to_addrs=[recipient])
