"""Becoming one part of Airflow: `python -m avgflow.embedded.launch COMPONENT [OPTION]…`.

When a part is killed outright its children can outlive it: a LocalExecutor's workers wait for work that never
comes, or go on with a task that the next scheduler gives out again. So whatever is left of the part's earlier life
is ended before it starts anew.
"""

from __future__ import annotations

import os
import sys

from avgflow.embedded.layout import Layout
from avgflow.embedded.processes import end_component
from avgflow.settings import home


def main(component: str, *options: str) -> None:
    """End leftovers of the component, then replace this process by Airflow's own command."""
    end_component(Layout.of(home()), component)
    os.execv(sys.executable, [sys.executable, "-m", "airflow", component, *options])  # noqa: S606


if __name__ == "__main__":
    main(*sys.argv[1:])
