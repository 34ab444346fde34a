"""Benchmarks with baselines (`make bench`); README.md says what each figure means."""
