"""Erasure: approvals, intents, tombstones, suppressions, holds, notices and who a request turned out to be about.

Who imports addresses reads the view `suppressed_address` as a member of the role `suppression_reader`. The migration
makes that role where the register's owner may make roles; elsewhere an administrator does so, once:

    CREATE ROLE suppression_reader;
    GRANT CONNECT ON DATABASE register TO suppression_reader;
    GRANT SELECT ON suppressed_address TO suppression_reader;

and, for each login that may read it, `GRANT suppression_reader TO …`.

Revision ID: r0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from psycopg import sql
from sqlalchemy.dialects.postgresql import JSONB

revision = "r0003"
down_revision = "r0002"

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    op.add_column("receipt", sa.Column("work", JSONB))
    _make_decisions()
    _make_store_work()
    _make_suppressions()
    _make_holds()
    _make_people()
    _grant(op.get_context().opts["app_role"])
    _let_importers_read()


def _make_decisions() -> None:
    op.create_table(
        "approval",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("approved", sa.Boolean, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False, server_default=NOW),
        sa.ForeignKeyConstraint(["number", "digest"], ["plan.number", "plan.digest"], name="approval_plan_fkey"),
        comment="What a human said of a plan: approved or refused; the newest counts.",
    )
    op.create_index("approval_number_index", "approval", ["number", "id"])


def _make_store_work() -> None:
    op.create_table(
        "intent",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("store", sa.Text, nullable=False),
        sa.Column("plan_digest", sa.Text, nullable=False),
        sa.Column("transaction", sa.Text, nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("counts", JSONB, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("at", MOMENT, nullable=False, server_default=NOW),
        sa.ForeignKeyConstraint(["number", "plan_digest"], ["plan.number", "plan.digest"], name="intent_plan_fkey"),
        sa.CheckConstraint("transaction ~ '^[0-9]{1,20}$'", name="intent_transaction_check"),
        sa.UniqueConstraint("number", "step", "store", "system", "transaction", name="intent_transaction_key"),
        comment="What a store's transaction was about to commit, so that a run that was killed then can tell whether "
        "it did.",
    )
    op.create_table(
        "tombstone",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), nullable=False),
        sa.Column("store", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("erased_at", MOMENT, nullable=False, server_default=NOW),
        sa.UniqueConstraint("number", "store", "digest", name="tombstone_digest_key"),
        comment="Which rows of a store were erased, to be erased again where a restored backup brings them back.",
    )
    op.create_index("tombstone_store_index", "tombstone", ["store", "id"])


def _make_suppressions() -> None:
    op.create_table(
        "suppression",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("number", sa.Text, sa.ForeignKey("request.number")),
        sa.Column("added_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("added_by", sa.Text, nullable=False),
        sa.Column("lifted_at", MOMENT),
        sa.Column("lifted_by", sa.Text),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="suppression_lifted_check"),
        comment="Keyed hashes of addresses that nothing may be sent to, by channel; blocks nobody from being a "
        "customer.",
    )
    op.create_index(
        "suppression_current_key",
        "suppression",
        ["channel", "hash"],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    # A barrier, lest a function of the reader's own sees the rows that the view leaves out.
    op.execute(
        """
        CREATE VIEW suppressed_address WITH (security_barrier) AS
            SELECT channel, hash, added_at AS since FROM suppression WHERE lifted_at IS NULL
        """
    )
    op.execute(
        """
        COMMENT ON VIEW suppressed_address IS
            'Addresses that nothing may be sent to: hash = HMAC-SHA-256 in hex of the address in lower case, without '
            'blanks around it, under the key that `avgflow suppression key` shows.'
        """
    )


def _make_holds() -> None:
    op.create_table(
        "hold",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("of_subject", sa.Boolean, nullable=False),
        sa.Column("record_class", sa.Text),
        sa.Column("until", sa.Date),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("placed_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("placed_by", sa.Text, nullable=False),
        sa.Column("released_at", MOMENT),
        sa.Column("released_by", sa.Text),
        sa.CheckConstraint("of_subject OR record_class IS NOT NULL", name="hold_something_check"),
        sa.CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="hold_released_check"),
        comment="What must not be erased for a claim, complaint, lawsuit or incident (AVG art. 17(3)(e)).",
    )
    op.create_index(
        "hold_current_key", "hold", ["digest"], unique=True, postgresql_where=sa.text("released_at IS NULL")
    )
    op.create_table(
        "hold_hash",
        sa.Column("hold_id", sa.BigInteger, sa.ForeignKey("hold.id"), primary_key=True),
        sa.Column("hash", sa.Text, primary_key=True),
        comment="Keyed hashes of the identifiers of whoever a hold is on.",
    )
    op.create_index("hold_hash_hash_index", "hold_hash", ["hash"])


def _make_people() -> None:
    op.create_table(
        "notice",
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), primary_key=True),
        sa.Column("recipient", sa.Text, primary_key=True),
        sa.Column("message_id", sa.Text, sa.ForeignKey("mail.message_id")),
        sa.Column("told_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("told_by", sa.Text, nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("confirmed_by", sa.Text),
        sa.CheckConstraint("(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="notice_confirmed_check"),
        comment="Recipients that were told of a request (AVG art. 19), and those who confirmed.",
    )
    op.create_index("notice_unconfirmed_index", "notice", ["told_at"], postgresql_where=sa.text("confirmed_at IS NULL"))
    op.create_table(
        "subject_hash",
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), primary_key=True),
        sa.Column("hash", sa.Text, primary_key=True),
        comment="Keyed hashes of all that was found to identify a request's person, to find requests of the same "
        "person.",
    )
    op.create_index("subject_hash_hash_index", "subject_hash", ["hash"])


GRANTS = {
    "approval": ["SELECT", "INSERT"],
    "intent": ["SELECT", "INSERT"],
    "tombstone": ["SELECT", "INSERT"],
    "suppression": ["SELECT", "INSERT", "UPDATE (lifted_at, lifted_by)"],
    "hold": ["SELECT", "INSERT", "UPDATE (released_at, released_by)"],
    "hold_hash": ["SELECT", "INSERT"],
    "notice": ["SELECT", "INSERT", "UPDATE (confirmed_at, confirmed_by)"],
    "subject_hash": ["SELECT", "INSERT"],
}


def _grant(app_role: str) -> None:
    """What the application may do: nothing is deleted, and what was written once is written once."""
    for table, privileges in GRANTS.items():
        for privilege in privileges:
            statement = sql.SQL("GRANT {} ON {} TO {}").format(
                sql.SQL(privilege), sql.Identifier(table), sql.Identifier(app_role)
            )
            op.execute(statement.as_string())


def _let_importers_read() -> None:
    # Roles are the whole server's: another register on it may make this one at the same moment.
    op.execute(
        """
        DO $$
        BEGIN
            BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'suppression_reader') THEN
                    CREATE ROLE suppression_reader;
                END IF;
            EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
                NULL;
            END;
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'suppression_reader') THEN
                GRANT SELECT ON suppressed_address TO suppression_reader;
            END IF;
        END
        $$
        """
    )
