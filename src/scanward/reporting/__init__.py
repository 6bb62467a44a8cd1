"""Reads reports, in whatever form they arrive (HL7 v2, DICOM SR, CDA, PDF), as the parts of one report."""
