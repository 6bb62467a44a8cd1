"""Reading, walking and writing DICOM that nobody vouches for."""
