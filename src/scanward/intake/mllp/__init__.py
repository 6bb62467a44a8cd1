"""The listener for reports: HL7 v2 over MLLP, plain on this machine or with TLS."""
