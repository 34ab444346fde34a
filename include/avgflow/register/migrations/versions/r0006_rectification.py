"""Rectification: what is noted about data that stay as they are, and what a recipient is told.

Revision ID: r0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from psycopg import sql

revision = "r0006"
down_revision = "r0005"


def upgrade() -> None:
    op.add_column("notice", sa.Column("told", sa.Text, nullable=False, server_default="erased"))
    op.alter_column("notice", "told", server_default=None)
    op.drop_constraint("notice_pkey", "notice", type_="primary")
    op.create_primary_key("notice_pkey", "notice", ["number", "recipient", "told"])
    op.create_table(
        "annotation",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), nullable=False),
        sa.Column("store", sa.Text, nullable=False),
        sa.Column("table_name", sa.Text, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.UniqueConstraint("number", "store", "table_name", name="annotation_place_key"),
        comment="What is noted about rows that stay as they are: the right value, or the person's own statement "
        "(AVG art. 16).",
    )
    role = sql.Identifier(op.get_context().opts["app_role"])
    op.execute(sql.SQL("GRANT SELECT, INSERT ON annotation TO {}").format(role).as_string())
    op.execute(sql.SQL("GRANT UPDATE (asked_sealed) ON request TO {}").format(role).as_string())
