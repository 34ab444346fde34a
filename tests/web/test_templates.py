"""What the page's templates ask of the lists of words is there; much of it only for a request that has ended."""

from __future__ import annotations

import re
from pathlib import Path

import avgflow_airflow.web as page
from avgflow.dossier.audit import words

TEMPLATES = Path(page.__file__).with_name("templates")


def test_each_list_of_words_that_a_template_names_is_there() -> None:
    asked = {name for file in TEMPLATES.glob("*.html") for name in re.findall(r"\bw\.(\w+)", file.read_text("utf-8"))}
    assert {"RIGHTS", "mail"} <= asked
    assert {name for name in asked if not hasattr(words, name)} == set()
