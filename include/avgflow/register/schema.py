"""The register's tables, as SQLAlchemy Core describes them for queries; `migrations` makes them.

Columns called `sealed` hold Fernet tokens (`avgflow.crypto`). Times are timestamptz.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    column,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_name)s_index",
    }
)

MOMENT = DateTime(timezone=True)
NOW = text("clock_timestamp()")

request_counter = Table(
    "request_counter",
    metadata,
    Column("year", SmallInteger, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
    comment="The last number given out per year; never goes back, so that no number is used twice.",
)

request = Table(
    "request",
    metadata,
    Column("number", Text, primary_key=True),
    Column("right", Text, nullable=False),
    Column("status", Text, nullable=False, server_default=text("'registered'")),
    Column("waiting_for", Text),
    Column("outcome", Text),
    Column("reason", Text),
    Column("language", Text, nullable=False),
    Column("scope", Text),
    Column("ground", Text),
    Column("capacity", Text, nullable=False, server_default=text("'self'")),
    Column("together", Text, ForeignKey("request.number")),
    Column("received", Date, nullable=False),
    Column("due", Date, nullable=False),
    Column("extended_due", Date, nullable=False),
    Column("verified_by", Text),
    Column("verified_at", MOMENT),
    Column("registered_at", MOMENT, nullable=False, server_default=NOW),
    Column("changed_at", MOMENT, nullable=False, server_default=NOW),
    Column("subject_sealed", LargeBinary, nullable=False),
    Column("asked_sealed", LargeBinary),
    CheckConstraint("number ~ '^AVG-[0-9]{4}-[0-9]{5,}$'", name="number"),
    CheckConstraint("(status = 'waiting') = (waiting_for IS NOT NULL)", name="waiting"),
    CheckConstraint("status <> 'closed' OR outcome IS NOT NULL", name="closed"),
    CheckConstraint("received <= due AND due <= extended_due", name="term"),
    CheckConstraint("(\"right\" = 'objection') = (scope IS NOT NULL)", name="scope"),
    CheckConstraint("(\"right\" = 'restriction') = (ground IS NOT NULL)", name="ground"),
    CheckConstraint("together <> number", name="together"),
    Index("request_status_index", "status", "due"),
    Index("request_together_index", "together", postgresql_where=text("together IS NOT NULL")),
    comment="What was asked and where it stands.",
)

identifier = Table(
    "identifier",
    metadata,
    Column("number", Text, ForeignKey("request.number"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Index("identifier_hash_index", "hash"),
    comment="Keyed hashes of a request's identifiers, to find a person's earlier requests.",
)

submission = Table(
    "submission",
    metadata,
    Column("number", Text, ForeignKey("request.number"), primary_key=True),
    Column("account", Text, nullable=False),
    Column("key_hash", Text, nullable=False),
    Column("body_hash", Text, nullable=False),
    UniqueConstraint("key_hash"),
    comment="Requests that a portal submitted, by keyed hash of its key and of what it sent: a repeat makes no second.",
)

event = Table(
    "event",
    metadata,
    # Given out by the chain itself, without gaps: a missing id is a removed event.
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", MOMENT, nullable=False),
    Column("name", Text, nullable=False),
    # No foreign key: a request may be let go after its own term (class R12); its events stay in the chain.
    Column("number", Text),
    Column("actor", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    Column("prev_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("event_number_index", "number", "id"),
    comment="What happened, as a hash chain; the database refuses to change or remove a row.",
)

chain_head = Table(
    "chain_head",
    metadata,
    Column("singleton", Boolean, primary_key=True, server_default=text("true"), autoincrement=False),
    Column("last_id", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("signature", Text, nullable=False),
    CheckConstraint("singleton", name="singleton"),
    comment="The end of the event chain, signed with a key that the database does not have; one row.",
)

plan = Table(
    "plan",
    metadata,
    Column("number", Text, ForeignKey("request.number"), primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("made_at", MOMENT, nullable=False, server_default=NOW),
    Column("sealed", LargeBinary, nullable=False),
    comment="The plans made for a request; the newest counts.",
)

receipt = Table(
    "receipt",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("number", Text, ForeignKey("request.number"), nullable=False),
    Column("step", Text, nullable=False),
    Column("store", Text, nullable=False),
    Column("counts", JSONB, nullable=False),
    Column("digest", Text, nullable=False),
    Column("written_at", MOMENT, nullable=False, server_default=NOW),
    Column("superseded_at", MOMENT),
    Column("work", JSONB),
    Index(
        "receipt_current_key",
        "number",
        "step",
        "store",
        unique=True,
        postgresql_where=text("superseded_at IS NULL"),
    ),
    comment="What a step did in a store: one current receipt per request, step and store.",
)

evidence = Table(
    "evidence",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("number", Text, ForeignKey("request.number"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("passed", Boolean, nullable=False),
    # json, not jsonb: its digest is over the very text.
    Column("result", JSON, nullable=False),
    Column("html", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("kept_at", MOMENT, nullable=False, server_default=NOW),
    UniqueConstraint("number", "kind", "digest", name="evidence_digest_key"),
    comment="Results of checks, without any value of any row; grows only.",
)

passphrase = Table(
    "passphrase",
    metadata,
    Column("number", Text, ForeignKey("request.number"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("made_at", MOMENT, nullable=False, server_default=NOW),
    comment="The passphrase of a request's package; it goes to the person by another channel than the package.",
)

mail = Table(
    "mail",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("number", Text),
    Column("kind", Text, nullable=False),
    # NULL once their term has passed; what it was stays, with its digest.
    Column("recipient_sealed", LargeBinary),
    Column("message_sealed", LargeBinary),
    Column("digest", Text, nullable=False),
    Column("queued_at", MOMENT, nullable=False, server_default=NOW),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("attempted_at", MOMENT),
    Column("failure", Text),
    Column("accepted_at", MOMENT),
    Column("lightened_at", MOMENT),
    ForeignKeyConstraint(["number"], ["request.number"]),
    CheckConstraint(
        "accepted_at IS NOT NULL OR (recipient_sealed IS NOT NULL AND message_sealed IS NOT NULL)", name="body"
    ),
    UniqueConstraint("number", "kind", name="mail_kind_key", postgresql_nulls_not_distinct=True),
    Index("mail_pending_index", "queued_at", postgresql_where=text("accepted_at IS NULL")),
    comment="The outbox: a mail waits here until the mail server has accepted it.",
)

identity = Table(
    "identity",
    metadata,
    Column("number", Text, ForeignKey("request.number"), primary_key=True),
    Column("candidates_sealed", LargeBinary),
    Column("choice_sealed", LargeBinary),
    Column("chosen_at", MOMENT),
    comment="The persons an ambiguous request may be about, and the search that a human's choice leads to.",
)

approval = Table(
    "approval",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("number", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("approved", Boolean, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    ForeignKeyConstraint(["number", "digest"], ["plan.number", "plan.digest"], name="approval_plan_fkey"),
    Index("approval_number_index", "number", "id"),
    comment="What a human said of a plan: approved or refused; the newest counts.",
)

intent = Table(
    "intent",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("number", Text, nullable=False),
    Column("step", Text, nullable=False),
    Column("store", Text, nullable=False),
    Column("plan_digest", Text, nullable=False),
    Column("transaction", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("counts", JSONB, nullable=False),
    Column("digest", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    ForeignKeyConstraint(["number", "plan_digest"], ["plan.number", "plan.digest"], name="intent_plan_fkey"),
    CheckConstraint("transaction ~ '^[0-9]{1,20}$'", name="transaction"),
    UniqueConstraint("number", "step", "store", "system", "transaction", name="intent_transaction_key"),
    comment="What a store's transaction was about to commit, so that a run that was killed then can tell whether "
    "it did.",
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("number", Text, ForeignKey("request.number"), nullable=False),
    Column("store", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("erased_at", MOMENT, nullable=False, server_default=NOW),
    UniqueConstraint("number", "store", "digest", name="tombstone_digest_key"),
    Index("tombstone_store_index", "store", "id"),
    comment="Which rows of a store were erased, to be erased again where a restored backup brings them back.",
)

suppression = Table(
    "suppression",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("number", Text, ForeignKey("request.number")),
    Column("added_at", MOMENT, nullable=False, server_default=NOW),
    Column("added_by", Text, nullable=False),
    Column("lifted_at", MOMENT),
    Column("lifted_by", Text),
    CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="lifted"),
    Index(
        "suppression_current_key",
        "channel",
        "hash",
        text("(reason = 'restriction')"),
        unique=True,
        postgresql_where=text("lifted_at IS NULL"),
    ),
    Index("suppression_number_index", "number"),
    comment="Keyed hashes of addresses that nothing may be sent to, by channel; blocks nobody from being a customer.",
)

hold = Table(
    "hold",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("digest", Text, nullable=False),
    Column("of_subject", Boolean, nullable=False),
    Column("record_class", Text),
    Column("until", Date),
    Column("reason", Text, nullable=False),
    Column("placed_at", MOMENT, nullable=False, server_default=NOW),
    Column("placed_by", Text, nullable=False),
    Column("released_at", MOMENT),
    Column("released_by", Text),
    CheckConstraint("of_subject OR record_class IS NOT NULL", name="something"),
    CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="released"),
    Index("hold_current_key", "digest", unique=True, postgresql_where=text("released_at IS NULL")),
    comment="What must not be erased for a claim, complaint, lawsuit or incident (AVG art. 17(3)(e)).",
)

hold_hash = Table(
    "hold_hash",
    metadata,
    Column("hold_id", BigInteger, ForeignKey("hold.id"), primary_key=True),
    Column("hash", Text, primary_key=True),
    Index("hold_hash_hash_index", "hash"),
    comment="Keyed hashes of the identifiers of whoever a hold is on.",
)

notice = Table(
    "notice",
    metadata,
    Column("number", Text, ForeignKey("request.number"), primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("told", Text, primary_key=True),
    Column("message_id", Text, ForeignKey("mail.message_id")),
    Column("told_at", MOMENT, nullable=False, server_default=NOW),
    Column("told_by", Text, nullable=False),
    Column("confirmed_at", MOMENT),
    Column("confirmed_by", Text),
    Column("classes", JSONB, nullable=False),
    Column("by_hand_on", Date),
    Column("by_hand_by", Text),
    CheckConstraint("(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="confirmed"),
    CheckConstraint("(by_hand_on IS NULL) = (by_hand_by IS NULL)", name="by_hand"),
    Index("notice_unconfirmed_index", "told_at", postgresql_where=text("confirmed_at IS NULL")),
    comment="Recipients that were told of a request (AVG art. 19), and those who confirmed.",
)

subject_hash = Table(
    "subject_hash",
    metadata,
    Column("number", Text, ForeignKey("request.number"), primary_key=True),
    Column("hash", Text, primary_key=True),
    Index("subject_hash_hash_index", "hash"),
    comment="Keyed hashes of all that was found to identify a request's person, to find requests of the same person.",
)

weighing = Table(
    "weighing",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("number", Text, ForeignKey("request.number"), nullable=False),
    Column("record_class", Text, nullable=False),
    Column("upheld", Boolean, nullable=False),
    Column("reason", Text),
    Column("actor", Text, nullable=False),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    CheckConstraint("upheld = (reason IS NULL)", name="reason"),
    UniqueConstraint("number", "record_class", name="weighing_class_key"),
    comment="How a human weighed an objection, by record class: upheld, or refused with a reason (AVG art. 21(1)).",
)

breach = Table(
    "breach",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("number", Text, ForeignKey("request.number"), nullable=False),
    Column("what", Text, nullable=False),
    Column("aware_at", MOMENT, nullable=False),
    Column("due_at", MOMENT, nullable=False),
    Column("digest", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("opened_at", MOMENT, nullable=False, server_default=NOW),
    Column("opened_by", Text, nullable=False),
    Column("closed_at", MOMENT),
    Column("closed_by", Text),
    CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name="closed"),
    UniqueConstraint("digest", name="breach_digest_key"),
    Index("breach_open_index", "due_at", postgresql_where=text("closed_at IS NULL")),
    comment="Letters and packages that went to the wrong person (AVG art. 33), with the 72-hour clock.",
)

breach_fact = Table(
    "breach_fact",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("breach_id", BigInteger, ForeignKey("breach.id"), nullable=False),
    Column("field", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    Column("actor", Text, nullable=False),
    Index("breach_fact_breach_index", "breach_id", "id"),
    comment="What is on record of a breach (AVG art. 33(3), 33(5), 34); of each field the newest counts.",
)

annotation = Table(
    "annotation",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("number", Text, ForeignKey("request.number"), nullable=False),
    Column("store", Text, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    UniqueConstraint("number", "store", "table_name", name="annotation_place_key"),
    comment="What is noted about rows that stay as they are: the right value, or the person's own statement "
    "(AVG art. 16).",
)

document = Table(
    "document",
    metadata,
    Column("number", Text, ForeignKey("request.number"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("size", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("added_at", MOMENT, nullable=False, server_default=NOW),
    Column("added_by", Text, nullable=False),
    UniqueConstraint("number", "digest", name="document_digest_key"),
    comment="Documents that a person gave to show that something is wrong (AVG art. 16); never of identity.",
)

restriction = Table(
    "restriction",
    metadata,
    Column("number", Text, ForeignKey("request.number"), primary_key=True),
    Column("record_class", Text, primary_key=True),
    Column("ground", Text, nullable=False),
    Column("begun_at", MOMENT, nullable=False, server_default=NOW),
    Column("begun_by", Text, nullable=False),
    Column("lift_reason", Text),
    Column("lift_by", Text),
    Column("told_at", MOMENT),
    Column("lifted_at", MOMENT),
    CheckConstraint("(lift_reason IS NULL) = (lift_by IS NULL)", name="reason"),
    CheckConstraint(
        "lifted_at IS NULL OR lift_reason IS NOT NULL AND told_at IS NOT NULL AND told_at <= lifted_at", name="told"
    ),
    Index("restriction_standing_index", "begun_at", postgresql_where=text("lifted_at IS NULL")),
    comment="Records that may not be used for the time being (AVG art. 18), by class; '*': all of the person's.",
)

restriction_hash = Table(
    "restriction_hash",
    metadata,
    Column("number", Text, ForeignKey("request.number"), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("hash", Text, primary_key=True),
    Index("restriction_hash_hash_index", "hash"),
    comment="Keyed hashes of all that identifies the person of a restriction.",
)

code = Table(
    "code",
    metadata,
    Column("number", Text, ForeignKey("request.number"), primary_key=True),
    Column("nth", Integer, primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),
    Column("until", Date, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", MOMENT, nullable=False, server_default=NOW),
    CheckConstraint("nth > 0", name="nth"),
    comment="One-time codes by which a person shows who they are (AVG art. 12(6)), as keyed hashes; the newest counts.",
)

decline = Table(
    "decline",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("number", Text, ForeignKey("request.number"), nullable=False),
    Column("reason", Text),
    Column("note_sealed", LargeBinary),
    Column("actor", Text, nullable=False),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    UniqueConstraint("number", "id", name="decline_number_key"),
    comment="Proposals not to do what a request asks, each with its reason; the newest counts, one without a reason "
    "takes them back.",
)

declined = Table(
    "declined",
    metadata,
    Column("number", Text, primary_key=True),
    Column("decline_id", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("alone", Boolean, nullable=False),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    ForeignKeyConstraint(["number", "decline_id"], ["decline.number", "decline.id"], name="declined_decline_fkey"),
    comment="Proposals not to do what a request asks that a second officer confirmed; alone: there is no second one.",
)

withholding = Table(
    "withholding",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("store", Text, nullable=False),
    Column("table_name", Text, nullable=False),
    Column("row_hash", Text, nullable=False),
    Column("ground", Text, nullable=False),
    Column("until", Date),
    Column("placed_at", MOMENT, nullable=False, server_default=NOW),
    Column("placed_by", Text, nullable=False),
    Column("confirmed_at", MOMENT),
    Column("confirmed_by", Text),
    Column("released_at", MOMENT),
    Column("released_by", Text),
    CheckConstraint("(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="confirmed"),
    CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="released"),
    comment="Rows, by keyed hash, that are left out of an access copy for the time being (UAVG art. 41(1)).",
)

sweep = Table(
    "sweep",
    metadata,
    Column("number", Text, primary_key=True),
    Column("run", Text, nullable=False, unique=True),
    Column("day", Date, nullable=False),
    Column("status", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("digest", Text),
    Column("asks", JSONB),
    Column("begun_at", MOMENT, nullable=False, server_default=NOW),
    Column("previewed_at", MOMENT),
    Column("decided_by", Text),
    Column("decided_at", MOMENT),
    Column("stop_asked_by", Text),
    Column("stop_asked_at", MOMENT),
    Column("ended_at", MOMENT),
    CheckConstraint("number ~ '^sweep-[0-9]{4}-[0-9]{5,}$'", name="number"),
    CheckConstraint("(previewed_at IS NULL) = (digest IS NULL)", name="previewed"),
    CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided"),
    CheckConstraint("(stop_asked_at IS NULL) = (stop_asked_by IS NULL)", name="stopped"),
    comment="Sweeps: what was past its term on a day, and what became of it (AVG art. 5(1)(e)).",
)

sweep_rule = Table(
    "sweep_rule",
    metadata,
    Column("number", Text, ForeignKey("sweep.number"), primary_key=True),
    Column("store", Text, primary_key=True),
    Column("table_name", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("record_class", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("figures", JSONB, nullable=False),
    comment="What a sweep's preview found, by table and rule: counts, no row.",
)

sweep_part = Table(
    "sweep_part",
    metadata,
    Column("number", Text, primary_key=True),
    Column("store", Text, primary_key=True),
    Column("nth", Integer, primary_key=True, autoincrement=False),
    Column("table_name", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("sealed", LargeBinary),
    Column("transaction", Text),
    Column("system", Text),
    Column("changed", Integer),
    Column("done_at", MOMENT),
    ForeignKeyConstraint(
        ["number", "store", "table_name", "code"],
        ["sweep_rule.number", "sweep_rule.store", "sweep_rule.table_name", "sweep_rule.code"],
        name="sweep_part_rule_fkey",
    ),
    CheckConstraint("(transaction IS NULL) = (system IS NULL)", name="transaction"),
    CheckConstraint("(done_at IS NULL) OR (changed IS NOT NULL)", name="done"),
    comment="The rows that a sweep may change, by transaction, with their keys until it is done.",
)

sweep_proof = Table(
    "sweep_proof",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("number", Text, ForeignKey("sweep.number"), nullable=False),
    Column("passed", Boolean, nullable=False),
    # json, not jsonb: its digest is over the very text.
    Column("result", JSON, nullable=False),
    Column("html", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("kept_at", MOMENT, nullable=False, server_default=NOW),
    UniqueConstraint("number", "digest", name="sweep_proof_digest_key"),
    comment="What the re-count of a sweep found, without any value of any row; grows only.",
)

closed_request = table(
    "closed_request",
    column("number", Text),
    column("closed_on", Date),
    column("delivered_on", Date),
    column("outcome", Text),
)
"""A view: closed requests with the day on which they were closed and, where something was, that of its delivery."""

case_file = table(
    "case_file",
    column("first", Text),
    column("numbers", ARRAY(Text)),
    column("closed", Boolean),
    column("ended_on", Date),
)
"""A view: requests that came in together as one, with the day on which the last of them came to rest."""

own_data = table("own_data", column("what", Text), column("number", Text), column("key", Text), column("since", Date))
"""A view: what has a term of its own, with the day from which that counts."""
