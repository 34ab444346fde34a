"""The groups under which `--help` lists commands and options, in the order of a request's way."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

REGISTER = "1. Register"
LOOK = "2. Look"
WHO = "3. Who asks"
DECIDE = "4. Decide"
TERM = "5. Term"
END = "6. End without carrying out"
ANSWER = "7. Answer and proof"

SWEEP_LOOK = "1. Look"
SWEEP_DECIDE = "2. Decide"
SWEEP_RUN = "3. Run and stop"
SWEEP_HOLD = "4. What stays"

SUBJECT = "Who asks, and about whom"
ONE_RIGHT = "For one right only"


class ByPanel(TyperGroup):
    """Lists commands group by group; within a group in the order in which they were defined."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=lambda name: self._panel(ctx, name))

    def _panel(self, ctx: Any, name: str) -> str:
        panel = getattr(self.get_command(ctx, name), "rich_help_panel", None)
        return panel if isinstance(panel, str) else ANSWER
