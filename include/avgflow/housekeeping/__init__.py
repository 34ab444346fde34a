"""Keeping our own house: what avgflow itself keeps goes when its term has passed, and not a day before."""
