"""Documents that a person gave to show that something is wrong.

Revision ID: r0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from psycopg import sql

revision = "r0010"
down_revision = "r0009"


def upgrade() -> None:
    op.create_table(
        "document",
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.UniqueConstraint("number", "digest", name="document_digest_key"),
        comment="Documents that a person gave to show that something is wrong (AVG art. 16); never of identity.",
    )
    role = sql.Identifier(op.get_context().opts["app_role"])
    op.execute(sql.SQL("GRANT SELECT, INSERT ON document TO {}").format(role).as_string())
