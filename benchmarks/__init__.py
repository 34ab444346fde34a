"""How long avgflow takes, each figure against its baseline, in one run: `make bench`."""
