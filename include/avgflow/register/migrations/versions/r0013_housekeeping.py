"""Housekeeping: the register lets go of what is past its own term, and only of that.

The application's role still may delete nothing. What it may do is to call three functions of the register's owner,
each of which looks for itself whether the day has come: `let_go` (a case file), `let_go_of` (a kind of data, such as
documents) and `lighten_mail` (the attachments of a letter). None believes the caller's clock, and events stay.

Revision ID: r0013
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from psycopg import sql

revision = "r0013"
down_revision = "r0012"

APPENDED = ("code", "decline", "declined")
"""Tables whose trigger refuses every change (r0009)."""

CASE_FILE = (
    "notice",
    "mail",
    "breach",
    "declined",
    "decline",
    "code",
    "document",
    "annotation",
    "weighing",
    "restriction_hash",
    "restriction",
    "approval",
    "intent",
    "plan",
    "receipt",
    "evidence",
    "passphrase",
    "identity",
    "subject_hash",
    "identifier",
)
"""What goes with its request, in the order of the foreign keys; a suppression stays, without the number."""


def upgrade() -> None:
    op.alter_column("mail", "recipient_sealed", nullable=True)
    op.alter_column("mail", "message_sealed", nullable=True)
    op.add_column("mail", sa.Column("lightened_at", sa.DateTime(timezone=True)))
    op.create_check_constraint(
        "mail_body_check",
        "mail",
        "accepted_at IS NOT NULL OR (recipient_sealed IS NOT NULL AND message_sealed IS NOT NULL)",
    )
    op.create_index("suppression_number_index", "suppression", ["number"])
    _let_appended_go()
    op.execute(DAY_IN_AMSTERDAM)
    op.execute(CLOSED_REQUEST)
    op.execute(CASE_FILES)
    op.execute(OWN_DATA)
    op.execute(HELD)
    schema = sql.Identifier(op.get_bind().execute(sa.text("SELECT current_schema()")).scalar_one())
    for function in (LET_GO, LET_GO_OF, LIGHTEN_MAIL, REFUSE_THE_FUTURE):
        # The schema is named and temporary tables come last, so that nobody slips in a table of the same name.
        op.execute(sql.SQL(function).format(schema=schema, case_file=deletions(CASE_FILE)).as_string())
    _grant(op.get_context().opts["app_role"])


def _let_appended_go() -> None:
    """Their trigger lets a case file go, which only `let_go` and `let_go_of` say that they do; all else it refuses."""
    op.execute(
        """
        CREATE FUNCTION refuse_change_but_let_go() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND current_setting('avgflow.let_go', true) = 'yes' THEN
                RETURN NULL;
            END IF;
            RAISE EXCEPTION 'table % only grows: % is refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'insufficient_privilege';
        END
        $$
        """
    )
    for table in APPENDED:
        trigger = sql.Identifier(f"{table}_only_grows")
        op.execute(sql.SQL("DROP TRIGGER {} ON {}").format(trigger, sql.Identifier(table)).as_string())
        made = sql.SQL(
            "CREATE TRIGGER {} BEFORE UPDATE OR DELETE OR TRUNCATE ON {} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_but_let_go()"
        ).format(trigger, sql.Identifier(table))
        op.execute(made.as_string())


def deletions(tables: Sequence[str]) -> sql.Composed:
    """The statements that empty a case file, each adding its count to `gone`."""
    one = sql.SQL(
        "DELETE FROM {table} WHERE number = ANY (numbers); GET DIAGNOSTICS n = ROW_COUNT; "
        "gone := gone || jsonb_build_object({name}, n);\n"
    )
    return sql.Composed([one.format(table=sql.Identifier(name), name=sql.Literal(name)) for name in tables])


DAY_IN_AMSTERDAM = """
CREATE FUNCTION day_in_amsterdam(moment timestamptz) RETURNS date LANGUAGE sql IMMUTABLE STRICT
RETURN (moment AT TIME ZONE 'Europe/Amsterdam')::date
"""

# The chain's own events say when a request was closed: nobody can put them back, as `changed_at` can be.
CLOSED_REQUEST = """
CREATE VIEW closed_request AS
    SELECT r.number, coalesce(r.together, r.number) AS first,
        (SELECT max(day_in_amsterdam(e.at)) FROM event e WHERE e.number = r.number AND e.name = 'request.closed')
            AS closed_on,
        greatest(
            (SELECT max(day_in_amsterdam(m.accepted_at)) FROM mail m
                WHERE m.number = r.number AND m.kind IN ('answer', 'controller')),
            (SELECT max(day_in_amsterdam(t.written_at)) FROM receipt t
                WHERE t.number = r.number AND t.step = 'hand-over')
        ) AS delivered_on,
        r.outcome
    FROM request r WHERE r.status = 'closed'
