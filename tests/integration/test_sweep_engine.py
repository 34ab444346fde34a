"""What a sweep takes, and in which order: in stores made for the purpose, with all that foreign keys can do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from erasure_lab import MINE, laboratory, table
from sweep_bench import DAY, batches, counted, sweep

from avgflow.catalog.names import TableName
from avgflow.deletion_order import CircleOfKeys
from avgflow.identity import Footprint
from avgflow.stores.erase import UnexpectedChange
from avgflow.sweep.figures import Held
from avgflow.sweep.holding_back import Protected, Protection

OLD, NEW = "'2020-01-01'", "'2026-11-01'"
TWO_YEARS: list[dict[str, Any]] = [{"class": "R2", "term_from": "d"}]


def dated(subject: Any = "none", **more: Any) -> dict[str, Any]:
    """A table whose rows go two years after `d`."""
    return undated(subject, plain=(*more.pop("plain", ()), "d"), **more)


def undated(subject: Any = "none", **more: Any) -> dict[str, Any]:
    """A table with the columns by which its rows belong to others."""
    plain = more.pop("plain", ())
    if isinstance(subject, dict) and subject != MINE:
        plain = (*plain, *subject)
    if subject == "none":
        return table(subject, plain=plain, **more) | {"classes": TWO_YEARS}
    return table(subject, record_class=more.pop("record_class", TWO_YEARS), plain=plain, **more)


def test_a_row_goes_on_the_day_after_its_last_and_not_a_day_before(pg: Any) -> None:
    schema = "CREATE TABLE t (id int PRIMARY KEY, d date)"
    with laboratory(pg, schema, {"t": dated()}) as lab:
        lab.query("INSERT INTO t SELECT n, date '2024-02-20' + n FROM generate_series(0, 20) n")
        lab.query("INSERT INTO t VALUES (99, NULL)")
        # Two years after 29 February 2024 is 28 February 2026: both rows' last day.
        for day, last in ((date(2026, 2, 28), "2024-02-27"), (date(2026, 3, 1), "2024-02-29")):
            assert counted(lab, day)["t 1-R2"].newest == last
        found = counted(lab, date(2026, 3, 1))["t 1-R2"]
        assert (found.rows, found.undated, found.total, found.years) == (10, 1, 22, {"2024": 10})
        sweep(lab, batches(lab, 3, date(2026, 3, 1)), date(2026, 3, 1))
        assert lab.column("SELECT min(d)::text FROM t") == ["2024-03-01"]
        assert lab.column("SELECT count(*) FROM t WHERE d IS NULL") == [1]


def test_a_moment_counts_on_its_day_in_the_netherlands(pg: Any) -> None:
    with laboratory(pg, "CREATE TABLE t (id int PRIMARY KEY, d timestamptz)", {"t": dated()}) as lab:
        # 23:30 in UTC is the next day here, so its term ends a day later.
        lab.query("INSERT INTO t VALUES (1, '2024-11-24 22:30+00'), (2, '2024-11-24 23:30+00')")
        assert sweep(lab, batches(lab, day=date(2026, 11, 25)), date(2026, 11, 25)) == [1]
        assert lab.column("SELECT id FROM t") == [2]


def test_a_day_before_our_era_is_past_and_one_at_the_end_of_time_is_not(pg: Any) -> None:
    with laboratory(pg, "CREATE TABLE t (id int PRIMARY KEY, d date)", {"t": dated()}) as lab:
        lab.query("INSERT INTO t VALUES (1, '-infinity'), (2, '0044-03-15 BC'), (3, 'infinity'), (4, '9999-12-31')")
        found = counted(lab)["t 1-R2"]
        assert (found.rows, found.oldest, found.newest) == (2, "0001-01-01", "0001-01-01")
        assert sweep(lab, batches(lab)) == [2]
        assert lab.column("SELECT id FROM t ORDER BY id") == [3, 4]


def test_a_year_that_ends_keeps_invoices_to_the_last_of_december(pg: Any) -> None:
    described = dated() | {"classes": [{"class": "R4", "term_from": "d"}]}
    with laboratory(pg, "CREATE TABLE t (id int PRIMARY KEY, d date)", {"t": described}) as lab:
        lab.query("INSERT INTO t VALUES (1, '2018-01-01'), (2, '2018-12-31'), (3, '2019-01-01')")
        assert counted(lab, date(2025, 12, 31))["t 1-R4"].rows == 0
        assert counted(lab, date(2026, 1, 1))["t 1-R4"].rows == 2


def test_each_row_is_of_the_first_class_whose_condition_holds(pg: Any) -> None:
    classes = [{"class": "R4", "when": "x LIKE '50%'", "term_from": "d"}, {"class": "R2", "term_from": "d"}]
    described = dated(plain=("x",)) | {"classes": classes}
    with laboratory(pg, "CREATE TABLE t (id int PRIMARY KEY, x text, d date)", {"t": described}) as lab:
        lab.query("INSERT INTO t VALUES (1, '50%', '2023-01-01'), (2, '5', '2023-01-01'), (3, NULL, '2023-01-01')")
        found = counted(lab)
        assert (found["t 1-R4"].rows, found["t 2-R2"].rows) == (0, 2)
        sweep(lab, batches(lab))
        assert lab.column("SELECT id FROM t") == [1]


PARENT_AND_CHILD = """
    CREATE TABLE parent (id int PRIMARY KEY, d date);
    CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent {on_delete}, d date);
    CREATE INDEX ON child (parent_id);
