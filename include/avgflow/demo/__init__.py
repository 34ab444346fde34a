"""Four demonstration stores full of invented people, and the truth about whose rows are whose.

`cast` says what kinds of people there are, `world` makes them from a seed, a module per store makes their rows, each
with its owners; `load` fills the databases, `truth` writes down who owns what. Nothing here reads the catalog, so that
the truth is an independent witness of it.
"""
