"""The procedure: who asks, requests that came in together, one-time codes, and requests that are declined.

Revision ID: r0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from psycopg import sql

revision = "r0009"
down_revision = "r0008"

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    # Until now whoever asked did so about themselves, one right at a time.
    op.add_column("request", sa.Column("capacity", sa.Text, nullable=False, server_default=sa.text("'self'")))
    op.add_column("request", sa.Column("together", sa.Text, sa.ForeignKey("request.number")))
    op.create_check_constraint("request_together_check", "request", "together <> number")
    op.create_index("request_together_index", "request", ["together"], postgresql_where=sa.text("together IS NOT NULL"))
    _make_codes()
    _make_declines()
    role = sql.Identifier(op.get_context().opts["app_role"])
    for table in ("code", "decline", "declined"):
        grant = sql.SQL("GRANT SELECT, INSERT ON {} TO {}").format(sql.Identifier(table), role)
        op.execute(grant.as_string())
        only_grows = sql.SQL(
            "CREATE TRIGGER {} BEFORE UPDATE OR DELETE OR TRUNCATE ON {} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        ).format(sql.Identifier(f"{table}_only_grows"), sql.Identifier(table))
        op.execute(only_grows.as_string())


def _make_codes() -> None:
    op.create_table(
        "code",
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), primary_key=True),
        sa.Column("nth", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("until", sa.Date, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False, server_default=NOW),
        sa.CheckConstraint("nth > 0", name="code_nth_check"),
        comment="One-time codes by which a person shows who they are (AVG art. 12(6)), as keyed hashes; the newest "
        "counts.",
    )


def _make_declines() -> None:
    op.create_table(
        "decline",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("note_sealed", sa.LargeBinary),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False, server_default=NOW),
        sa.UniqueConstraint("number", "id", name="decline_number_key"),
        comment="Proposals not to do what a request asks, each with its reason; the newest counts, one without a "
        "reason takes them back.",
    )
    op.create_table(
        "declined",
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("decline_id", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("alone", sa.Boolean, nullable=False),
        sa.Column("at", MOMENT, nullable=False, server_default=NOW),
        sa.ForeignKeyConstraint(
            ["number", "decline_id"], ["decline.number", "decline.id"], name="declined_decline_fkey"
        ),
        comment="Proposals not to do what a request asks that a second officer confirmed; alone: there is no second "
        "one.",
    )
