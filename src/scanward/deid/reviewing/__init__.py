"""What is held is looked at by a person: a page on this machine, a file of decisions, and their release."""
