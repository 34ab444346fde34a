"""Names of attachments: safe on every system, each once, and the sender's own as far as that goes."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from avgflow.dossier.file_names import Names, extension_of, safe

ODD = st.text(st.sampled_from("abAB.. /\\:*?\"<>|\0\n\t\u202e\u00e9e\u0301CONcon1-~'\U0001f600")) | st.text()


@given(ODD)
@example("A\u202e\u0301")
def test_a_safe_name_is_safe(name: str) -> None:
    made = safe(name)
    assert not set(made) & set('<>:"/\\|?*')
    assert all(unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in made)
    assert made == made.strip(" .")
    assert len(made.encode()) <= 200
    assert safe(made) == made


@given(st.lists(ODD | st.none(), max_size=30))
def test_no_two_files_have_one_name_on_any_file_system(wanted: list[str | None]) -> None:
    names = Names()
    given_out = [names.take(name, "file.bin") for name in wanted]
    folded = {unicodedata.normalize("NFKC", name).casefold() for name in given_out}
    assert len(folded) == len(given_out)
    assert all(given_out)


@pytest.mark.parametrize(
    ("original", "made"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\jan\\brief.docx", "brief.docx"),
        ("CON.txt", "_CON.txt"),
        ("com1", "_com1"),
        ("console.txt", "console.txt"),
        ("factuur?.pdf", "factuur_.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("a\r\nb.txt", "ab.txt"),
        ("cafe\u0301.pdf", "caf\u00e9.pdf"),
        (".htaccess", "htaccess"),
        ("   ", ""),
        ("..", ""),
        ("", ""),
    ],
)
def test_names_that_people_and_attackers_use(original: str, made: str) -> None:
    assert safe(original) == made


def test_a_long_name_keeps_its_extension() -> None:
    assert safe("x" * 500 + ".pdf").endswith("x.pdf")


def test_a_double_gets_a_number_before_its_extension() -> None:
    names = Names()
    assert [names.take(name, "x") for name in ("Brief.pdf", "brief.PDF", "brief (2).pdf")] == [
        "Brief.pdf",
        "brief (2).PDF",
        "brief (2) (2).pdf",
    ]


def test_a_file_without_a_name_is_named_by_its_content() -> None:
    assert extension_of(b"%PDF-1.7") == ".pdf"
    assert extension_of(b"?") == ".bin"
    assert extension_of(b"") == ".bin"
