"""What every page needs: doors, headers, the look, plain titles. The faces stand on it (docs/why/web.md)."""
