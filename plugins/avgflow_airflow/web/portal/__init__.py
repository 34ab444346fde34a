"""The way in for a company's own portal: a program with an account of its own, and no page."""
