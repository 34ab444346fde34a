"""Making the roles and databases of a deployment: `python -m avgflow.deployment.databases main|demo`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from avgflow.deployment import SECRETS
from avgflow.deployment.secret_files import DATABASE_HOST, STORES, STORES_HOST
from avgflow.provisioning import REGISTER, REGISTER_OWNER, provision

SUPERUSER = "postgres"
MAIN = {"airflow": "airflow", REGISTER: REGISTER_OWNER}
"""Database -> its owner, on the server of Airflow and the register."""
DEMO = {store: store for store in STORES}
"""The same on the server of the demonstration stores."""


def main(which: str) -> None:
    if which == "main":
        _provision(SECRETS / "database", DATABASE_HOST, MAIN)
    else:
        _provision(SECRETS / "demo", STORES_HOST, DEMO)


def _provision(secrets: Path, host: str, databases: dict[str, str]) -> None:
    superuser = secrets.joinpath("superuser").read_text(encoding="utf-8").strip()
    passwords = json.loads(secrets.joinpath("roles.json").read_text(encoding="utf-8"))
    provision(f"postgresql://{SUPERUSER}:{superuser}@{host}:5432/{SUPERUSER}", passwords, databases)


if __name__ == "__main__":
    main(sys.argv[1])
