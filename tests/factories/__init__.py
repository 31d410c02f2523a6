"""Rows for tests, made by the services that make them in the product."""
