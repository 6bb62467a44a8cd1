"""The privacy officer's work: what looks unusual, incidents, and who still needs access."""
