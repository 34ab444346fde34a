"""Objection: what it is to, and how a human weighed it.

Revision ID: r0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from psycopg import sql

revision = "r0004"
down_revision = "r0003"


def upgrade() -> None:
    op.add_column("request", sa.Column("scope", sa.Text))
    op.create_check_constraint("request_scope_check", "request", "(\"right\" = 'objection') = (scope IS NOT NULL)")
    op.create_table(
        "weighing",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), nullable=False),
        sa.Column("record_class", sa.Text, nullable=False),
        sa.Column("upheld", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.CheckConstraint("upheld = (reason IS NULL)", name="weighing_reason_check"),
        sa.UniqueConstraint("number", "record_class", name="weighing_class_key"),
        comment="How a human weighed an objection, by record class: upheld, or refused with a reason (AVG art. 21(1)).",
    )
    role = sql.Identifier(op.get_context().opts["app_role"])
    op.execute(sql.SQL("GRANT SELECT, INSERT ON weighing TO {}").format(role).as_string())
