"""Asks a PACS for a patient's scans and brings them here, to fulfil a request."""
