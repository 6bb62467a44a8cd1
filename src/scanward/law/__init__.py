"""HIPAA and state rules as dated rows of data, and pure functions over them. No Django, no I/O, no clock."""
