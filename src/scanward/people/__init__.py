"""Accounts, second factors, patients, representatives, staff roles and identity proofing."""
