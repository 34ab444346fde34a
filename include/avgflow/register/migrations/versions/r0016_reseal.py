"""Sealing values anew under another key: the one exception to tables that only grow, and the owner's alone.

`reseal` puts another ciphertext in the place of one. It touches no column but those that hold ciphertexts, only where
that ciphertext still stands, and takes none but one of the same moment and length: so a value cannot be made longer or
shorter, nor be told to be of another time. What it says the database cannot read; avgflow compares that before it calls
(`avgflow.crypto.Keyring.reseal`). The application's role may not call it.

Revision ID: r0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from psycopg import sql

revision = "r0016"
down_revision = "r0014"

# As in r0013, and one more thing passes: that `reseal` changes a ciphertext.
REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION refuse_change_but_let_go() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('avgflow.let_go', true) = 'yes' THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND current_setting('avgflow.reseal', true) = 'yes' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'table % only grows: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$
"""

# The first twelve characters of a Fernet token are its version and its moment.
RESEAL = """
CREATE FUNCTION reseal(of_table text, ciphertext text, place tid, was bytea, becomes bytea) RETURNS boolean
LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
DECLARE
    changed bigint;
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = {name}::regnamespace AND c.relkind = 'r' AND c.relname = of_table
        AND a.attname = ciphertext AND a.atttypid = 'bytea'::regtype AND a.attname ~ '(^|_)sealed$'
    ) THEN
        RAISE EXCEPTION 'this column holds no ciphertext' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF octet_length(becomes) <> octet_length(was) OR substring(becomes FROM 1 FOR 12) <> substring(was FROM 1 FOR 12)
    THEN
        RAISE EXCEPTION 'this is not the same value sealed anew' USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('avgflow.reseal', 'yes', true);
    EXECUTE format('UPDATE %I SET %I = $1 WHERE ctid = $2 AND %I = $3', of_table, ciphertext, ciphertext)
        USING becomes, place, was;
    GET DIAGNOSTICS changed = ROW_COUNT;
    PERFORM set_config('avgflow.reseal', '', true);
    RETURN changed = 1;
END
$$
"""


def upgrade() -> None:
    schema = op.get_bind().execute(sa.text("SELECT current_schema()")).scalar_one()
    op.execute(REFUSE_CHANGE)
    made = sql.SQL(RESEAL).format(schema=sql.Identifier(schema), name=sql.Literal(sql.Identifier(schema).as_string()))
    op.execute(made.as_string())
    op.execute("REVOKE ALL ON FUNCTION reseal(text, text, tid, bytea, bytea) FROM PUBLIC")
