"""The files that go out, encrypted with one passphrase: the report (PDF) and the export (zip).

Neither the report nor the export ever lies on a disk unencrypted: the report is made in memory, the export is encrypted
while it is written. A file appears under its name only when it is whole.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

import pikepdf

from avgflow.dossier import export, report
from avgflow.dossier.content import Answer
from avgflow.dossier.export import Edition
from avgflow.objects import Link
from avgflow.templating import Templates
from avgflow.workfile import UNFINISHED

# A report is made of small objects that are compressed once more when it is encrypted. Level 3 makes the file a
# twentieth larger than zlib's own choice and takes a third of the time off.
pikepdf.settings.set_flate_compression_level(3)


@dataclass(frozen=True)
class Package:
    """The encrypted files; no report where nobody is to read it. `sha256s` (hex) and `sizes` (bytes) are by file name.

    `manifest_digest` is the SHA-256 of the export's manifest, which is the same for the same content; the files
    themselves differ each time they are encrypted.
    """

    pdf: Path | None
    archive: Path
    sha256s: Mapping[str, str]
    sizes: Mapping[str, int]
    manifest_digest: str
    links: tuple[Link, ...] = ()
    """Where the files can be fetched, where they do not go along with a mail."""

    @property
    def last_day(self) -> date | None:
        """The last day on which all links work."""
        return min((link.last_day for link in self.links), default=None)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.sizes.values())

    @property
    def files(self) -> tuple[Path, ...]:
        """What is attached, the report first."""
        return (*([self.pdf] if self.pdf else []), self.archive)


def build(answer: Answer, passphrase: str, folder: Path, templates: Templates | None = None) -> Package:
    """Make both files in `folder` (made where missing, for this user only), in the place of earlier ones.

    `RowsChanged` where a stream is not as announced, `ReportFailed` or `WrongTemplate` where a template is at fault.
    """
    templates = templates or Templates()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pdf, archive = folder / f"inzage-{answer.number}.pdf", folder / f"inzage-{answer.number}.zip"
    made_pdf = report.read_for(answer, templates)
    with _whole(archive) as archive_file, _whole(pdf) as pdf_file, ThreadPoolExecutor(1, "report") as aside:
        # Typst, which takes longest, works outside Python: the archive is written meanwhile.
        report_is_there = aside.submit(lambda: encrypt(made_pdf(), passphrase, pdf_file))
        manifest_digest = export.write(answer, passphrase, archive_file, templates)
        report_is_there.result()
        digests = {pdf.name: _digest(pdf_file), archive.name: _digest(archive_file)}
    return Package(
        pdf=pdf,
        archive=archive,
        sha256s={name: digest for name, (digest, _) in digests.items()},
        sizes={name: size for name, (_, size) in digests.items()},
        manifest_digest=manifest_digest,
    )


def build_archive(
    answer: Answer, passphrase: str, file: Path, edition: Edition, templates: Templates | None = None
) -> Package:
    """Make an export alone, in the place of an earlier one; faults as `build`."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _whole(file) as archive_file:
        manifest_digest = export.write(answer, passphrase, archive_file, templates or Templates(), edition)
        digest, size = _digest(archive_file)
    return Package(None, file, {file.name: digest}, {file.name: size}, manifest_digest)


def encrypt(plain: bytes, passphrase: str, file: BinaryIO) -> None:
    """Write a PDF with AES-256 (revision 6), its metadata included. Who has the passphrase may do everything."""
    encryption = pikepdf.Encryption(owner=passphrase, user=passphrase, R=6, aes=True, metadata=True)
    with pikepdf.open(io.BytesIO(plain)) as pdf:
        # Object streams: a tagged document has thousands of small objects, and is a quarter of the size this way.
        pdf.save(file, encryption=encryption, object_stream_mode=pikepdf.ObjectStreamMode.generate)


@contextmanager
def _whole(path: Path) -> Iterator[io.BufferedRandom]:
    """A new file (0600) that takes its name only if everything went well; two at once do no harm."""
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(path)
    finally:
        Path(unfinished).unlink(missing_ok=True)


def _digest(file: io.BufferedRandom) -> tuple[str, int]:
    """SHA-256 (hex) and size of what was written, read from the file itself."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest(), size
