"""What a person receives: ZIP, encrypted ZIP, manifest, report, letters.

It knows neither the archive nor the vault.
"""
