"""Proving that what was collected is everything, exactly as stored, and nobody else's."""
