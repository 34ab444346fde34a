"""The data map: which tables of which stores hold whose data, and what each column is."""
