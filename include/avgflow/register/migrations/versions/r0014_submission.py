"""Requests that a portal submitted, so that it may repeat a submission without making a second request.

Revision ID: r0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from psycopg import sql

from avgflow.register.migrations.versions.r0013_housekeeping import CASE_FILE, LET_GO, deletions

revision = "r0014"
down_revision = "r0013"


def upgrade() -> None:
    op.create_table(
        "submission",
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), primary_key=True),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("key_hash", sa.Text, nullable=False),
        sa.Column("body_hash", sa.Text, nullable=False),
        sa.UniqueConstraint("key_hash"),
        comment="Requests that a portal submitted, by keyed hash of its key and of what it sent: a repeat makes no "
        "second.",
    )
    # It goes with its case file. Who may call the function stays as it was.
    let_go = LET_GO.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)
    schema = sql.Identifier(op.get_bind().execute(sa.text("SELECT current_schema()")).scalar_one())
    tables = ("submission", *CASE_FILE)
    op.execute(sql.SQL(let_go).format(schema=schema, case_file=deletions(tables)).as_string())
    role = sql.Identifier(op.get_context().opts["app_role"])
    op.execute(sql.SQL("GRANT SELECT, INSERT ON submission TO {}").format(role).as_string())