"""
CATALOG = {"parent": dated(), "child": dated({"parent_id": "lab.public.parent.id"})}


@pytest.mark.parametrize("on_delete", ["", "ON DELETE RESTRICT", "ON DELETE CASCADE"])
def test_what_a_row_that_stays_points_to_stays(pg: Any, on_delete: str) -> None:
    with laboratory(pg, PARENT_AND_CHILD.format(on_delete=on_delete), CATALOG) as lab:
        lab.query(f"INSERT INTO parent SELECT n, {OLD} FROM generate_series(1, 3) n")
        lab.query(f"INSERT INTO child VALUES (1, 1, {OLD}), (2, 2, {OLD}), (3, 2, {NEW})")
        found = counted(lab)
        assert found["parent 1-R2"].held == {Held.NEEDED: 1}
        assert found["parent 1-R2"].needed_by == {"public.child": 1}
        assert sum(sweep(lab, batches(lab, 1))) == 4
        assert lab.column("SELECT id FROM parent") == [2]
        assert lab.column("SELECT id FROM child") == [3]


def test_a_pointer_that_the_database_empties_holds_nothing(pg: Any) -> None:
    with laboratory(pg, PARENT_AND_CHILD.format(on_delete="ON DELETE SET NULL"), CATALOG) as lab:
        lab.query(f"INSERT INTO parent VALUES (1, {OLD}); INSERT INTO child VALUES (1, 1, {NEW})")
        assert sweep(lab, batches(lab)) == [1]
        assert lab.query("SELECT id, parent_id FROM child") == [(1, None)]


def test_a_row_without_a_date_of_its_own_goes_with_the_one_it_follows(pg: Any) -> None:
    schema = """
        CREATE TABLE parent (id int PRIMARY KEY, d date);
        CREATE TABLE child (id int PRIMARY KEY, parent_id int REFERENCES parent);
        CREATE TABLE grandchild (id int PRIMARY KEY, child_id int REFERENCES child);
    """
    follows = [{"class": "R2", "follows": True}]
    tables = {
        "parent": dated(),
        "child": undated({"parent_id": "lab.public.parent.id"}, record_class=follows),
        "grandchild": undated({"child_id": "lab.public.child.id"}, record_class=follows),
    }
    with laboratory(pg, schema, tables) as lab:
        lab.query(f"INSERT INTO parent VALUES (1, {OLD}), (2, {NEW}), (3, NULL)")
        lab.query("INSERT INTO child VALUES (1, 1), (2, 2), (3, 3), (4, NULL)")
        lab.query("INSERT INTO grandchild SELECT * FROM (VALUES (1, 1), (2, 2), (3, 3)) v")
        assert sum(sweep(lab, batches(lab))) == 3
        assert lab.column("SELECT id FROM child ORDER BY 1") == [2, 3, 4]
        assert lab.column("SELECT id FROM grandchild ORDER BY 1") == [2, 3]


def test_a_child_stays_where_its_parent_came_alive_again(pg: Any) -> None:
    schema = """
        CREATE TABLE parent (id int PRIMARY KEY, d date);
        CREATE TABLE child (id int PRIMARY KEY, p int REFERENCES parent);
    """
    tables = {
        "parent": dated(),
        "child": undated({"p": "lab.public.parent.id"}, record_class=[{"class": "R2", "follows": True}]),
    }
    with laboratory(pg, schema, tables) as lab:
        lab.query(f"INSERT INTO parent VALUES (1, {OLD}); INSERT INTO child VALUES (1, 1)")
        planned = batches(lab)
        lab.query("UPDATE parent SET d = NULL")
        assert sweep(lab, planned) == [0, 0]
        assert lab.column("SELECT count(*) FROM child") == [1]


def test_rows_that_point_to_each_other_within_a_table_go_from_the_far_end(pg: Any) -> None:
    schema = "CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t, d date); CREATE INDEX ON t (up)"
    with laboratory(pg, schema, {"t": dated(plain=("up",))}) as lab:
        # A chain against the order of the keys, one that a young row hangs on, and a row that points to itself.
        lab.query(f"INSERT INTO t VALUES (9, NULL, {OLD}), (1, 9, {OLD}), (5, 1, {OLD}), (3, 5, {OLD})")
        lab.query(f"INSERT INTO t VALUES (20, NULL, {OLD}), (21, 20, {OLD}), (22, 21, {NEW}), (30, 30, {OLD})")
        assert counted(lab)["t 1-R2"].held == {Held.NEEDED: 2}
        assert sum(sweep(lab, batches(lab, 1))) == 5
        assert lab.column("SELECT id FROM t ORDER BY 1") == [20, 21, 22]


def test_a_circle_within_a_table_stays_with_all_that_hangs_on_it_and_says_why(pg: Any) -> None:
    schema = "CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t DEFERRABLE INITIALLY DEFERRED, d date)"
    with laboratory(pg, schema, {"t": dated(plain=("up",))}) as lab:
        lab.query(f"INSERT INTO t VALUES (1, 2, {OLD}), (2, 1, {OLD}), (3, 1, {OLD}), (4, NULL, {OLD})")
        assert counted(lab)["t 1-R2"].held == {Held.NEEDED: 3}
        assert sum(sweep(lab, batches(lab, 1))) == 1
        assert lab.column("SELECT id FROM t ORDER BY 1") == [1, 2, 3]


CIRCLE = """
    CREATE TABLE a (id int PRIMARY KEY, b_id int {null}, d date);
    CREATE TABLE b (id int PRIMARY KEY, a_id int NOT NULL REFERENCES a, d date, status text);
    ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b DEFERRABLE INITIALLY DEFERRED;
