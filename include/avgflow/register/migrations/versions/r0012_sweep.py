"""Sweeps: what is past its term, what of it may go, and what went.

Revision ID: r0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from psycopg import sql
from sqlalchemy.dialects.postgresql import JSON, JSONB

revision = "r0012"
down_revision = "r0011"

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("clock_timestamp()")

GRANTS = {
    "sweep": (
        "SELECT",
        "INSERT",
        "UPDATE (status, digest, asks, previewed_at, decided_by, decided_at, stop_asked_by, stop_asked_at, ended_at)",
    ),
    "sweep_rule": ("SELECT", "INSERT"),
    "sweep_part": ("SELECT", "INSERT", "UPDATE (sealed, transaction, system, changed, done_at)"),
    "sweep_proof": ("SELECT", "INSERT"),
}


def upgrade() -> None:
    op.create_table(
        "sweep",
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, nullable=False, unique=True),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("digest", sa.Text),
        sa.Column("asks", JSONB),
        sa.Column("begun_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("previewed_at", MOMENT),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", MOMENT),
        sa.Column("stop_asked_by", sa.Text),
        sa.Column("stop_asked_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.CheckConstraint("number ~ '^sweep-[0-9]{4}-[0-9]{5,}$'", name="sweep_number_check"),
        sa.CheckConstraint("(previewed_at IS NULL) = (digest IS NULL)", name="sweep_previewed_check"),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="sweep_decided_check"),
        sa.CheckConstraint("(stop_asked_at IS NULL) = (stop_asked_by IS NULL)", name="sweep_stopped_check"),
        comment="Sweeps: what was past its term on a day, and what became of it (AVG art. 5(1)(e)).",
    )
    op.create_table(
        "sweep_rule",
        sa.Column("number", sa.Text, sa.ForeignKey("sweep.number"), primary_key=True),
        sa.Column("store", sa.Text, primary_key=True),
        sa.Column("table_name", sa.Text, primary_key=True),
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("record_class", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("figures", JSONB, nullable=False),
        comment="What a sweep's preview found, by table and rule: counts, no row.",
    )
    op.create_table(
        "sweep_part",
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("store", sa.Text, primary_key=True),
        sa.Column("nth", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("table_name", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("transaction", sa.Text),
        sa.Column("system", sa.Text),
        sa.Column("changed", sa.Integer),
        sa.Column("done_at", MOMENT),
        sa.ForeignKeyConstraint(
            ["number", "store", "table_name", "code"],
            ["sweep_rule.number", "sweep_rule.store", "sweep_rule.table_name", "sweep_rule.code"],
            name="sweep_part_rule_fkey",
        ),
        sa.CheckConstraint("(transaction IS NULL) = (system IS NULL)", name="sweep_part_transaction_check"),
        sa.CheckConstraint("(done_at IS NULL) OR (changed IS NOT NULL)", name="sweep_part_done_check"),
        comment="The rows that a sweep may change, by transaction, with their keys until it is done.",
    )
    op.create_table(
        "sweep_proof",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("number", sa.Text, sa.ForeignKey("sweep.number"), nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("result", JSON, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("kept_at", MOMENT, nullable=False, server_default=NOW),
        sa.UniqueConstraint("number", "digest", name="sweep_proof_digest_key"),
        comment="What the re-count of a sweep found, without any value of any row; grows only.",
    )
    role = sql.Identifier(op.get_context().opts["app_role"])
    for table, privileges in GRANTS.items():
        for privilege in privileges:
            statement = sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(privilege), sql.Identifier(table), role)
            op.execute(statement.as_string())