"""

# Requests that came in together are one case: one verification serves all.
CASE_FILES = """
CREATE VIEW case_file AS
    SELECT coalesce(r.together, r.number) AS first,
        array_agg(r.number ORDER BY r.number) AS numbers,
        bool_and(r.status = 'closed') AS closed,
        CASE WHEN bool_and(c.closed_on IS NOT NULL) THEN greatest(
            max(c.closed_on),
            max((SELECT max(day_in_amsterdam(x.lifted_at)) FROM restriction x WHERE x.number = r.number)),
            max((SELECT max(day_in_amsterdam(b.closed_at)) FROM breach b WHERE b.number = r.number))
        ) END AS ended_on
    FROM request r LEFT JOIN closed_request c ON c.number = r.number
    GROUP BY 1
"""

# What has a term of its own, each with the day from which that counts; NULL: that day has not come.
OWN_DATA = """
CREATE VIEW own_data AS
    SELECT 'documents' AS what, d.number, d.number || '/' || d.place AS key, c.closed_on AS since
        FROM document d JOIN closed_request c USING (number)
    UNION ALL SELECT 'codes', k.number, k.number || '/' || k.nth, greatest(k.until, c.closed_on)
        FROM code k JOIN closed_request c USING (number)
    UNION ALL SELECT 'candidates', i.number, i.number, c.closed_on
        FROM identity i JOIN closed_request c USING (number) WHERE i.candidates_sealed IS NOT NULL
    UNION ALL SELECT 'passphrases', p.number, p.number, greatest(c.closed_on, c.delivered_on)
        FROM passphrase p JOIN closed_request c USING (number) WHERE c.closed_on IS NOT NULL
    UNION ALL SELECT 'attachments', m.number, m.message_id, greatest(c.closed_on, day_in_amsterdam(m.accepted_at))
        FROM mail m JOIN closed_request c USING (number)
        WHERE c.closed_on IS NOT NULL AND m.accepted_at IS NOT NULL AND m.lightened_at IS NULL
            AND m.message_sealed IS NOT NULL
    UNION ALL SELECT 'mails', m.number, m.message_id, day_in_amsterdam(m.accepted_at)
        FROM mail m LEFT JOIN closed_request c USING (number)
        WHERE m.accepted_at IS NOT NULL AND m.message_sealed IS NOT NULL
            AND (m.number IS NULL OR c.closed_on IS NOT NULL AND split_part(m.kind, ':', 1)
                IN ('code', 'waiting', 'stopped', 'proposed', 'loose-ends', 'passphrase'))
    UNION ALL SELECT 'tombstones', t.number, t.id::text, day_in_amsterdam(t.erased_at)
        FROM tombstone t JOIN closed_request c USING (number) WHERE c.closed_on IS NOT NULL
    UNION ALL SELECT 'suppressions', NULL, s.id::text, day_in_amsterdam(s.lifted_at)
        FROM suppression s WHERE s.lifted_at IS NOT NULL
    UNION ALL SELECT 'holds', NULL, h.id::text, day_in_amsterdam(h.released_at)
        FROM hold h
    UNION ALL SELECT 'withholdings', NULL, w.id::text, least(day_in_amsterdam(w.released_at), w.until)
        FROM withholding w
    UNION ALL SELECT 'sweeps', NULL, p.number, day_in_amsterdam(p.ended_at)
        FROM sweep p
