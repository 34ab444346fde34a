"""What an erasure is decided on: whose rows are found, and from which day the term of each counts."""

from __future__ import annotations

from datetime import date

from erasure_lab import ANN, MINE, Make, table

SCHEMA = """
    CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE);
    INSERT INTO person VALUES (1, 'ann@x.nl');
    CREATE TABLE invoice (id int PRIMARY KEY, person int REFERENCES person, closed date);
    INSERT INTO invoice VALUES (1, 1, 'infinity'), (2, 1, '9999-12-31'), (3, 1, '12026-01-01'), (4, 1, NULL),
        (5, 1, '-infinity'), (6, 1, '0044-03-15 BC'), (7, 1, '2024-05-02');
"""
INVOICES = table(
    {"person": "lab.public.person.id"},
    plain=("person", "closed"),
    record_class=[{"class": "R4", "term_from": "closed"}],
)


def test_a_day_beyond_the_calendar_stops_no_plan(lab: Make) -> None:
    """A term that begins at the end of time has not begun; one that began before our era is over."""
    seen = lab(SCHEMA, {"person": table(MINE, person=True), "invoice": INVOICES}).planned(ANN)
    found = {int(row.key[0]): row.counts_from for row in seen.found[ANN] if row.table.table == "invoice"}
    assert found == {
        **dict.fromkeys((1, 3, 4), None),
        2: date(9999, 12, 31),
        **dict.fromkeys((5, 6), date.min),
        7: date(2024, 5, 2),
    }
    steps = [step for step in seen.steps[ANN] if step.table.table == "invoice"]
    until = {int(key[0]): step.keep_until for step in steps if step.action == "keep" for key in step.keys}
    assert until == {**dict.fromkeys((1, 2, 3, 4), None), 7: date(2031, 12, 31)}
    assert {key[0] for step in steps if step.action == "delete" for key in step.keys} == {"5", "6"}


def test_rows_that_hang_on_each_other_are_found_however_long_the_chain(lab: Make) -> None:
    schema = """
        CREATE TABLE person (id int PRIMARY KEY, email text UNIQUE);
        INSERT INTO person VALUES (1, 'ann@x.nl');
        CREATE TABLE note (id int PRIMARY KEY, person int, answers int REFERENCES note);
        INSERT INTO note SELECT n, CASE n WHEN 1 THEN 1 END, nullif(n - 1, 0) FROM generate_series(1, 60) n;
    """
    links = [{"person": "lab.public.person.id"}, {"answers": "lab.public.note.id"}]
    notes = table(links, plain=("person", "answers"))
    store = lab(schema, {"person": table(MINE, person=True), "note": notes})
    assert ("delete", "note", 60) in store.steps(ANN)
