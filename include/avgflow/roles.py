"""Who may do what with the register, and which user of Airflow has which role: the one place where that is said.

Airflow knows the users; what they may do with the register follows from their role here. Whoever has none sees nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from avgflow.register.names import Bilingual


class Role(Bilingual):
    """What somebody is to the register."""

    OFFICER = "privacy-officer", "privacy officer", "privacy officer"
    APPROVER = "second-approver", "tweede beoordelaar", "second approver"
    ENGINEER = "engineer", "technisch beheerder", "engineer"
    AUDITOR = "auditor", "auditor", "auditor"
    PORTAL = "portal", "portaal", "portal"


class May(Bilingual):
    """What there is to be allowed; each page and each action of the register asks for one of these."""

    SEE = "see", "het register inzien", "see the register"
    SEE_PERSON = "see-person", "persoonsgegevens inzien", "see personal data"
    HANDLE = "handle", "verzoeken behandelen", "handle requests"
    DECIDE = "decide", "plannen goedkeuren of afkeuren", "approve or refuse plans"
    TAKE_DOSSIER = "take-dossier", "een dossier ophalen", "take a dossier along"
    OPERATE = "operate", "een run of opschoning starten, hervatten of stoppen", "start, resume or stop a run or sweep"
    SUBMIT = "submit", "verzoeken van een portaal inschrijven en volgen", "submit and follow a portal's requests"


GRANTS: Mapping[Role, frozenset[May]] = {
    # What a portal submits is on record as the portal's, so no person does that.
    Role.OFFICER: frozenset(May) - {May.SUBMIT},
    # The second pair of eyes: looks at all, decides, and begins nothing itself.
    Role.APPROVER: frozenset({May.SEE, May.SEE_PERSON, May.DECIDE, May.TAKE_DOSSIER}),
    Role.ENGINEER: frozenset({May.SEE, May.OPERATE}),
    # Changes nothing. That a dossier was taken along is on record, as that of everybody.
    Role.AUDITOR: frozenset({May.SEE, May.TAKE_DOSSIER}),
    # A program, not a person: it sees nothing but what it submitted itself, and no page.
    Role.PORTAL: frozenset({May.SUBMIT}),
}

# Airflow's simple auth manager has four roles and no others. An administrator of Airflow keeps it running; that makes
# nobody a privacy officer.
SIMPLE_ROLES: Mapping[str, Role] = {
    "viewer": Role.AUDITOR,
    "user": Role.OFFICER,
    "op": Role.ENGINEER,
    "admin": Role.ENGINEER,
}
SIMPLE_LOGINS: Mapping[str, Role] = {"approver": Role.APPROVER, "portal": Role.PORTAL}
"""Users of the simple auth manager whose role there says too little."""

FAB_ROLES: Mapping[str, Role] = {
    "AVG privacy officer": Role.OFFICER,
    "AVG second approver": Role.APPROVER,
    "AVG engineer": Role.ENGINEER,
    "AVG auditor": Role.AUDITOR,
    "AVG portal": Role.PORTAL,
    "Admin": Role.ENGINEER,
}
"""Roles of the FAB auth manager, by name; whoever has none of these (Viewer, User, Op) sees nothing of the register."""

FIRST_USERS: Mapping[str, tuple[str, ...]] = {
    "officer": ("User", "AVG privacy officer"),
    "approver": ("User", "AVG second approver"),
    "engineer": ("Op", "AVG engineer"),
    "auditor": ("Viewer", "AVG auditor"),
    "portal": ("AVG portal",),
    "admin": ("Admin",),
}
"""The users that a new installation under the FAB auth manager begins with, and their roles there. The administrator
comes last: whoever finds one knows that the others were made.
"""

DEMO_USERS: Mapping[str, str] = {
    "admin": "admin",
    "officer": "user",
    "approver": "user",
    "engineer": "op",
    "auditor": "viewer",
    "portal": "user",
}
"""The users of the embedded stack and their roles in the simple auth manager."""


def of_simple(login: str, role: str | None) -> frozenset[Role]:
    """The roles of a user of the simple auth manager; none for one without a role there."""
    if not role:
        return frozenset()
    by_role = SIMPLE_ROLES.get(role.lower())
    by_login = SIMPLE_LOGINS.get(login) if by_role is Role.OFFICER else None
    return frozenset(filter(None, (by_login or by_role,)))


def of_fab(names: Collection[str]) -> frozenset[Role]:
    """The roles of a user of the FAB auth manager, by the names of their roles there."""
    return frozenset(FAB_ROLES[name] for name in names if name in FAB_ROLES)


def granted(roles: Collection[Role]) -> frozenset[May]:
    """All that somebody with these roles may do."""
    return frozenset().union(*(GRANTS[role] for role in roles))
