"""Why the use of records is restricted (AVG art. 18(1)), in words for the plan and the letters: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from avgflow.catalog.models import Text
from avgflow.intake import RestrictionGround


@dataclass(frozen=True)
class Why:
    """A ground of art. 18(1): its place in the article, and what it comes to for the person."""

    article: str
    text: Text


WHY: Mapping[RestrictionGround, Why] = {
    RestrictionGround.ACCURACY: Why(
        "18(1)(a)",
        Text(
            nl="U zegt dat uw gegevens niet kloppen. Wij kijken dat na.",
            en="You say that your data are not correct. We are checking that.",
        ),
    ),
    RestrictionGround.UNLAWFUL: Why(
        "18(1)(b)",
        Text(
            nl="U vindt dat wij uw gegevens niet mogen gebruiken, maar u wilt niet dat wij ze wissen.",
            en="You hold that we may not use your data, but you do not want us to erase them.",
        ),
    ),
    RestrictionGround.CLAIMS: Why(
        "18(1)(c)",
        Text(
            nl="U hebt uw gegevens nodig voor een rechtszaak, een vordering of een geschil.",
            en="You need your data for a lawsuit, a claim or a dispute.",
        ),
    ),
    RestrictionGround.OBJECTION: Why(
        "18(1)(d)",
        Text(
            nl="U maakte bezwaar. Een mens weegt dat nog af.",
            en="You objected. A human still has to weigh that.",
        ),
    ),
}
"""By ground."""
