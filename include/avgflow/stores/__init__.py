"""Reading and changing the stores, set-wise for a batch of requests, over SQLAlchemy Core."""
