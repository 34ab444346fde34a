"""Telling a container where its secrets are, in the `stack.env` that settings are read from: `… settings_file FILE`.

A file `/secrets/GROUP/AVGFLOW_…` is that setting, and each entry of `/secrets/stores/connections.json` an Airflow
connection for the command line. So secrets stand in no container's environment, and whoever enters a container by
`docker compose exec` has the same settings as the program in it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from avgflow.deployment import SECRETS
from avgflow.embedded.airflow_environment import render
from avgflow.embedded.state import write_private


def gathered(root: Path, login: str | None) -> dict[str, str]:
    """The settings in the groups that are here; the password of `login` where that group is among them.

    By the file and not by its content, so that a key that is rotated is read anew.
    """
    found = {f"{file.name}_FILE": str(file) for file in sorted(root.glob("*/AVGFLOW_*"))}
    connections = root / "stores" / "connections.json"
    if connections.is_file():
        given: Mapping[str, object] = json.loads(connections.read_text(encoding="utf-8"))
        for name, value in given.items():
            found[f"AIRFLOW_CONN_{name.upper()}"] = value if isinstance(value, str) else json.dumps(value)
    own = root / "users" / login if login else None
    if own is not None and own.is_file():
        found["AVGFLOW_AIRFLOW_PASSWORD_FILE"] = str(own)
    return found


def main(target: str) -> None:
    write_private(Path(target), render(gathered(SECRETS, os.environ.get("AVGFLOW_AIRFLOW_USER"))))


if __name__ == "__main__":
    main(sys.argv[1])
