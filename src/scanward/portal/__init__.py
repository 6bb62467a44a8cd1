"""Pages for patients and representatives, and the look of all pages."""
