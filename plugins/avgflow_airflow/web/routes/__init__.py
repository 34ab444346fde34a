"""The pages and actions, by what they are about."""
