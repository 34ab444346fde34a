"""What a deployment in containers does at its start: its secrets as files, its databases, its settings.

Each secret is a file, `GROUP/NAME` below `/secrets`; a container sees the groups that it needs and no others.
"""

from __future__ import annotations

from pathlib import Path

SECRETS = Path("/secrets")
