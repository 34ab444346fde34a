"""File names that are safe on every system and still the sender's own, as far as that goes."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 100
"""Characters; with four bytes each and a number behind it still under the 255 bytes and characters of file systems."""

_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE)
_UNSAFE = re.compile(r'[<>:"/\\|?*]')
_LONGEST_BYTES = 200
_SIGNATURES = (
    (b"%PDF-", ".pdf"),
    (b"\x89PNG\r\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF8", ".gif"),
    (b"PK\x03\x04", ".zip"),
    (b"ID3", ".mp3"),
    (b"OggS", ".ogg"),
)


def extension_of(content: bytes) -> str:
    """The extension for content without a name, by its first bytes; `.bin` where they say nothing."""
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return ".wav"
    return next((extension for signature, extension in _SIGNATURES if content.startswith(signature)), ".bin")


def safe(name: str) -> str:
    """The name without path, control and format characters, reserved words and blanks at its ends; may be empty."""
    name = re.split(r"[/\\]", name)[-1]
    # Control, format (bidirectional overrides!), surrogate, private and unassigned characters, line and paragraph ends.
    name = "".join(
        char for char in name if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    )
    # Only now: what stood between a letter and its accent is gone.
    name = unicodedata.normalize("NFC", name)
    name = _UNSAFE.sub("_", name)
    name = re.sub(r"\s+", " ", name).strip(" .")
    if _RESERVED.match(name):
        name = "_" + name
    return _shortened(name)


def _shortened(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    if not dot or not stem or len(extension) > 10:
        stem, extension = name, ""
    else:
        extension = "." + extension
    stem = stem[: LONGEST - len(extension)]
    while len((stem + extension).encode()) > _LONGEST_BYTES:
        stem = stem[:-1]
    return (stem.rstrip(" .") + extension) if stem.rstrip(" .") else extension.lstrip(".")


class Names:
    """Gives out names of one folder, each once, whatever the case and the Unicode form a file system compares in."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._last: dict[str, int] = {}

    def take(self, wanted: str | None, otherwise: str) -> str:
        """A safe, free name: the wanted one, if need be with a number; `otherwise` where nothing of it is left."""
        name = safe(wanted or "") or safe(otherwise) or "_"
        base = _compared(name)
        number = self._last.get(base, 1)
        free = name
        while _compared(free) in self._taken:
            number += 1
            stem, dot, extension = name.rpartition(".")
            free = f"{stem} ({number}).{extension}" if dot and stem else f"{name} ({number})"
        self._last[base] = number
        self._taken.add(_compared(free))
        return free


def _compared(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
