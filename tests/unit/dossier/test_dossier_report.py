"""The report: what a person reads, and that nothing they wrote is ever taken for markup."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from dossier_world import NUMBER, answer, column, one_value, pdf_text, policy, table
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from avgflow.dossier import report
from avgflow.dossier.content import Answer, Redacted, Row
from avgflow.dossier.readable import reader, size
from avgflow.dossier.records import MOST_ROWS, breakable
from avgflow.dossier.report import ReportFailed
from avgflow.templating import Templates

TEMPLATES = Templates()

MARKUP = (
    '#read("/etc/passwd")',
    '#import "@preview/x:1.0.0"',
    "*niet vet*",
    "_niet schuin_",
    "$x^2$",
    "`code`",
    "= geen kop",
    "- geen lijst",
    "@verwijzing",
    "<label>",
    "\\ geen regeleinde",
    '"aanhaling"',
    "// geen commentaar",
    "] #panic() [",
    "https://example.nl/#x",
)


def as_pdf(made: Answer, templates: Templates = TEMPLATES) -> bytes:
    return report.read_for(made, templates)()


def shown(sql_type: str, value: str, label: str = "Waarde") -> str:
    content = table(("it", sql_type, column(label)), rows=[("R2", (value,))])
    return reader(content, "it", sql_type, "nl")(value)


def test_markup_in_a_value_is_text() -> None:
    text = pdf_text(as_pdf(answer(one_value("text", *MARKUP))))
    for value in MARKUP:
        assert " ".join(value.split()) in text


def test_markup_in_names_labels_and_titles_is_text() -> None:
    content = table(
        ("it", "text", column("#label *x*")), rows=[("R2", ("y",))], title="= Titel #x", name='public."#odd"'
    )
    text = pdf_text(as_pdf(answer(content, name='#panic("x") *Jan*')))
    assert '#panic("x") *Jan*' in text
    assert "#label *x*" in text
    assert "= Titel #x" in text


def test_everything_of_art_15_is_said() -> None:
    """Case 16: (a) to (h)."""
    text = pdf_text(as_pdf(answer(one_value("text", "x"))))
    for part in "abcdefgh":
        assert f"artikel 15 lid 1 letter {part} AVG" in text
    assert "artikel 15 lid 2 AVG" in text
    statements = policy().statements
    for statement in (
        statements.remedies.authority,
        statements.remedies.court,
        statements.withdrawal,
        statements.source,
    ):
        assert " ".join(statement.nl.split())[:60] in text


def test_only_the_persons_own_classes_are_explained() -> None:
    text = pdf_text(as_pdf(answer(one_value("text", "x"))))
    classes = policy().classes
    assert classes["R2"].title.nl in text
    assert classes["R11"].title.nl not in text


def test_empty_and_technical_fields_are_left_out_and_said_to_be() -> None:
    content = table(
        ("id", "bigint", column(personal=False, category=None)),
        ("body", "text", column("Tekst")),
        ("extra", "text", column("Toelichting")),
        rows=[("R2", ("918273", "hallo", None))],
    )
    text = pdf_text(as_pdf(answer(content)))
    assert "hallo" in text
    assert "918273" not in text
    assert "Toelichting" not in text
    assert "technische nummers laten wij hier weg" in text


def test_a_table_without_rows_is_named() -> None:
    empty = table(("it", "text", column("Iets")), title="Telefoongesprekken")
    searched = empty.table.model_copy(update={"subject": ("someone",)})
    content = type(empty)(empty.name, searched, empty.columns, 0, empty.rows)
    text = pdf_text(as_pdf(answer(one_value("text", "x"), content)))
    assert "geen gegevens van u gevonden: Telefoongesprekken" in text


def test_many_rows_are_cut_and_the_rest_is_pointed_to() -> None:
    rows: list[Row] = [("R2", (f"rij-{number:04d}",)) for number in range(MOST_ROWS + 50)]
    content = table(("it", "text", column("Iets")), rows=rows)
    text = pdf_text(as_pdf(answer(content)))
    assert f"rij-{MOST_ROWS - 1:04d}" in text
    assert f"rij-{MOST_ROWS:04d}" not in text
    assert "Hier staan de eerste 200 van 250. Alle 250 staan in csv/crm.note.csv" in text


def test_what_was_replaced_or_left_out_is_told() -> None:
    redacted = (Redacted("crm", "public.thing", "it", "third_party", 3),)
    text = pdf_text(as_pdf(answer(one_value("text", "medewerker 1"), redactions=redacted, shared_mailbox=True)))
    assert "wordt door meer mensen gebruikt" in text
    assert "Notities Waarde naam van iemand anders 3" in text


def test_the_document_tells_nothing_but_the_number_and_is_accessible() -> None:
    pdf = PdfReader(io.BytesIO(as_pdf(answer(one_value("text", "x")))))
    assert pdf.metadata is not None
    assert pdf.metadata.title == NUMBER
    assert pdf.metadata.author is None
    root = pdf.trailer["/Root"]
    assert str(root["/Lang"]).startswith("nl")
    assert root["/MarkInfo"]["/Marked"]


def test_the_same_content_gives_the_same_bytes() -> None:
    content = answer(one_value("text", "x"))
    assert as_pdf(content) == as_pdf(content)


def test_other_scripts_and_emoji_do_no_harm() -> None:
    text = pdf_text(as_pdf(answer(one_value("text", "Ярослав Łukasz Ωmega 😀 中文 عربي"))))
    assert "Ярослав Łukasz Ωmega" in text


def test_a_character_that_no_font_can_show_is_spoken_of() -> None:
    # U+0378 is not assigned, so that no machine has a font for it.
    text = pdf_text(as_pdf(answer(one_value("text", "voor\u0378na"))))
    assert "als een leeg blokje staan" in text


@pytest.mark.parametrize(
    "value", ["\x01\x02\x1b[31m", "a\u0000b".replace("\u0000", ""), "\u202eomgekeerd", "x" * 20_000]
)
def test_odd_values_do_not_break_it(value: str) -> None:
    assert as_pdf(answer(one_value("text", value, value))).startswith(b"%PDF")


@pytest.mark.parametrize(
    ("sql_type", "value", "read"),
    [
        ("timestamp with time zone", "2026-03-03 14:05:59.1+01", "3 maart 2026, 14:05"),
        ("date", "2026-03-03", "3 maart 2026"),
        ("date", "infinity", "infinity"),
        ("boolean", "true", "ja"),
        ("numeric(12,2)", "12.50", "12,50"),
        ("numeric", "NaN", "NaN"),
        ("text[]", '{a,NULL,"b c"}', "a, –, b c"),
        ("jsonb", '{"a": "nl", "b": {"c": true, "d": ["e", 1.0]}}', "a: nl\nb:\n\xa0\xa0c: ja\n\xa0\xa0d: e, 1.0"),
        ("jsonb", "1.10", "1.10"),
        ("jsonb", "[]", "–"),
        ("inet", "10.0.0.1/32", "10.0.0.1"),
        ("daterange", "[2020-01-01,2021-01-01)", "vanaf 1 januari 2020 tot 1 januari 2021"),
        ("daterange", "[2020-01-01,)", "vanaf 1 januari 2020"),
        ("int4range", "[18,30)", "vanaf 18 tot 30"),
        ("interval", "P1DT4M1S", "1 dag, 4 minuten, 1 seconde"),
        ("interval", "PT0S", "0 seconden"),
        ("interval", "00:04:12", "00:04:12"),
        ("numeric(12,3)", "2.000", "2"),
        ("numeric(12,4)", "121.3330", "121,333"),
        ("text[]", '{"NULL",""}', "NULL, ‘’"),
        ("integer", "2026", "2026"),
        ("integer", "medewerker 1", "medewerker 1"),
    ],
)  # fmt: skip
def test_values_as_a_person_reads_them(sql_type: str, value: str, read: str) -> None:
    assert shown(sql_type, value) == read


def test_money_only_where_the_label_says_so() -> None:
    assert shown("numeric(12,2)", "1234.5", "Bedrag zonder btw") == "€\u00a01.234,50"
    assert shown("numeric(12,2)", "-12.50", "Bedrag") == "€\u00a0-12,50"
    assert shown("numeric(12,4)", "12.5000", "Prijs per stuk") == "€\u00a012,50"
    assert shown("numeric(12,2)", "12.50", "Gewicht") == "12,50"
    assert shown("numeric(12,2)", "NaN", "Bedrag") == "NaN"
    assert shown("bigint", "1250", "Bedrag in centen") == "1250"


def test_sizes() -> None:
    assert [size(number, "nl") for number in (0, 999, 1536, 5 << 20)] == ["0 bytes", "999 bytes", "1,5 kB", "5,0 MB"]


@given(st.text())
def test_places_to_break_add_nothing_that_is_seen(value: str) -> None:
    assert breakable(value, 10).replace("\u200b", "") == value.replace("\u200b", "")


def test_a_broken_template_names_itself_and_quotes_no_value(tmp_path: Path) -> None:
    (tmp_path / "report.typ").write_text("#panic(sys.inputs.data)")
    with pytest.raises(ReportFailed) as raised:
        as_pdf(answer(one_value("text", "kanarie")), Templates(tmp_path))
    assert "kanarie" not in str(raised.value)
    assert raised.value.__cause__ is None
