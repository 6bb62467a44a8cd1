"""decide(): who, does what, to which record, on what basis - a Grant or a Refusal, always with the reason."""
