"""Controleert dit dossier, zonder netwerk, database of geheim. / Checks this dossier: no network, database or secret.

    python3 verify.py [FOLDER] [--key HEX] [--noted ID:HASH]

Nodig: Python 3.8 of nieuwer, verder niets. README.txt zegt wat de controle bewijst en wat niet.
Needs Python 3.8 or newer and nothing else. README.txt says what this proves and what it does not.

Exit code 0: all is well. 1: something is not; each fault has a line. 2: wrong usage.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Tuple

SEAL, MANIFEST, EVENTS, LINKS, DOSSIER = "seal.json", "manifest.json", "events.json", "links.txt", "dossier.json"
SIGNED = b"avgflow dossier 1\n"
STORE_DONE = (
    "store.collected",
    "store.erased",
    "store.stopped",
    "store.corrected",
    "store.restricted",
    "answer.handed_over",
)


class Fault(Exception):
    """Something that cannot be checked any further, in Dutch and English."""


# ---- 1. Ed25519 (RFC 8032): whether a signature was made with the secret that belongs to a public key

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


Point = Tuple[int, int, int, int]


def add(a: Point, b: Point) -> Point:
    """The sum of two points in extended coordinates."""
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(n: int, point: Point) -> Point:
    """A point n times."""
    total: Point = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = add(total, point)
        point, n = add(point, point), n >> 1
    return total


def point_of(data: bytes) -> Point | None:
    """The point that 32 bytes stand for, None where they stand for none."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def genuine(public_key: bytes, signed: bytes, signature: bytes) -> bool:
    """Whether the signature is of this message, by the holder of this key."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    a, r, s = point_of(public_key), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public_key + signed).digest(), "little") % ORDER
    base = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    assert base is not None, "a constant"
    left, right = times(s, base), add(r, times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# ---- 2. Reading


def read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError:
        raise Fault(f"{name} is niet te lezen / cannot be read") from None


def document(folder: Path, name: str) -> Any:
    try:
        return json.loads(read(folder, name).decode("utf-8"))
    except ValueError:
        raise Fault(f"{name} is geen JSON meer / is no JSON any more") from None


def written(value: Any) -> bytes:
    """How seal.json and manifest.json are written: in one way only, so that no byte in them can differ unseen."""
    return (json.dumps(value, ensure_ascii=True, sort_keys=True, indent=1) + "\n").encode()


def message(sealed: Any) -> bytes:
    """What the signature is over."""
    return SIGNED + json.dumps(sealed, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# ---- 3. The checks, each of which returns its faults


def check_seal(folder: Path, key: str | None) -> list[str]:
    """The signature is over what is sealed, the manifest is the sealed one, and the key is the one that is expected."""
    seal = document(folder, SEAL)
    public_key, signature = bytes.fromhex(seal["public_key"]), bytes.fromhex(seal["signature"])
    # Capitals would be the same key in other bytes.
    if read(folder, SEAL) != written({**seal, "public_key": public_key.hex(), "signature": signature.hex()}):
        return [f"{SEAL} is gewijzigd / was changed"]
    if not genuine(public_key, message(seal["sealed"]), signature):
        return ["de handtekening klopt niet / the signature is not genuine"]
    if key is not None and key.strip().lower() != seal["public_key"]:
        return ["ondertekend met een andere sleutel / signed with another key"]
    if sha256(read(folder, MANIFEST)) != seal["sealed"]["manifest"]:
        return [f"{MANIFEST} is gewijzigd / was changed"]
    return []


def check_files(folder: Path) -> list[str]:
    """Every file is there, as long and with the SHA-256 that the manifest says, and no other file is."""
    faults, known = [], {SEAL, MANIFEST}
    for entry in document(folder, MANIFEST)["files"]:
        known.add(entry["path"])
        try:
            data = read(folder, entry["path"])
        except Fault:
            faults.append(f"{entry['path']} ontbreekt / is missing")
            continue
        if len(data) != entry["bytes"] or sha256(data) != entry["sha256"]:
            faults.append(f"{entry['path']} is gewijzigd / was changed")
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        if path not in known and not file.is_dir():
            faults.append(f"{path} hoort er niet bij / does not belong here")
    return faults


def check_chain(folder: Path, noted: str | None) -> list[str]:
    """Every event of the request has its place in the register's chain, between its neighbours, up to the end."""
    links: dict[int, str] = {}
    last = None
    for line in read(folder, LINKS).decode("ascii").splitlines():
        number, _, link = line.partition(" ")
        if last is not None and int(number) != last + 1:
            return [f"{LINKS}: schakel {last + 1} ontbreekt / link {last + 1} is missing"]
        last = int(number)
        links[last] = link
    faults = []
    for event in document(folder, EVENTS)["events"]:
        before, own = links.get(event["id"] - 1), links.get(event["id"])
        if (event["prev_hash"], event["hash"]) != (before, own):
            faults.append(f"gebeurtenis {event['id']} sluit niet aan / event {event['id']} does not follow")
    end = document(folder, SEAL)["sealed"]["end"]
    if links.get(end["id"]) != end["hash"]:
        faults.append("de keten eindigt anders dan verzegeld / the chain ends otherwise than sealed")
    if noted is not None:
        number, _, link = noted.partition(":")
        if int(number) not in links:
            faults.append(f"schakel {number} ligt buiten {LINKS} / link {number} lies outside {LINKS}")
        elif links[int(number)] != link:
            faults.append(f"schakel {number} is niet de genoteerde / link {number} is not the noted one")
    return faults


