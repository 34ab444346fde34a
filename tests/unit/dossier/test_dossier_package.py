"""The two files: what is in them, who can open them, and what is left behind."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest
import pyzipper
from dossier_world import NUMBER, PASSPHRASE, Opened, answer, column, one_value, pdf_text, table

from avgflow.dossier import package
from avgflow.dossier.content import Redacted, Row, RowsChanged

PDF_BYTES = b"%PDF-1.7 hallo"
FILES = table(
    ("name", "text", column("Bestandsnaam")),
    ("body", "bytea", column("Inhoud", file_name="name")),
    rows=[
        ("R2", ("../../etc/passwd", "\\x" + PDF_BYTES.hex())),
        ("R2", ("passwd", "\\x00ff")),
        ("R2", (None, "\\x" + PDF_BYTES.hex())),
        ("R2", ("leeg.txt", "\\x")),
        ("R2", ("weg.txt", None)),
    ],
    name="public.attachment",
    title="Bijlagen",
)


def test_every_catalogued_table_is_there_with_or_without_rows(tmp_path: Path) -> None:
    empty = table(("it", "text", column("Iets")), name="audit.log")
    archive = Opened(package.build(answer(one_value("text", "a", None, ""), empty), PASSPHRASE, tmp_path).archive)
    assert {path for path in archive.files if path.startswith(("json/", "csv/"))} == {
        "json/crm.thing.json",
        "csv/crm.thing.csv",
        "json/crm.audit.log.json",
        "csv/crm.audit.log.csv",
    }
    assert [(entry["table"], entry["rows"]) for entry in archive.manifest["tables"]] == [
        ("public.thing", 3),
        ("audit.log", 0),
    ]
    assert archive.json("json/crm.audit.log.json")["rows"] == []
    assert [row["it"] for row in archive.json("json/crm.thing.json")["rows"]] == ["a", None, ""]
    assert archive.text("csv/crm.thing.csv") == '_record_class;it\r\nR2;a\r\nR2;\r\nR2;""\r\n'


def test_the_manifest_is_true_of_every_file(tmp_path: Path) -> None:
    archive = Opened(package.build(answer(FILES, one_value("numeric", "12.50")), PASSPHRASE, tmp_path).archive)
    attachments = archive.attachments
    for entry in archive.manifest["files"]:
        content = attachments[entry["path"]] if entry["kind"] == "attachment" else archive.files[entry["path"]]
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"])
        if entry["kind"] == "json":
            assert len(json.loads(content)["rows"]) == entry["rows"]
    described = {entry["path"] for entry in archive.manifest["files"]}
    assert set(archive.files) | set(attachments) == described | {"manifest.json"}


def test_attachments_have_their_own_safe_names_and_the_json_knows_the_original(tmp_path: Path) -> None:
    archive = Opened(package.build(answer(FILES), PASSPHRASE, tmp_path).archive)
    assert archive.attachments == {
        "bijlagen/crm.attachment/passwd": PDF_BYTES,
        "bijlagen/crm.attachment/passwd (2)": b"\x00\xff",
        "bijlagen/crm.attachment/body.pdf": PDF_BYTES,
        "bijlagen/crm.attachment/leeg.txt": b"",
    }
    rows = archive.json("json/crm.attachment.json")["rows"]
    assert rows[0]["body"] == {
        "file": "bijlagen/crm.attachment/passwd",
        "name": "../../etc/passwd",
        "bytes": len(PDF_BYTES),
        "sha256": hashlib.sha256(PDF_BYTES).hexdigest(),
    }
    assert rows[2]["body"]["name"] is None
    assert rows[4]["body"] is None
    assert "bijlagen/crm.attachment/passwd (2)" in archive.text("csv/crm.attachment.csv")


def test_a_column_named_like_the_record_class_keeps_its_name(tmp_path: Path) -> None:
    odd = table(("_record_class", "text", column("Klasse")), rows=[("R2", ("eigen",))], name='public."odd;name"')
    archive = Opened(package.build(answer(odd), PASSPHRASE, tmp_path).archive)
    (entry,) = archive.manifest["tables"]
    assert entry["record_class_field"] == "__record_class"
    assert archive.json("json/crm.odd;name.json")["rows"] == [{"__record_class": "R2", "_record_class": "eigen"}]


def test_secret_columns_and_redactions_are_named_and_not_shown(tmp_path: Path) -> None:
    accounts = table(
        ("email", "text", column("E-mail")),
        ("hash", "text", column("Wachtwoord", secret=True)),
        rows=[("R6", ("a@b.nl",))],
    )
    redacted = (Redacted("crm", "public.note", "email", "email", 3),)
    archive = Opened(package.build(answer(accounts, redactions=redacted), PASSPHRASE, tmp_path).archive)
    assert archive.manifest["tables"][0]["secret_columns"] == ["hash"]
    assert archive.manifest["left_out"] == [
        {"store": "crm", "table": "public.note", "column": "email", "reason": "email", "count": 3}
    ]


def test_neither_file_opens_without_the_passphrase(tmp_path: Path) -> None:
    built = package.build(answer(FILES), PASSPHRASE, tmp_path)
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(built.pdf)
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(built.pdf, password="wrong")
    with pikepdf.open(built.pdf, password=PASSPHRASE) as pdf:
        assert (pdf.encryption.R, pdf.encryption.bits) == (6, 256)
    with pyzipper.AESZipFile(built.archive) as archive:
        assert all(info.wz_aes_strength == 3 and info.wz_aes_version == 2 for info in archive.infolist())
        archive.setpassword(b"wrong")
        with pytest.raises(RuntimeError, match="Bad password"):
            archive.read("manifest.json")


def test_nothing_of_the_person_can_be_read_from_the_files_as_they_are(tmp_path: Path) -> None:
    named = table(
        ("naam", "text", column("Naam")),
        ("scan", "bytea", column("Scan", file_name="naam")),
        rows=[("R2", ("kanarie-Vogelaar.pdf", "\\x" + (b"kanarie" * 50).hex()))],
    )
    built = package.build(answer(named, name="Kanarie Vogelaar"), PASSPHRASE, tmp_path)
    for file in (built.pdf, built.archive):
        raw = file.read_bytes().lower()
        assert b"kanarie" not in raw
        assert b"vogelaar" not in raw
        # The title is of the metadata, which is encrypted with the rest.
        assert b"AVG-2026" not in file.read_bytes()


def test_the_same_content_has_the_same_manifest_and_a_rerun_replaces_the_files(tmp_path: Path) -> None:
    first = package.build(answer(FILES), PASSPHRASE, tmp_path)
    second = package.build(answer(FILES), PASSPHRASE, tmp_path)
    assert first.manifest_digest == second.manifest_digest
    assert first.sha256s[f"inzage-{NUMBER}.pdf"] != second.sha256s[f"inzage-{NUMBER}.pdf"]
    assert second.manifest_digest == hashlib.sha256(Opened(second.archive).files["manifest.json"]).hexdigest()
    for file in (second.pdf, second.archive):
        assert second.sha256s[file.name] == hashlib.sha256(file.read_bytes()).hexdigest()
        assert second.sizes[file.name] == file.stat().st_size
        assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"inzage-{NUMBER}.pdf", f"inzage-{NUMBER}.zip"]


@pytest.mark.parametrize("given", [0, 1, 3])
def test_a_stream_that_is_not_as_announced_makes_no_package(tmp_path: Path, given: int) -> None:
    lying = table(("it", "text", column("Iets")), stream=lambda: iter([("R2", ("x",))] * given), count=2)
    with pytest.raises(RowsChanged):
        package.build(answer(lying), PASSPHRASE, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_stream_that_breaks_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    reads = 0

    def broken() -> Iterator[Row]:
        nonlocal reads
        reads += 1
        yield "R2", ("x",)
        if reads == 3:  # the report and the JSON are done; the CSV is being written
            raise OSError("disk")

    package.build(answer(one_value("text", "vorige")), PASSPHRASE, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(OSError, match="disk"):
        package.build(answer(table(("it", "text", column("Iets")), stream=broken, count=1)), PASSPHRASE, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_english_all_the_way(tmp_path: Path) -> None:
    built = package.build(answer(FILES, language="en"), PASSPHRASE, tmp_path)
    archive = Opened(built.archive)
    assert "README.txt" in archive.files
    assert "attachments.zip" in archive.files
    assert "Access request AVG-2026-00042" in archive.text("README.txt")
    assert "What we have about you" in pdf_text(built.pdf, PASSPHRASE)


MEASURE = """
    import resource, sys
    from pathlib import Path
    from dossier_world import PASSPHRASE, answer, column, table
    from avgflow.dossier import package
    rows = int(sys.argv[1])
    def stream():
        for number in range(rows):
            yield "R2", (str(number), f"text of row {number} " * 4, "2026-03-29 14:05:00+02")
    content = table(("id", "bigint", column("Nummer")), ("body", "text", column("Tekst")),
                    ("at", "timestamp with time zone", column("Wanneer")), stream=stream, count=rows)
    built = package.build(answer(content), PASSPHRASE, Path(sys.argv[2]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """fides#6199: results over 1 GB run out of memory."""

    def peak(rows: int) -> int:
        command = [sys.executable, "-c", textwrap.dedent(MEASURE), str(rows), str(tmp_path)]
        here = str(Path(__file__).parent)
        ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=here)
        return int(ended.stdout)

    assert peak(100_000) < 1.15 * peak(2_000)


def test_csv_and_json_of_one_row_say_the_same(tmp_path: Path) -> None:
    moment = one_value("timestamp with time zone", "2026-03-29 14:05:00+02")
    archive = Opened(package.build(answer(moment), PASSPHRASE, tmp_path).archive)
    written = archive.json("json/crm.thing.json")["rows"][0]["it"]
    assert written == "2026-03-29T14:05:00+02:00"
    assert re.search(rf"^R2;{re.escape(written)}\r$", archive.text("csv/crm.thing.csv"), re.MULTILINE)
