"""Who a request may be about, and whom a human chose.

Revision ID: r0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from psycopg import sql

revision = "r0002"
down_revision = "r0001"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "identity",
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), primary_key=True),
        sa.Column("candidates_sealed", sa.LargeBinary),
        sa.Column("choice_sealed", sa.LargeBinary),
        sa.Column("chosen_at", MOMENT),
        comment="The persons an ambiguous request may be about, and the search that a human's choice leads to.",
    )
    role = sql.Identifier(op.get_context().opts["app_role"])
    statement = sql.SQL("GRANT SELECT, INSERT, UPDATE ON identity TO {}").format(role)
    op.execute(statement.as_string())
