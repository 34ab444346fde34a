"""The register's schema over time. A migration is frozen once released: it repeats nothing from `schema`.

A new one is a module in `versions` named `<revision>_<what>.py`; it grants the application's role what it needs
(`op.get_context().opts["app_role"]`) and no more.
"""
