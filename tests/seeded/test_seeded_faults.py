"""Whether the tests notice a fault: each of `seeded_faults` is put into a copy of the tree, and its tests run there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from seeded_faults import EVERY, Seeded, Swap

ROOT = Path(__file__).parents[2]
CAUGHT = 1
"""pytest's exit status where tests failed, and nothing else went wrong."""

pytestmark = pytest.mark.seeded


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the tests need, whose own modules come before the installed ones."""
    copy = tmp_path_factory.mktemp("seeded") / "tree"
    copy.mkdir()
    for name in ("include", "plugins", "dags", "config", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy)
    return copy


def outcome(tree: Path, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """What the tests say of the tree, up to the first that fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["PYTHONPATH"] = str(tree / "include")
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-n", "0", *tests]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("seeded", EVERY, ids=lambda seeded: Path(seeded.module).stem)
def test_without_a_fault_the_tests_pass(seeded: Seeded, tree: Path) -> None:
    done = outcome(tree, seeded.tests)
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize(
    ("seeded", "swap"),
    [
        pytest.param(seeded, swap, id=f"{Path(seeded.module).stem}-{at:02}-{swap.harm.replace(' ', '_')}")
        for seeded in EVERY
        for at, swap in enumerate(seeded.swaps, start=1)
    ],
)
def test_a_fault_is_noticed(seeded: Seeded, swap: Swap, tree: Path) -> None:
    module = tree / seeded.module
    sound = module.read_text(encoding="utf-8")
    assert sound.count(swap.old) == 1, f"'{swap.old}' stands there {sound.count(swap.old)} times; correct the seed"
    module.write_text(sound.replace(swap.old, swap.new), encoding="utf-8")
    try:
        done = outcome(tree, seeded.tests)
    finally:
        module.write_text(sound, encoding="utf-8")
    assert done.returncode == CAUGHT, f"nobody noticed that {swap.harm}:\n{done.stdout[-500:]}"
