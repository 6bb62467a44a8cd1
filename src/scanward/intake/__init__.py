"""Everything that brings records in: receive() and what it hands to the archive."""