"""


def test_a_circle_of_tables_is_opened_at_a_pointer_that_may_be_empty(pg: Any) -> None:
    with laboratory(
        pg, CIRCLE.format(null=""), {"a": dated(plain=("b_id",)), "b": dated(plain=("a_id", "status"))}
    ) as lab:
        lab.query(f"INSERT INTO a VALUES (1, NULL, {OLD}), (2, NULL, {OLD}), (3, NULL, {NEW})")
        lab.query(f"INSERT INTO b VALUES (1, 1, {OLD}), (2, 2, {OLD}), (3, 3, {OLD})")
        lab.query("UPDATE a SET b_id = id")
        found = counted(lab)
        # The third of `b` is needed by a row that is not past its term.
        assert found["b 1-R2"].held == {Held.NEEDED: 1}
        assert sum(sweep(lab, batches(lab, 1))) == 4
        assert lab.query("SELECT id, b_id FROM a") == [(3, 3)]
        assert lab.column("SELECT id FROM b") == [3]


def test_a_circle_that_cannot_be_opened_is_named(pg: Any) -> None:
    schema = CIRCLE.format(null="NOT NULL")
    with laboratory(pg, schema, {"a": dated(plain=("b_id",)), "b": dated(plain=("a_id", "status"))}) as lab:
        lab.query(f"BEGIN; INSERT INTO a VALUES (1, 1, {OLD}); INSERT INTO b VALUES (1, 1, {OLD}); COMMIT")
        with pytest.raises(CircleOfKeys, match=r"public\.a, public\.b"):
            counted(lab)


EVENTS = """
    CREATE TABLE e (who text, d date NOT NULL) PARTITION BY RANGE (d);
    CREATE TABLE e_2020 (d date NOT NULL, who text);
    ALTER TABLE e ATTACH PARTITION e_2020 FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
    CREATE TABLE e_2024 PARTITION OF e FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE e_rest PARTITION OF e DEFAULT;
