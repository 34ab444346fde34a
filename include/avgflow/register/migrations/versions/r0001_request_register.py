"""The register: requests, the event chain, plans, receipts, evidence, passphrases and the outbox.

Revision ID: r0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from psycopg import sql
from sqlalchemy.dialects.postgresql import JSON, JSONB

revision = "r0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    _make_requests()
    _make_event_chain()
    _make_work()
    _make_outbox()
    _grant(op.get_context().opts["app_role"])


def _make_requests() -> None:
    op.create_table(
        "request_counter",
        sa.Column("year", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("last", sa.Integer, nullable=False),
        comment="The last number given out per year; never goes back, so that no number is used twice.",
    )
    op.create_table(
        "request",
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("right", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False, server_default=sa.text("'registered'")),
        sa.Column("waiting_for", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("received", sa.Date, nullable=False),
        sa.Column("due", sa.Date, nullable=False),
        sa.Column("extended_due", sa.Date, nullable=False),
        sa.Column("verified_by", sa.Text),
        sa.Column("verified_at", MOMENT),
        sa.Column("registered_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("changed_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("subject_sealed", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("number ~ '^AVG-[0-9]{4}-[0-9]{5,}$'", name="request_number_check"),
        sa.CheckConstraint("(status = 'waiting') = (waiting_for IS NOT NULL)", name="request_waiting_check"),
        sa.CheckConstraint("status <> 'closed' OR outcome IS NOT NULL", name="request_closed_check"),
        sa.CheckConstraint("received <= due AND due <= extended_due", name="request_term_check"),
        comment="What was asked and where it stands.",
    )
    op.create_index("request_status_index", "request", ["status", "due"])
    op.create_table(
        "identifier",
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        comment="Keyed hashes of a request's identifiers, to find a person's earlier requests.",
    )
    op.create_index("identifier_hash_index", "identifier", ["hash"])


def _make_event_chain() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("number", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("detail", JSONB, nullable=False),
        sa.Column("prev_hash", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        comment="What happened, as a hash chain; the database refuses to change or remove a row.",
    )
    op.create_index("event_number_index", "event", ["number", "id"])
    op.create_table(
        "chain_head",
        sa.Column("singleton", sa.Boolean, primary_key=True, server_default=sa.text("true"), autoincrement=False),
        sa.Column("last_id", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
        sa.CheckConstraint("singleton", name="chain_head_singleton_check"),
        comment="The end of the event chain, signed with a key that the database does not have; one row.",
    )
    op.execute("INSERT INTO chain_head (last_id, hash, signature) VALUES (0, '', '')")
    # Grants keep the application out; the triggers stop the owner too, who may grant himself anything. They stand
    # per statement, so that a statement that hits no row is refused as well.
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'table % only grows: % is refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'insufficient_privilege';
        END
        $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER event_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON event
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
        CREATE TRIGGER chain_head_stays BEFORE DELETE OR TRUNCATE ON chain_head
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )


def _make_work() -> None:
    op.create_table(
        "plan",
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("made_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        comment="The plans made for a request; the newest counts.",
    )
    op.create_table(
        "receipt",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("store", sa.Text, nullable=False),
        sa.Column("counts", JSONB, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("written_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("superseded_at", MOMENT),
        comment="What a step did in a store: one current receipt per request, step and store.",
    )
    op.create_index(
        "receipt_current_key",
        "receipt",
        ["number", "step", "store"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("result", JSON, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("kept_at", MOMENT, nullable=False, server_default=NOW),
        sa.UniqueConstraint("number", "kind", "digest", name="evidence_digest_key"),
        comment="Results of checks, without any value of any row; grows only.",
    )
    op.create_table(
        "passphrase",
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False, server_default=NOW),
        comment="The passphrase of a request's package; it goes to the person by another channel than the package.",
    )


def _make_outbox() -> None:
    op.create_table(
        "mail",
        sa.Column("message_id", sa.Text, primary_key=True),
        sa.Column("number", sa.Text, sa.ForeignKey("request.number")),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("recipient_sealed", sa.LargeBinary, nullable=False),
        sa.Column("message_sealed", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("queued_at", MOMENT, nullable=False, server_default=NOW),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("attempted_at", MOMENT),
        sa.Column("failure", sa.Text),
        sa.Column("accepted_at", MOMENT),
        # A mail outside any request is unique by its kind alone.
        sa.UniqueConstraint("number", "kind", name="mail_kind_key", postgresql_nulls_not_distinct=True),
        comment="The outbox: a mail waits here until the mail server has accepted it.",
    )
    op.create_index("mail_pending_index", "mail", ["queued_at"], postgresql_where=sa.text("accepted_at IS NULL"))


GRANTS = {
    "alembic_version": ["SELECT"],
    "request_counter": ["SELECT", "INSERT", "UPDATE (last)"],
    "request": [
        "SELECT",
        "INSERT",
        "UPDATE (status, waiting_for, outcome, reason, due, extended_due, verified_by, verified_at, changed_at)",
    ],
    "identifier": ["SELECT", "INSERT"],
    "event": ["SELECT", "INSERT"],
    "chain_head": ["SELECT", "UPDATE (last_id, hash, signature)"],
    "plan": ["SELECT", "INSERT", "UPDATE (made_at)"],
    "receipt": ["SELECT", "INSERT", "UPDATE (superseded_at)"],
    "evidence": ["SELECT", "INSERT"],
    "passphrase": ["SELECT", "INSERT"],
    "mail": ["SELECT", "INSERT", "UPDATE (attempts, attempted_at, failure, accepted_at)"],
}


def _grant(app_role: str) -> None:
    """What the application may do: nothing is deleted, and what was written once is written once."""
    for table, privileges in GRANTS.items():
        for privilege in privileges:
            statement = sql.SQL("GRANT {} ON {} TO {}").format(
                sql.SQL(privilege), sql.Identifier(table), sql.Identifier(app_role)
            )
            op.execute(statement.as_string())
