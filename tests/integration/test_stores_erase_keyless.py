"""Erasing from tables whose rows nothing tells apart but what stands in them."""

from __future__ import annotations

import pytest
from erasure_lab import (
    ANN,
    BOB,
    EMAIL,
    EVENTS,
    KEYLESS,
    MINE,
    PERSON,
    PERSONAL,
    PERSONS,
    TWO,
    Make,
    table,
)

from avgflow.stores.erase import AT_ONCE


@pytest.mark.parametrize("rows", [2, AT_ONCE - 1, AT_ONCE + 500])
def test_rows_that_are_alike_to_the_last_bit_go_with_their_person_alone(lab: Make, rows: int) -> None:
    store = lab(KEYLESS.format(rows=rows), {"event": EVENTS})
    assert store.steps() == {("delete", "event", 2 * rows)}
    store.erase()
    assert store.query("SELECT email, count(*) FROM event GROUP BY 1 ORDER BY 1") == [
        ("bob@x.nl", 2 * rows),
        (None, 2 * rows),
    ]


def test_rows_without_a_key_of_two_people_go_in_one_batch(lab: Make) -> None:
    store = lab(KEYLESS.format(rows=AT_ONCE // 2 + 100), {"event": EVENTS})
    store.erase(ANN, BOB)
    assert store.query("SELECT DISTINCT email FROM event") == [(None,)]


def test_a_pointer_of_an_others_row_without_key_is_emptied(lab: Make) -> None:
    store = lab(
        PERSON
        + TWO
        + """
        CREATE TABLE visit (email text, person int REFERENCES person ON DELETE SET NULL);
        INSERT INTO visit VALUES ('bob@x.nl', 1), ('bob@x.nl', 1), ('bob@x.nl', 2), (NULL, 1), ('ann@x.nl', 1);
        """,
        {"person": PERSONS, "visit": table(MINE, key=(), plain=("person",))},
    )
    assert store.steps() == {("delete", "person", 1), ("delete", "visit", 1), ("unlink", "visit", 3)}
    store.erase()
    assert sorted(store.column("SELECT t::text FROM visit t")) == [
        "(,)",
        "(bob@x.nl,)",
        "(bob@x.nl,)",
        "(bob@x.nl,2)",
    ]


def test_rows_without_a_key_can_be_anonymised(lab: Make) -> None:
    """Also those that two ways lead to, and those in which nothing is left to change."""
    store = lab(
        PERSON
        + TWO
        + """
        CREATE TABLE answer (person int, email text, answer text, score int NOT NULL);
        INSERT INTO answer VALUES (1, 'ann@x.nl', 'x', 7), (1, NULL, 'x', 7), (1, 'ann@x.nl', NULL, 0),
                                  (1, 'ann@x.nl', NULL, 0), (2, 'bob@x.nl', 'x', 7);
        """,
        {
            "person": PERSONS,
            "answer": table(
                [MINE, {"person": "lab.public.person.id"}],
                key=(),
                erase="anonymise",
                plain=("person",),
                columns={
                    "email": EMAIL,
                    "answer": {**PERSONAL, "erase": "anonymise"},
                    "score": {**PERSONAL, "erase": "anonymise"},
                },
            ),
        },
    )
    store.erase()
    assert sorted(store.column("SELECT t::text FROM answer t")) == [
        "(1,,,0)",
        *["(1,ann@x.nl,,0)"] * 3,
        "(2,bob@x.nl,x,7)",
    ]
