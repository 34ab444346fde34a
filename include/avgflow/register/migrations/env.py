"""Alembic's entry: runs the migrations on the connection, and for the role, that `avgflow.register.migrate` gives."""

from __future__ import annotations

from alembic import context

from avgflow.register.schema import metadata

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=metadata,
    app_role=attributes["app_role"],
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