"""
KEYLESS = {"e": dated(key=(), plain=("who",))}


def test_rows_without_a_key_go_and_a_partition_of_which_all_goes_is_dropped(pg: Any) -> None:
    with laboratory(pg, EVENTS, KEYLESS) as lab:
        lab.query("INSERT INTO e VALUES ('a', '2020-05-01'), ('a', '2020-05-01'), ('b', '2020-06-01')")
        lab.query("INSERT INTO e VALUES ('a', '2024-01-01'), ('a', '2024-01-01'), ('a', '2024-12-01')")
        lab.query("INSERT INTO e VALUES ('a', '2019-01-01'), ('a', '2026-01-01')")
        found = counted(lab)["e 1-R2"]
        assert (found.rows, found.months) == (6, {"2019-01": 1, "2020-05": 2, "2020-06": 1, "2024-01": 2})
        planned = batches(lab)
        assert [(one.leaf, one.rows, one.whole) for one in planned if one.whole] == [
            (TableName("public", "e_2020"), 3, True)
        ]
        assert sum(sweep(lab, planned)) == 6
        assert lab.column("SELECT d::text FROM e ORDER BY 1") == ["2024-12-01", "2026-01-01"]
        assert lab.column("SELECT to_regclass('e_2020') IS NULL") == [True]
        assert lab.column("SELECT to_regclass('e_rest') IS NOT NULL") == [True]


def test_a_partition_of_rows_with_keys_is_dropped_too_and_one_with_a_protected_row_is_not(pg: Any) -> None:
    schema = """
        CREATE TABLE e (id int, email text, d date, PRIMARY KEY (id, d)) PARTITION BY RANGE (d);
        CREATE TABLE e_2020 PARTITION OF e FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
        CREATE TABLE e_2021 PARTITION OF e FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
    """
    described = dated(MINE, key=("id", "d")) | {"key": ["id", "d"]}
    with laboratory(pg, schema, {"e": described}) as lab:
        lab.query("INSERT INTO e SELECT n, 'bob@x.nl', date '2020-12-30' + n FROM generate_series(0, 9) n")
        lab.query("INSERT INTO e VALUES (10, 'ann@x.nl', '2021-05-01')")
        planned = batches(lab, protection=held(Held.HOLD, "ann@x.nl"))
        assert [(one.leaf and one.leaf.table, one.rows, one.whole) for one in planned] == [
            ("e_2020", 2, True),
            (None, 8, False),
        ]
        assert sum(sweep(lab, planned)) == 10
        assert lab.column("SELECT email FROM e") == ["ann@x.nl"]


def test_a_partition_that_got_another_row_since_is_left(pg: Any) -> None:
    with laboratory(pg, EVENTS, KEYLESS) as lab:
        lab.query("INSERT INTO e VALUES ('a', '2020-05-01')")
        planned = batches(lab)
        lab.query("INSERT INTO e VALUES ('late', '2020-07-01')")
        assert sweep(lab, planned) == [0]
        assert lab.column("SELECT count(*) FROM e") == [2]


def test_a_row_without_a_key_that_changed_since_is_left(pg: Any) -> None:
    with laboratory(pg, EVENTS, KEYLESS) as lab:
        lab.query("INSERT INTO e VALUES ('a', '2024-01-01'), ('b', '2024-01-02'), ('c', '2024-12-01')")
        planned = batches(lab)
        lab.query("UPDATE e SET who = 'other' WHERE who = 'a'")
        assert sweep(lab, planned) == [1]
        assert lab.column("SELECT who FROM e ORDER BY 1") == ["c", "other"]


def test_what_became_past_its_term_since_is_left_to_the_next_sweep(pg: Any) -> None:
    with laboratory(pg, "CREATE TABLE t (id int PRIMARY KEY, d date)", {"t": dated()}) as lab:
        lab.query(f"INSERT INTO t VALUES (1, {OLD}), (2, {NEW})")
        planned = batches(lab)
        lab.query(f"UPDATE t SET d = {OLD}; INSERT INTO t VALUES (3, {OLD})")
        assert sweep(lab, planned) == [1]
        assert lab.column("SELECT id FROM t ORDER BY 1") == [2, 3]


def test_a_trigger_that_changes_something_else_undoes_the_batch(pg: Any) -> None:
    schema = """
        CREATE TABLE t (id int PRIMARY KEY, d date);
        CREATE TABLE other (id int PRIMARY KEY);
        INSERT INTO other VALUES (1);
        CREATE FUNCTION also() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM other; RETURN OLD; END';
        CREATE TRIGGER also AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION also();
    """
    with laboratory(pg, schema, {"t": dated(), "other": table()}) as lab:
        lab.query(f"INSERT INTO t VALUES (1, {OLD})")
        with pytest.raises(UnexpectedChange, match="other"):
            sweep(lab, batches(lab))
        assert lab.column("SELECT count(*) FROM t") == [1]
        assert lab.column("SELECT count(*) FROM other") == [1]


def test_what_a_history_writes_of_a_sweep_goes_with_it(pg: Any) -> None:
    schema = """
        CREATE TABLE t (id int PRIMARY KEY, email text, d date);
        CREATE TABLE past (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t_id int, old text, d date);
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN INSERT INTO past (t_id, old, d) VALUES (OLD.id, OLD.email, now()); RETURN NULL; END';
        CREATE TRIGGER keep AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION keep();
    """
    tables = {
        "t": dated(MINE),
        "past": dated({"t_id": "lab.public.t.id"}, plain=("old",), history=True),
    }
    with laboratory(pg, schema, tables) as lab:
        lab.query(f"INSERT INTO t VALUES (1, 'a@x.nl', {OLD}), (2, 'b@x.nl', {NEW})")
        lab.query(f"INSERT INTO past (t_id, old, d) VALUES (1, 'former@x.nl', {NEW})")
        assert sweep(lab, batches(lab)) == [1]
        assert lab.column("SELECT old FROM past") == ["former@x.nl"]


def test_columns_lapse_before_their_row_and_only_once(pg: Any) -> None:
    described = dated(plain=("sound",)) | {
        "lapses": [{"class": "R2", "term": "audio", "term_from": "d", "sweep": {"sound": "NULL"}}]
    }
    with laboratory(pg, "CREATE TABLE t (id int PRIMARY KEY, sound bytea, d date)", {"t": described}) as lab:
        lab.query(
            "INSERT INTO t VALUES (1, '\\x00', '2026-01-01'), (2, '\\x00', '2026-11-01'), (3, '\\x00', '2020-01-01')"
        )
        found = counted(lab)
        # The row that goes altogether needs no emptying.
        assert (found["t lapse-1-R2-audio"].rows, found["t 1-R2"].rows) == (1, 1)
        sweep(lab, batches(lab))
        assert lab.query("SELECT id, sound IS NULL FROM t ORDER BY 1") == [(1, True), (2, False)]
        assert batches(lab) == []


def test_a_row_is_anonymised_where_the_catalog_says_so(pg: Any) -> None:
    classes = [{"class": "R10", "term_from": "d", "sweep": {"email": "NULL", "score": "'none'"}}]
    described = dated(MINE, record_class=classes, plain=("score",))
    with laboratory(pg, "CREATE TABLE t (id int PRIMARY KEY, email text, score text, d date)", {"t": described}) as lab:
        lab.query(f"INSERT INTO t VALUES (1, 'a@x.nl', '7', {OLD}), (2, 'b@x.nl', '8', {NEW})")
        assert sweep(lab, batches(lab)) == [1]
        assert lab.query("SELECT id, email, score FROM t ORDER BY 1") == [(1, None, "none"), (2, "b@x.nl", "8")]
        assert batches(lab) == []


def held(reason: Held, email: str, classes: frozenset[str] | None = None) -> Protection:
    return Protection({"one": Protected(reason, Footprint({"email": frozenset({email})}), classes)})


@pytest.mark.parametrize("reason", [Held.HOLD, Held.RESTRICTION, Held.REQUEST])
def test_the_rows_of_somebody_who_is_protected_stay_with_the_reason(pg: Any, reason: Held) -> None:
    schema = """
        CREATE TABLE t (id int PRIMARY KEY, email text, d date);
        CREATE TABLE keyless (email text, d date);
    """
    with laboratory(pg, schema, {"t": dated(MINE), "keyless": dated(MINE, key=())}) as lab:
        for name, key in (("t", "1, "), ("keyless", "")):
            lab.query(f"INSERT INTO {name} VALUES ({key}' Ann@X.nl ', {OLD})")
        lab.query(f"INSERT INTO t VALUES (2, 'bob@x.nl', {OLD}); INSERT INTO keyless VALUES ('bob@x.nl', {OLD})")
        protection = held(reason, "ann@x.nl")
        found = counted(lab, protection=protection)
        assert {name: (one.rows, one.people, one.held) for name, one in found.items()} == {
            "t 1-R2": (1, 1, {reason: 1}),
            "keyless 1-R2": (1, 1, {reason: 1}),
        }
        assert sum(sweep(lab, batches(lab, protection=protection))) == 2
        assert lab.column("SELECT email FROM t UNION ALL SELECT email FROM keyless") == [" Ann@X.nl ", " Ann@X.nl "]


def test_a_protection_of_one_class_leaves_the_others_to_go(pg: Any) -> None:
    schema = "CREATE TABLE t (id int PRIMARY KEY, email text, d date); CREATE TABLE u (LIKE t INCLUDING ALL)"
    tables: Mapping[str, Any] = {"t": dated(MINE), "u": dated(MINE, record_class=[{"class": "R7", "term_from": "d"}])}
    with laboratory(pg, schema, tables) as lab:
        lab.query(f"INSERT INTO t VALUES (1, 'ann@x.nl', {OLD}); INSERT INTO u SELECT * FROM t")
        of_person = counted(lab, protection=held(Held.HOLD, "ann@x.nl", frozenset({"R7"})))
        of_all = counted(lab, protection=Protection({}, frozenset({"R7"})))
        for found in (of_person, of_all):
            assert (found["t 1-R2"].rows, found["u 1-R7"].rows, found["u 1-R7"].held) == (1, 0, {Held.HOLD: 1})


def test_a_batch_is_as_large_as_is_asked_and_no_transaction_larger(pg: Any) -> None:
    with laboratory(pg, "CREATE TABLE t (id int PRIMARY KEY, d date)", {"t": dated()}) as lab:
        lab.query(f"INSERT INTO t SELECT n, {OLD} FROM generate_series(1, 25) n")
        assert [one.rows for one in batches(lab, 10)] == [10, 10, 5]


def test_people_are_counted_once_however_many_rows_and_ways_they_have(pg: Any) -> None:
    schema = """
        CREATE TABLE person (id int PRIMARY KEY, email text, d date);
        CREATE TABLE thing (id int PRIMARY KEY, person_id int REFERENCES person, d date);
        CREATE TABLE part (id int PRIMARY KEY, thing_id int REFERENCES thing, d date);
    """
    tables = {
        "person": dated(MINE, person=True),
        "thing": dated({"person_id": "lab.public.person.id"}),
        "part": dated({"thing_id": "lab.public.thing.id"}),
    }
    with laboratory(pg, schema, tables) as lab:
        lab.query(f"INSERT INTO person SELECT n, n || '@x.nl', {OLD} FROM generate_series(1, 4) n")
        lab.query(f"INSERT INTO thing SELECT n, n % 3 + 1, {OLD} FROM generate_series(1, 12) n")
        lab.query(f"INSERT INTO part SELECT n, n % 12 + 1, {OLD} FROM generate_series(1, 36) n")
        found = counted(lab)
        assert [(name, one.rows, one.people) for name, one in found.items()] == [
            ("person 1-R2", 4, 4),
            ("thing 1-R2", 12, 3),
            ("part 1-R2", 36, 3),
        ]


@pytest.mark.parametrize("days", [0, 1])
def test_a_term_of_no_days_ends_with_its_day(pg: Any, days: int) -> None:
    described = dated(MINE, record_class=[{"class": "R9", "term_from": "d"}], on_consent="false")
    with laboratory(pg, "CREATE TABLE t (id int PRIMARY KEY, email text, d date)", {"t": described}) as lab:
        lab.query(f"INSERT INTO t VALUES (1, 'a@x.nl', '{DAY}')")
        assert counted(lab, DAY + timedelta(days=days))["t 1-R9"].rows == days


def test_rows_of_two_rules_that_point_to_each_other_go_from_the_far_end(pg: Any) -> None:
    """The line that is pointed to is of the first rule, the line that points of the second."""
    schema = "CREATE TABLE t (id int PRIMARY KEY, above int REFERENCES t, paid bool, d date)"
    classes = [{"class": "R2", "when": "paid", "term_from": "d"}, {"class": "R3", "term_from": "d"}]
    rows = table(plain=("above", "paid", "d"), classes=classes)
    with laboratory(pg, schema, {"t": rows}) as lab:
        lab.query("INSERT INTO t VALUES (1, NULL, true, '2010-01-01'), (2, 1, false, '2010-01-01')")
        assert sum(sweep(lab, batches(lab))) == 2
        assert lab.column("SELECT count(*) FROM t") == [0]


def test_a_row_that_another_of_its_table_came_to_point_to_is_left_and_the_rest_goes(pg: Any) -> None:
    schema = "CREATE TABLE t (id int PRIMARY KEY, up int REFERENCES t, d date); CREATE INDEX ON t (up)"
    with laboratory(pg, schema, {"t": dated(plain=("up",))}) as lab:
        lab.query(f"INSERT INTO t VALUES (1, NULL, {OLD}), (2, 1, {OLD}), (3, NULL, {OLD})")
        planned = batches(lab)
        lab.query(f"INSERT INTO t VALUES (4, 3, {NEW})")
        assert sum(sweep(lab, planned)) == 2
        assert lab.column("SELECT id FROM t ORDER BY 1") == [3, 4]


def test_a_date_is_made_coarser_once(pg: Any) -> None:
    classes = [{"class": "R10", "term_from": "d", "sweep": {"email": "NULL", "d": "date_trunc('month', d)"}}]
    described = dated(MINE, record_class=classes)
    with laboratory(pg, "CREATE TABLE t (id int PRIMARY KEY, email text, d timestamptz)", {"t": described}) as lab:
        lab.query("INSERT INTO t VALUES (1, 'a@x.nl', '2020-05-17 12:34+00')")
        assert sweep(lab, batches(lab)) == [1]
        assert lab.query("SELECT email, d = '2020-05-01 00:00+02' FROM t") == [(None, True)]
        assert batches(lab) == []
