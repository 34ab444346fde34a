"""The company's rules: purposes, legal bases, record classes, terms, recipients, and the texts of the law."""
