"""Patient, study, series, instance and reports: store() and open(grant), the only door to the vault."""