"""

# NULL: nothing keeps it. Whoever is refused by one of these finds the reason in `avgflow housekeeping --dry-run`.
HELD = """
CREATE FUNCTION case_file_held(file text, class text, term interval, today date) RETURNS text LANGUAGE sql STABLE AS $$
    WITH own AS (SELECT * FROM case_file f WHERE f.first = file),
    known AS (
        SELECT i.hash FROM identifier i, own WHERE i.number = ANY (own.numbers)
        UNION SELECT s.hash FROM subject_hash s, own WHERE s.number = ANY (own.numbers)
    ),
    same AS (
        SELECT i.number FROM identifier i JOIN known USING (hash)
        UNION SELECT s.number FROM subject_hash s JOIN known USING (hash)
    )
    SELECT CASE
        WHEN NOT own.closed THEN 'not-closed'
        WHEN own.ended_on IS NULL THEN 'no-closing-date'
        WHEN (own.ended_on + term)::date >= today THEN 'within-term'
        WHEN EXISTS (SELECT FROM restriction r WHERE r.number = ANY (own.numbers) AND r.lifted_at IS NULL)
            THEN 'restriction-stands'
        WHEN EXISTS (SELECT FROM breach b WHERE b.number = ANY (own.numbers) AND b.closed_at IS NULL)
            THEN 'breach-open'
        WHEN EXISTS (SELECT FROM mail m WHERE m.number = ANY (own.numbers) AND m.accepted_at IS NULL)
            THEN 'mail-not-accepted'
        WHEN EXISTS (
            SELECT FROM notice n LEFT JOIN mail m USING (message_id) WHERE n.number = ANY (own.numbers)
            AND m.accepted_at IS NULL AND n.by_hand_on IS NULL AND n.confirmed_at IS NULL
        ) THEN 'recipient-not-told'
        WHEN EXISTS (
            SELECT FROM hold h WHERE h.released_at IS NULL
            AND (NOT h.of_subject OR EXISTS (SELECT FROM hold_hash x JOIN known USING (hash) WHERE x.hold_id = h.id))
            AND (
                (h.until IS NULL OR h.until >= today) AND (h.record_class IS NULL OR h.record_class = class)
                -- When a hold is released, even one that has expired, the erasures that it kept from something are
                -- taken up again, from their case files.
                OR EXISTS (SELECT FROM request r WHERE r.number = ANY (own.numbers) AND r."right" = 'erasure')
            )
        ) THEN 'hold'
        WHEN EXISTS (
            SELECT FROM restriction r JOIN same USING (number)
            WHERE r.lifted_at IS NULL AND r.record_class IN ('*', class)
        ) THEN 'person-restricted'
        WHEN EXISTS (
            SELECT FROM request r JOIN same USING (number)
            WHERE r.number <> ALL (own.numbers) AND r.status <> 'closed' AND r.verified_by IS NOT NULL
        ) THEN 'person-has-open-request'
        -- The last: what has no other reason goes in the night in which its tombstones do.
        WHEN EXISTS (SELECT FROM tombstone t WHERE t.number = ANY (own.numbers)) THEN 'tombstones-kept'
    END FROM own
$$
"""

REFUSE_THE_FUTURE = """
CREATE FUNCTION refuse_the_future(today date) RETURNS void LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF today IS NULL OR today > day_in_amsterdam(clock_timestamp()) THEN
        RAISE EXCEPTION 'this day has not come' USING ERRCODE = 'invalid_parameter_value';
    END IF;
END
$$
"""

LET_GO = """
CREATE FUNCTION let_go(file text, class text, term interval, today date) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    numbers text[];
    held text;
    n bigint;
    gone jsonb := '{{}}';
BEGIN
    PERFORM refuse_the_future(today);
    -- A slip of the pen (5 days for 5 years) must not empty the register in a night.
    IF term IS NULL OR term < interval '1 year' THEN
        RAISE EXCEPTION 'a case file is kept for a year at least' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM FROM request r WHERE r.number = file OR r.together = file ORDER BY r.number FOR UPDATE;
    held := case_file_held(file, class, term, today);
    IF held IS NOT NULL THEN
        RETURN jsonb_build_object('held', held);
    END IF;
    SELECT f.numbers INTO numbers FROM case_file f WHERE f.first = file;
    IF numbers IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('avgflow.let_go', 'yes', true);
    DELETE FROM breach_fact WHERE breach_id IN (SELECT b.id FROM breach b WHERE b.number = ANY (numbers));
    GET DIAGNOSTICS n = ROW_COUNT;
    gone := gone || jsonb_build_object('breach_fact', n);
    {case_file}
    -- The person stays on the list of those who want no marketing (class R13), whatever becomes of the request.
    UPDATE suppression SET number = NULL WHERE number = ANY (numbers);
    DELETE FROM request WHERE number = ANY (numbers) AND together IS NOT NULL;
    DELETE FROM request WHERE number = ANY (numbers);
    PERFORM set_config('avgflow.let_go', '', true);
    RETURN jsonb_build_object('numbers', to_jsonb(numbers), 'rows', gone);
