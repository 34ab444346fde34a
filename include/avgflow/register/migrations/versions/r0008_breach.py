"""Recipients told by a human, with the kinds of data they were told of; and breaches.

Revision ID: r0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from psycopg import sql
from sqlalchemy.dialects.postgresql import JSONB

revision = "r0008"
down_revision = "r0007"

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("clock_timestamp()")

GRANTS = {
    "notice": ["UPDATE (by_hand_on, by_hand_by)"],
    "breach": ["SELECT", "INSERT", "UPDATE (closed_at, closed_by)"],
    "breach_fact": ["SELECT", "INSERT"],
}


def upgrade() -> None:
    op.add_column("notice", sa.Column("classes", JSONB, nullable=False, server_default=sa.text("'[]'")))
    op.alter_column("notice", "classes", server_default=None)
    op.add_column("notice", sa.Column("by_hand_on", sa.Date))
    op.add_column("notice", sa.Column("by_hand_by", sa.Text))
    op.create_check_constraint("notice_by_hand_check", "notice", "(by_hand_on IS NULL) = (by_hand_by IS NULL)")
    _make_breaches()
    role = sql.Identifier(op.get_context().opts["app_role"])
    for table, privileges in GRANTS.items():
        for privilege in privileges:
            statement = sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(privilege), sql.Identifier(table), role)
            op.execute(statement.as_string())


def _make_breaches() -> None:
    op.create_table(
        "breach",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("aware_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("closed_at", MOMENT),
        sa.Column("closed_by", sa.Text),
        sa.CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name="breach_closed_check"),
        sa.UniqueConstraint("digest", name="breach_digest_key"),
        comment="Letters and packages that went to the wrong person (AVG art. 33), with the 72-hour clock.",
    )
    op.create_index("breach_open_index", "breach", ["due_at"], postgresql_where=sa.text("closed_at IS NULL"))
    op.create_table(
        "breach_fact",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("breach_id", sa.BigInteger, sa.ForeignKey("breach.id"), nullable=False),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("actor", sa.Text, nullable=False),
        comment="What is on record of a breach (AVG art. 33(3), 33(5), 34); of each field the newest counts.",
    )
    op.create_index("breach_fact_breach_index", "breach_fact", ["breach_id", "id"])
