"""Retention: what is past its term in the stores, and letting it go (AVG art. 5(1)(e))."""
