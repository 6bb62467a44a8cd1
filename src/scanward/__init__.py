"""Scanward releases CT scans to exactly the right people, and to nobody else."""

__version__ = "0.1.0"
