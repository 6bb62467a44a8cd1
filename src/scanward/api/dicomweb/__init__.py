"""DICOMweb (PS3.18): the store service, STOW-RS."""