def check_vouched(folder: Path) -> list[str]:
    """Plans, receipts, evidence and mails are those of which the events tell, and no plan or evidence is left out."""
    dossier, details = document(folder, DOSSIER), _details(folder)
    faults = []

    def same(what: str, told: set[Any], there: set[Any]) -> None:
        if told != there:
            faults.append(f"{what}: anders dan de gebeurtenissen / other than the events")

    same("plans", {d["digest"] for d in details("plan.made")}, {plan["digest"] for plan in dossier["plans"]})
    told = {(d["kind"], True, d["digest"]) for d in details("check.passed")}
    told |= {(d["kind"], False, d["digest"]) for d in details("check.failed")}
    kept = set()
    for one in dossier["evidence"]:
        digests = [hashlib.sha256(read(folder, one[form])).digest() for form in ("json", "html")]
        kept.add((one["kind"], one["passed"], sha256(b"".join(digests))))
    same("evidence", told, kept)
    queued = {(d["kind"], d["digest"]) for d in details("mail.queued")}
    accepted = {d["kind"] for d in details("mail.accepted")}
    for mail in dossier["mails"]:
        if (mail["kind"], mail["digest"]) not in queued or (mail["kind"] in accepted) != bool(mail["accepted_at"]):
            faults.append(f"mail {mail['kind']}: anders dan de gebeurtenissen / other than the events")
    done = {(d["store"], d["digest"], d["rows"]) for d in details(*STORE_DONE)}
    for receipt in dossier["receipts"]:
        if (receipt["store"], receipt["digest"], sum(receipt["counts"].values())) not in done:
            faults.append(f"receipt {receipt['step']} {receipt['store']}: geen gebeurtenis / no event")
    return faults


def remarks(folder: Path) -> list[str]:
    """What an auditor may want to ask about, though nothing was changed."""
    dossier, details = document(folder, DOSSIER), _details(folder)
    found = []
    if not dossier["chain"]["ok"]:
        found.append("het register zelf was bij uitgifte niet heel / the register itself was not whole when issued")
    for receipt in dossier["receipts"]:
        planned, counts = ({table: n for table, n in receipt[of].items() if n} for of in ("planned", "counts"))
        if planned != counts:
            where = f"{receipt['step']} {receipt['store']}"
            found.append(f"{where}: andere aantallen dan in het plan / other counts than in the plan")
    gone = {d["kind"] for d in details("mail.queued")} - {mail["kind"] for mail in dossier["mails"]}
    for kind in sorted(gone):
        found.append(f"mail {kind}: niet meer op het register / no longer on the register")
    if not dossier["airflow"]["included"]:
        found.append("zonder takenlogboeken van Airflow / without Airflow's task logs")
    return found


def _details(folder: Path) -> Any:
    """A function that gives the details of the events of some names."""
    events = document(folder, EVENTS)["events"]
    return lambda *names: [event["detail"] for event in events if event["name"] in names]


def check(folder: Path, key: str | None = None, noted: str | None = None) -> dict[str, list[str]]:
    """The faults by check; none anywhere where all is well."""
    checks: dict[str, Any] = {
        "handtekening / signature": lambda: check_seal(folder, key),
        "bestanden / files": lambda: check_files(folder),
        "keten / chain": lambda: check_chain(folder, noted),
        "plan, bewijs, mail / plan, evidence, mail": lambda: check_vouched(folder),
    }
    found: dict[str, list[str]] = {}
    for name, one in checks.items():
        try:
            found[name] = one()
        except Fault as fault:
            found[name] = [str(fault)]
        except (ValueError, KeyError, TypeError, AttributeError):
            found[name] = ["een bestand heeft niet meer de goede vorm / a file no longer has its form"]
    return found


def main(arguments: list[str]) -> int:
    folder, options = Path(__file__).resolve().parent, {"--key": "", "--noted": ""}
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word in options and rest:
            options[word] = rest.pop(0)
        elif word.startswith("-") or not Path(word).is_dir():
            print(__doc__, file=sys.stderr)
            return 2
        else:
            folder = Path(word)
    found = check(folder, options["--key"] or None, options["--noted"] or None)
    for name, faults in found.items():
        print(f"{'FOUT / FAULT' if faults else 'OK          '}  {name}")
        for fault in faults:
            print(f"              {fault}")
    if any(found.values()):
        print("Dit dossier klopt niet (meer). / Something is not right about this dossier.")
        return 1
    for remark in remarks(folder):
        print(f"LET OP / NOTE {remark}")
    seal = document(folder, SEAL)
    print(f"Dossier {seal['sealed']['number']} is zoals het is uitgegeven. / is as it was issued.")
    print(f"Sleutel / key: {seal['public_key']}")
    if not options["--key"]:
        print("Vergelijk deze sleutel met die de organisatie bekendmaakt; anders zegt de handtekening niets.")
        print("Compare this key with the one that the organisation makes known; else the signature says nothing.")
    return 0


if __name__ == "__main__":
    # No output encoding can break the check itself.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(main(sys.argv[1:]))
