"""A Django database backend for SQLite encrypted with SQLCipher."""
