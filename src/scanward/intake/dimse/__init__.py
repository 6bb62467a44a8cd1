"""The DICOM listener: a small receiver of our own for the upper layer (PS3.8) and the services we offer (PS3.4)."""
