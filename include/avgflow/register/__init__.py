"""The register: what was asked, decided, done, proven and sent. Airflow runs the work; the register is the truth.

A PostgreSQL database of its own. Rules that hold for every module in this package:

- A function takes the caller's `Connection` first (`database.transaction` gives one) and commits nothing; only
  `outbox.deliver` keeps transactions of its own, since a mail cannot be rolled back.
- What writes a fact also appends its event, once, in the same transaction: a caller appends events only for what has
  no table of its own. A fact that is already there is left alone, without a second event, so that every step can run
  again.
- Nothing of a person is readable in any column: it is sealed, or a keyed hash.
- Keep transactions short, never around a store's work: the event chain is written one transaction at a time.
- Tables: `schema`; the database's own copy of the rules (grants, triggers): `migrations`. To change the schema add a
  migration, then make `schema` agree (a test compares them).
"""
