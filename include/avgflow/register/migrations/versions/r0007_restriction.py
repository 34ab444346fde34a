"""Restriction (AVG art. 18): whose data may not be used, from when to when, and the sends that it stops.

Other systems read the view `restricted` as a member of the role `restriction_reader`. The migration makes that role
where the register's owner may make roles; elsewhere an administrator does so, once:

    CREATE ROLE restriction_reader;
    GRANT CONNECT ON DATABASE register TO restriction_reader;
    GRANT SELECT ON restricted TO restriction_reader;

and, for each login that may read it, `GRANT restriction_reader TO …`.

Revision ID: r0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from psycopg import sql

revision = "r0007"
down_revision = "r0006"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _make_restrictions()
    _let_two_suppress_one_address()
    _grant(op.get_context().opts["app_role"])
    _let_systems_read()


def _make_restrictions() -> None:
    op.create_table(
        "restriction",
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), primary_key=True),
        sa.Column("record_class", sa.Text, primary_key=True),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False, server_default=sa.text("clock_timestamp()")),
        sa.Column("begun_by", sa.Text, nullable=False),
        sa.Column("lift_reason", sa.Text),
        sa.Column("lift_by", sa.Text),
        sa.Column("told_at", MOMENT),
        sa.Column("lifted_at", MOMENT),
        sa.CheckConstraint("(lift_reason IS NULL) = (lift_by IS NULL)", name="restriction_reason_check"),
        # AVG art. 18(3): whoever obtained a restriction is told before it ends.
        sa.CheckConstraint(
            "lifted_at IS NULL OR lift_reason IS NOT NULL AND told_at IS NOT NULL AND told_at <= lifted_at",
            name="restriction_told_check",
        ),
        comment="Records that may not be used for the time being (AVG art. 18), by class; '*': all of the person's.",
    )
    op.create_index(
        "restriction_standing_index", "restriction", ["begun_at"], postgresql_where=sa.text("lifted_at IS NULL")
    )
    op.create_table(
        "restriction_hash",
        sa.Column("number", sa.Text, sa.ForeignKey("request.number"), primary_key=True),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("hash", sa.Text, primary_key=True),
        comment="Keyed hashes of all that identifies the person of a restriction.",
    )
    op.create_index("restriction_hash_hash_index", "restriction_hash", ["hash"])
    # A barrier, lest a function of the reader's own sees the rows that the view leaves out.
    op.execute(
        """
        CREATE VIEW restricted WITH (security_barrier) AS
            SELECT DISTINCT h.kind, h.hash, r.record_class, r.ground, r.begun_at AS since
            FROM restriction r JOIN restriction_hash h USING (number)
            WHERE r.lifted_at IS NULL
        """
    )
    op.execute(
        """
        COMMENT ON VIEW restricted IS
            'People whose data may not be used: hash = HMAC-SHA-256 in hex of the identifier in lower case, without '
            'blanks around it, under the key that `avgflow restriction key` shows; kind: email, customer_number, …; '
            'record_class: ''*'' is all of them.'
        """
    )


def _let_two_suppress_one_address() -> None:
    """What a restriction suppresses ends with it; what an objection or an erasure suppresses stays: one of each."""
    op.drop_index("suppression_current_key", "suppression")
    op.create_index(
        "suppression_current_key",
        "suppression",
        ["channel", "hash", sa.text("(reason = 'restriction')")],
        unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.execute(
        """
        CREATE OR REPLACE VIEW suppressed_address WITH (security_barrier) AS
            SELECT channel, hash, min(added_at) AS since FROM suppression
            WHERE lifted_at IS NULL GROUP BY channel, hash
        """
    )


GRANTS = {
    "restriction": ["SELECT", "INSERT", "UPDATE (lift_reason, lift_by, told_at, lifted_at)"],
    "restriction_hash": ["SELECT", "INSERT"],
}


def _grant(app_role: str) -> None:
    """What the application may do: nothing is deleted, and what was written once is written once."""
    for table, privileges in GRANTS.items():
        for privilege in privileges:
            statement = sql.SQL("GRANT {} ON {} TO {}").format(
                sql.SQL(privilege), sql.Identifier(table), sql.Identifier(app_role)
            )
            op.execute(statement.as_string())


def _let_systems_read() -> None:
    # Roles are the whole server's: another register on it may make this one at the same moment.
    op.execute(
        """
        DO $$
        BEGIN
            BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'restriction_reader') THEN
                    CREATE ROLE restriction_reader;
                END IF;
            EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN
                NULL;
            END;
            IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'restriction_reader') THEN
                GRANT SELECT ON restricted TO restriction_reader;
            END IF;
        END
        $$
        """
    )
