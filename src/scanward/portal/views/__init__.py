"""Pages for patients and representatives."""