END
$$
"""

LET_GO_OF = """
CREATE FUNCTION let_go_of(kind text, term interval, today date) RETURNS TABLE (number text, things bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
#variable_conflict use_column
DECLARE
    keys text[];
BEGIN
    PERFORM refuse_the_future(today);
    IF term IS NULL OR term < interval '1 day' THEN
        RAISE EXCEPTION 'a term is a day at least' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT coalesce(array_agg(o.key), '{{}}') INTO keys FROM own_data o
        WHERE o.what = kind AND (o.since + term)::date < today;
    PERFORM set_config('avgflow.let_go', 'yes', true);
    CASE kind
    WHEN 'documents' THEN RETURN QUERY WITH gone AS (
        DELETE FROM document d WHERE d.number || '/' || d.place = ANY (keys) RETURNING d.number
    ) SELECT g.number, count(*) FROM gone g GROUP BY 1;
    WHEN 'codes' THEN RETURN QUERY WITH gone AS (
        DELETE FROM code k WHERE k.number || '/' || k.nth = ANY (keys) RETURNING k.number
    ) SELECT g.number, count(*) FROM gone g GROUP BY 1;
    WHEN 'candidates' THEN RETURN QUERY WITH gone AS (
        UPDATE identity i SET candidates_sealed = NULL WHERE i.number = ANY (keys) RETURNING i.number
    ) SELECT g.number, count(*) FROM gone g GROUP BY 1;
    WHEN 'passphrases' THEN RETURN QUERY WITH gone AS (
        DELETE FROM passphrase p WHERE p.number = ANY (keys) RETURNING p.number
    ) SELECT g.number, count(*) FROM gone g GROUP BY 1;
    WHEN 'tombstones' THEN RETURN QUERY WITH gone AS (
        DELETE FROM tombstone t WHERE t.id::text = ANY (keys) RETURNING t.number
    ) SELECT g.number, count(*) FROM gone g GROUP BY 1;
    WHEN 'mails' THEN RETURN QUERY WITH emptied AS (
        UPDATE mail m SET message_sealed = NULL, recipient_sealed = NULL
        WHERE m.message_id = ANY (keys) AND m.number IS NOT NULL RETURNING m.number
    ), gone AS (
        DELETE FROM mail m WHERE m.message_id = ANY (keys) AND m.number IS NULL RETURNING m.number
    ) SELECT g.number, count(*) FROM (SELECT * FROM emptied UNION ALL SELECT * FROM gone) g GROUP BY 1;
    WHEN 'suppressions' THEN RETURN QUERY WITH gone AS (
        DELETE FROM suppression s WHERE s.id::text = ANY (keys) RETURNING s.id
    ) SELECT NULL::text, count(*) FROM gone HAVING count(*) > 0;
    WHEN 'holds' THEN
        DELETE FROM hold_hash x WHERE x.hold_id::text = ANY (keys);
        RETURN QUERY WITH gone AS (
            DELETE FROM hold h WHERE h.id::text = ANY (keys) RETURNING h.id
        ) SELECT NULL::text, count(*) FROM gone HAVING count(*) > 0;
    WHEN 'withholdings' THEN RETURN QUERY WITH gone AS (
        DELETE FROM withholding w WHERE w.id::text = ANY (keys) RETURNING w.id
    ) SELECT NULL::text, count(*) FROM gone HAVING count(*) > 0;
    WHEN 'sweeps' THEN
        DELETE FROM sweep_proof x WHERE x.number = ANY (keys);
        DELETE FROM sweep_part x WHERE x.number = ANY (keys);
        DELETE FROM sweep_rule x WHERE x.number = ANY (keys);
        RETURN QUERY WITH gone AS (
            DELETE FROM sweep p WHERE p.number = ANY (keys) RETURNING p.number
        ) SELECT NULL::text, count(*) FROM gone HAVING count(*) > 0;
    END CASE;
    PERFORM set_config('avgflow.let_go', '', true);
END
$$
"""

# The application has the keys and takes the attachments out; what it puts back must be smaller, and is put back once.
LIGHTEN_MAIL = """
CREATE FUNCTION lighten_mail(id text, lighter bytea, term interval, today date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
    PERFORM refuse_the_future(today);
    UPDATE mail m SET message_sealed = coalesce(lighter, m.message_sealed), lightened_at = clock_timestamp()
    WHERE m.message_id = id AND (lighter IS NULL OR length(lighter) < length(m.message_sealed)) AND EXISTS (
        SELECT FROM own_data o WHERE o.what = 'attachments' AND o.key = id
        AND term >= interval '1 day' AND (o.since + term)::date < today
    );
    RETURN FOUND;
END
$$
"""

FUNCTIONS = (
    "let_go(text, text, interval, date)",
    "let_go_of(text, interval, date)",
    "lighten_mail(text, bytea, interval, date)",
)


def _grant(app_role: str) -> None:
    role = sql.Identifier(app_role)
    for view in ("closed_request", "case_file", "own_data"):
        op.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(sql.Identifier(view), role).as_string())
    for function in FUNCTIONS:
        # Whoever makes a function lets everybody call it, unless told otherwise.
        op.execute(sql.SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC").format(sql.SQL(function)).as_string())
        op.execute(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(function), role).as_string())
