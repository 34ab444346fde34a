"""Rows that are left out of an access copy for the time being.

Revision ID: r0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from psycopg import sql

revision = "r0011"
down_revision = "r0010"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "withholding",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("store", sa.Text, nullable=False),
        sa.Column("table_name", sa.Text, nullable=False),
        sa.Column("row_hash", sa.Text, nullable=False),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("until", sa.Date),
        sa.Column("placed_at", MOMENT, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("placed_by", sa.Text, nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("confirmed_by", sa.Text),
        sa.Column("released_at", MOMENT),
        sa.Column("released_by", sa.Text),
        sa.CheckConstraint("(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="withholding_confirmed_check"),
        sa.CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="withholding_released_check"),
        comment="Rows, by keyed hash, that are left out of an access copy for the time being (UAVG art. 41(1)).",
    )
    role = sql.Identifier(op.get_context().opts["app_role"])
    for privilege in ("SELECT", "INSERT", "UPDATE (confirmed_at, confirmed_by, released_at, released_by)"):
        statement = sql.SQL("GRANT {} ON withholding TO {}").format(sql.SQL(privilege), role)
        op.execute(statement.as_string())
