"""Wires for systems: DICOMweb, FHIR and SMART."""
