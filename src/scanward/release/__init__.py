"""Requests, authorizations, clock, fees, letters, packages, share links and deliveries."""
