# Made by tools/make_deid_tables.py: change the data in tools/standard and run it again.
# ruff: noqa: E501, RUF100
# fmt: off
"""The rows of DICOM PS3.15 2024e, Table E.1-1, with the rows that 2025b adds: tag -> (basic profile, options).

Options come as pairs of letters, (column, action): P safe private, U UIDs, D device,
I institution, C patient characteristics, F full dates, M modified dates, T descriptors,
S structured content, G graphics.
"""

from typing import Final

EDITION: Final = "DICOM PS3.15 2024e, Table E.1-1, with the rows that 2025b adds"

ROWS: Final[dict[int, tuple[str, str]]] = {
    0x00001000: ("X", "UK"),  # Affected SOP Instance UID
    0x00001001: ("U", "UK"),  # Requested SOP Instance UID
    0x00020003: ("U", "UK"),  # Media Storage SOP Instance UID
    0x00041511: ("U", "UK"),  # Referenced SOP Instance UID in File
    0x00080012: ("X/D", "FKMC"),  # Instance Creation Date
    0x00080013: ("X/Z/D", "FKMC"),  # Instance Creation Time
    0x00080014: ("U", "UK"),  # Instance Creator UID
    0x00080015: ("X", "FKMC"),  # Instance Coercion DateTime
    0x00080017: ("U", "UK"),  # Acquisition UID
    0x00080018: ("U", "UK"),  # SOP Instance UID
    0x00080019: ("U", "UK"),  # Pyramid UID
    0x00080020: ("Z", "FKMC"),  # Study Date
    0x00080021: ("X/D", "FKMC"),  # Series Date
    0x00080022: ("X/Z", "FKMC"),  # Acquisition Date
    0x00080023: ("Z/D", "FKMC"),  # Content Date
    0x00080024: ("X", "FKMC"),  # Overlay Date
    0x00080025: ("X", "FKMC"),  # Curve Date
    0x0008002A: ("X/Z/D", "FKMC"),  # Acquisition DateTime
    0x00080030: ("Z", "FKMC"),  # Study Time
    0x00080031: ("X/D", "FKMC"),  # Series Time
    0x00080032: ("X/Z", "FKMC"),  # Acquisition Time
    0x00080033: ("Z/D", "FKMC"),  # Content Time
    0x00080034: ("X", "FKMC"),  # Overlay Time
    0x00080035: ("X", "FKMC"),  # Curve Time
    0x00080050: ("Z", ""),  # Accession Number
    0x00080054: ("X", "DC"),  # Retrieve AE Title
    0x00080055: ("X", "DC"),  # Station AE Title
    0x00080058: ("U", "UK"),  # Failed SOP Instance UID List
    0x00080080: ("X/Z/D", "IK"),  # Institution Name
    0x00080081: ("X", "IK"),  # Institution Address
    0x00080082: ("X/Z/D", "IK"),  # Institution Code Sequence
    0x00080090: ("Z", ""),  # Referring Physician's Name
    0x00080092: ("X", ""),  # Referring Physician's Address
    0x00080094: ("X", ""),  # Referring Physician's Telephone Numbers
    0x00080096: ("X", ""),  # Referring Physician Identification Sequence
    0x0008009C: ("Z", ""),  # Consulting Physician's Name
    0x0008009D: ("X", ""),  # Consulting Physician Identification Sequence
    0x00080106: ("D", "FKMC"),  # Context Group Version
    0x00080107: ("D", "FKMC"),  # Context Group Local Version
    0x00080201: ("X", "FKMC"),  # Timezone Offset From UTC
    0x00081000: ("X", "DC"),  # Network ID
    0x00081010: ("X/Z/D", "DK"),  # Station Name
    0x00081030: ("X", "TC"),  # Study Description
    0x0008103E: ("X", "TC"),  # Series Description
    0x00081040: ("X", "IK"),  # Institutional Department Name
    0x00081041: ("X", "IK"),  # Institutional Department Type Code Sequence
    0x00081048: ("X", ""),  # Physician(s) of Record
    0x00081049: ("X", ""),  # Physician(s) of Record Identification Sequence
    0x00081050: ("X", ""),  # Performing Physician's Name
    0x00081052: ("X", ""),  # Performing Physician Identification Sequence
    0x00081060: ("X", ""),  # Name of Physician(s) Reading Study
    0x00081062: ("X", ""),  # Physician(s) Reading Study Identification Sequence
    0x00081070: ("X/Z/D", ""),  # Operators' Name
    0x00081072: ("X/D", ""),  # Operator Identification Sequence
    0x00081080: ("X", "TC"),  # Admitting Diagnoses Description
    0x00081084: ("X", "TC"),  # Admitting Diagnoses Code Sequence
    0x00081088: ("X", "TC"),  # Pyramid Description
    0x00081110: ("X/Z", "UK"),  # Referenced Study Sequence
    0x00081111: ("X/Z/D", "UK"),  # Referenced Performed Procedure Step Sequence
    0x00081120: ("X", "UK"),  # Referenced Patient Sequence
    0x00081140: ("X/Z/U*", "UK"),  # Referenced Image Sequence
    0x00081155: ("U", "UK"),  # Referenced SOP Instance UID
    0x00081195: ("U", "UK"),  # Transaction UID
    0x00081301: ("X", "TC"),  # Principal Diagnosis Code Sequence
    0x00081302: ("X", "TC"),  # Primary Diagnosis Code Sequence
    0x00081303: ("X", "TC"),  # Secondary Diagnoses Code Sequence
    0x00081304: ("X", "TC"),  # Histological Diagnoses Code Sequence
    0x00082111: ("X", "TC"),  # Derivation Description
    0x00082112: ("X/Z/U*", "UK"),  # Source Image Sequence
    0x00083010: ("U", "UK"),  # Irradiation Event UID
    0x00084000: ("X", "TC"),  # Identifying Comments
    0x00100010: ("Z", ""),  # Patient's Name
    0x00100011: ("X", ""),  # Person Names to Use Sequence
    0x00100012: ("X", ""),  # Name to Use
    0x00100013: ("X", ""),  # Name to Use Comment
    0x00100014: ("X", ""),  # Third Person Pronouns Sequence
    0x00100015: ("X", ""),  # Pronoun Code Sequence
    0x00100016: ("X", "TC"),  # Pronoun Comment
    0x00100020: ("Z/D", ""),  # Patient ID
    0x00100021: ("X", ""),  # Issuer of Patient ID
    0x00100030: ("Z", ""),  # Patient's Birth Date
    0x00100032: ("X", ""),  # Patient's Birth Time
    0x00100040: ("Z", "CK"),  # Patient's Sex
    0x00100041: ("X", ""),  # Gender Identity Sequence
    0x00100042: ("X", "CCTC"),  # Sex Parameters for Clinical Use Category Comment
    0x00100043: ("X", "CK"),  # Sex Parameters for Clinical Use Category Sequence
    0x00100044: ("X", ""),  # Gender Identity Code Sequence
    0x00100045: ("X", "TC"),  # Gender Identity Comment
    0x00100046: ("X", "CK"),  # Sex Parameters for Clinical Use Category Code Sequence
    0x00100047: ("X", "CK"),  # Sex Parameters for Clinical Use Category Reference
    0x00100050: ("X", ""),  # Patient's Insurance Plan Code Sequence
    0x00100101: ("X", ""),  # Patient's Primary Language Code Sequence
    0x00100102: ("X", ""),  # Patient's Primary Language Modifier Code Sequence
    0x00101000: ("X", ""),  # Other Patient IDs
    0x00101001: ("X", ""),  # Other Patient Names
    0x00101002: ("X", ""),  # Other Patient IDs Sequence
    0x00101005: ("X", ""),  # Patient's Birth Name
    0x00101010: ("X", "CK"),  # Patient's Age
    0x00101020: ("X", "CK"),  # Patient's Size
    0x00101030: ("X", "CK"),  # Patient's Weight
    0x00101040: ("X", ""),  # Patient's Address
    0x00101050: ("X", ""),  # Insurance Plan Identification
    0x00101060: ("X", ""),  # Patient's Mother's Birth Name
    0x00101080: ("X", ""),  # Military Rank
    0x00101081: ("X", ""),  # Branch of Service
    0x00101090: ("X", ""),  # Medical Record Locator
    0x00101100: ("X", ""),  # Referenced Patient Photo Sequence
    0x00102000: ("X", "TC"),  # Medical Alerts
    0x00102110: ("X", "CCTC"),  # Allergies
    0x00102150: ("X", ""),  # Country of Residence
    0x00102152: ("X", ""),  # Region of Residence
    0x00102154: ("X", ""),  # Patient's Telephone Numbers
    0x00102155: ("X", ""),  # Patient's Telecom Information
    0x00102160: ("X", "CK"),  # Ethnic Group
    0x00102161: ("X", "CK"),  # Ethnic Group Code Sequence
    0x00102162: ("X", "CK"),  # Ethnic Groups
    0x00102180: ("X", "TC"),  # Occupation
    0x001021A0: ("X", "CK"),  # Smoking Status
    0x001021B0: ("X", "TC"),  # Additional Patient History
    0x001021C0: ("X", "CK"),  # Pregnancy Status
    0x001021D0: ("X", "FKMC"),  # Last Menstrual Date
    0x001021F0: ("X", ""),  # Patient's Religious Preference
    0x00102203: ("X/Z", "CK"),  # Patient's Sex Neutered
    0x00102297: ("X", ""),  # Responsible Person
    0x00102299: ("X", ""),  # Responsible Organization
    0x00104000: ("X", "TC"),  # Patient Comments
    0x00120010: ("D", ""),  # Clinical Trial Sponsor Name
    0x00120020: ("D", ""),  # Clinical Trial Protocol ID
    0x00120021: ("Z", ""),  # Clinical Trial Protocol Name
    0x00120022: ("X", ""),  # Issuer of Clinical Trial Protocol ID
    0x00120023: ("X", ""),  # Other Clinical Trial Protocol IDs Sequence
    0x00120030: ("Z", "IK"),  # Clinical Trial Site ID
    0x00120031: ("Z", "IK"),  # Clinical Trial Site Name
    0x00120032: ("X", ""),  # Issuer of Clinical Trial Site ID
    0x00120040: ("D", ""),  # Clinical Trial Subject ID
    0x00120041: ("X", ""),  # Issuer of Clinical Trial Subject ID
    0x00120042: ("D", ""),  # Clinical Trial Subject Reading ID
    0x00120043: ("X", ""),  # Issuer of Clinical Trial Subject Reading ID
    0x00120050: ("Z", ""),  # Clinical Trial Time Point ID
    0x00120051: ("X", "TC"),  # Clinical Trial Time Point Description
    0x00120055: ("X", ""),  # Issuer of Clinical Trial Time Point ID
    0x00120060: ("Z", "IK"),  # Clinical Trial Coordinating Center Name
    0x00120071: ("X", ""),  # Clinical Trial Series ID
    0x00120072: ("X", "TC"),  # Clinical Trial Series Description
    0x00120073: ("X", ""),  # Issuer of Clinical Trial Series ID
    0x00120081: ("D", "IK"),  # Clinical Trial Protocol Ethics Committee Name
    0x00120082: ("X", ""),  # Clinical Trial Protocol Ethics Committee Approval Number
    0x00120086: ("X", "FKMC"),  # Ethics Committee Approval Effectiveness Start Date
    0x00120087: ("X", "FKMC"),  # Ethics Committee Approval Effectiveness End Date
    0x0014407C: ("X", "DKFKMC"),  # Calibration Time
    0x0014407E: ("X", "DKFKMC"),  # Calibration Date
    0x0016002B: ("X", "TC"),  # Maker Note
    0x0016004B: ("X", "TC"),  # Device Setting Description
    0x0016004D: ("X", ""),  # Camera Owner Name
    0x0016004E: ("X", "DK"),  # Lens Specification
    0x0016004F: ("X", "DK"),  # Lens Make
    0x00160050: ("X", "DK"),  # Lens Model
    0x00160051: ("X", "DK"),  # Lens Serial Number
    0x00160070: ("X", ""),  # GPS Version ID
    0x00160071: ("X", ""),  # GPS Latitude Ref
    0x00160072: ("X", ""),  # GPS Latitude
    0x00160073: ("X", ""),  # GPS Longitude Ref
    0x00160074: ("X", ""),  # GPS Longitude
    0x00160075: ("X", ""),  # GPS Altitude Ref
    0x00160076: ("X", ""),  # GPS Altitude
    0x00160077: ("X", ""),  # GPS Time Stamp
    0x00160078: ("X", ""),  # GPS Satellites
    0x00160079: ("X", ""),  # GPS Status
    0x0016007A: ("X", ""),  # GPS Measure Mode
    0x0016007B: ("X", ""),  # GPS DOP
    0x0016007C: ("X", ""),  # GPS Speed Ref
    0x0016007D: ("X", ""),  # GPS Speed
    0x0016007E: ("X", ""),  # GPS Track Ref
    0x0016007F: ("X", ""),  # GPS Track
    0x00160080: ("X", ""),  # GPS Img Direction Ref
    0x00160081: ("X", ""),  # GPS Img Direction
    0x00160082: ("X", ""),  # GPS Map Datum
    0x00160083: ("X", ""),  # GPS Dest Latitude Ref
    0x00160084: ("X", ""),  # GPS Dest Latitude
    0x00160085: ("X", ""),  # GPS Dest Longitude Ref
    0x00160086: ("X", ""),  # GPS Dest Longitude
    0x00160087: ("X", ""),  # GPS Dest Bearing Ref
    0x00160088: ("X", ""),  # GPS Dest Bearing
    0x00160089: ("X", ""),  # GPS Dest Distance Ref
    0x0016008A: ("X", ""),  # GPS Dest Distance
    0x0016008B: ("X", ""),  # GPS Processing Method
    0x0016008C: ("X", ""),  # GPS Area Information
    0x0016008D: ("X", "FKMC"),  # GPS Date Stamp
    0x0016008E: ("X", ""),  # GPS Differential
    0x00180010: ("Z/D", "TC"),  # Contrast/Bolus Agent
    0x00180027: ("X", "FKMC"),  # Intervention Drug Stop Time
    0x00180035: ("X", "FKMC"),  # Intervention Drug Start Time
    0x00181000: ("X/Z/D", "DK"),  # Device Serial Number
    0x00181002: ("U", "UKDK"),  # Device UID
    0x00181004: ("X", "DK"),  # Plate ID
    0x00181005: ("X", "DK"),  # Generator ID
    0x00181007: ("X", "DK"),  # Cassette ID
    0x00181008: ("X", "DK"),  # Gantry ID
    0x00181009: ("X", "DK"),  # Unique Device Identifier
    0x0018100A: ("X", "DK"),  # UDI Sequence
    0x0018100B: ("U", "UKDK"),  # Manufacturer's Device Class UID
    0x00181010: ("X", "DK"),  # Secondary Capture Device ID
    0x00181011: ("X", "DK"),  # Hardcopy Creation Device ID
    0x00181012: ("X", "FKMC"),  # Date of Secondary Capture
    0x00181014: ("X", "FKMC"),  # Time of Secondary Capture
    0x00181030: ("X/D", "TC"),  # Protocol Name
    0x00181042: ("X", "FKMC"),  # Contrast/Bolus Start Time
    0x00181043: ("X", "FKMC"),  # Contrast/Bolus Stop Time
    0x00181072: ("X", "FKMC"),  # Radiopharmaceutical Start Time
    0x00181073: ("X", "FKMC"),  # Radiopharmaceutical Stop Time
    0x00181078: ("X", "FKMC"),  # Radiopharmaceutical Start DateTime
    0x00181079: ("X", "FKMC"),  # Radiopharmaceutical Stop DateTime
    0x001811BB: ("D", "TC"),  # Acquisition Field Of View Label
    0x00181200: ("X", "DKFKMC"),  # Date of Last Calibration
    0x00181201: ("X", "DKFKMC"),  # Time of Last Calibration
    0x00181202: ("X", "DKFKMC"),  # DateTime of Last Calibration
    0x00181203: ("Z", "DKFKMC"),  # Calibration DateTime
    0x00181204: ("X", "DKFKMC"),  # Date of Manufacture
    0x00181205: ("X", "DKFKMC"),  # Date of Installation
    0x00181400: ("X/D", "TC"),  # Acquisition Device Processing Description
    0x00182042: ("U", "UK"),  # Target UID
    0x00184000: ("X", "TC"),  # Acquisition Comments
    0x00185011: ("X", "DK"),  # Transducer Identification Sequence
    0x0018700A: ("X/D", "DK"),  # Detector ID
    0x0018700C: ("X/D", "DKFKMC"),  # Date of Last Detector Calibration
    0x0018700E: ("X/D", "DKFKMC"),  # Time of Last Detector Calibration
    0x00189074: ("D", "FKMC"),  # Frame Acquisition DateTime
    0x00189151: ("D", "FKMC"),  # Frame Reference DateTime
    0x00189185: ("X", "TC"),  # Respiratory Motion Compensation Technique Description
    0x00189367: ("D", "DK"),  # X-Ray Source ID
    0x00189369: ("D", "FKMC"),  # Source Start DateTime
    0x0018936A: ("D", "FKMC"),  # Source End DateTime
    0x00189371: ("D", "DK"),  # X-Ray Detector ID
    0x00189373: ("X", "DK"),  # X-Ray Detector Label
    0x0018937B: ("X", "TC"),  # Multi-energy Acquisition Description
    0x0018937F: ("X", "TC"),  # Decomposition Description
    0x00189424: ("X", "TC"),  # Acquisition Protocol Description
    0x00189516: ("X/D", "FKMC"),  # Start Acquisition DateTime
    0x00189517: ("X/D", "FKMC"),  # End Acquisition DateTime
    0x00189623: ("D", "FKMC"),  # Functional Sync Pulse
    0x00189701: ("D", "FKMC"),  # Decay Correction DateTime
    0x00189804: ("D", "FKMC"),  # Exclusion Start DateTime
    0x00189919: ("Z/D", "FKMC"),  # Instruction Performed DateTime
    0x00189937: ("X", "TC"),  # Requested Series Description
    0x0018A002: ("X", "FKMC"),  # Contribution DateTime
    0x0018A003: ("X", "TC"),  # Contribution Description
    0x0020000D: ("U", "UK"),  # Study Instance UID
    0x0020000E: ("U", "UK"),  # Series Instance UID
    0x00200010: ("Z", ""),  # Study ID
    0x00200027: ("X", "TC"),  # Pyramid Label
    0x00200052: ("U", "UK"),  # Frame of Reference UID
    0x00200200: ("U", "UK"),  # Synchronization Frame of Reference UID
    0x00203401: ("X", "DK"),  # Modifying Device ID
    0x00203403: ("X", "FKMC"),  # Modified Image Date
    0x00203405: ("X", "FKMC"),  # Modified Image Time
    0x00203406: ("X", ""),  # Modified Image Description
    0x00204000: ("X", "TC"),  # Image Comments
    0x00209158: ("X", "TC"),  # Frame Comments
    0x00209161: ("U", "UK"),  # Concatenation UID
    0x00209164: ("U", "UK"),  # Dimension Organization UID
    0x00281199: ("U", "UK"),  # Palette Color Lookup Table UID
    0x00281214: ("U", "UK"),  # Large Palette Color Lookup Table UID
    0x00284000: ("X", ""),  # Image Presentation Comments
    0x00320012: ("X", ""),  # Study ID Issuer
    0x00320032: ("X", "FKMC"),  # Study Verified Date
    0x00320033: ("X", "FKMC"),  # Study Verified Time
    0x00320034: ("X", "FKMC"),  # Study Read Date
    0x00320035: ("X", "FKMC"),  # Study Read Time
    0x00321000: ("X", "FKMC"),  # Scheduled Study Start Date
    0x00321001: ("X", "FKMC"),  # Scheduled Study Start Time
    0x00321010: ("X", "FKMC"),  # Scheduled Study Stop Date
    0x00321011: ("X", "FKMC"),  # Scheduled Study Stop Time
    0x00321020: ("X", "DK"),  # Scheduled Study Location
    0x00321021: ("X", "DC"),  # Scheduled Study Location AE Title
    0x00321030: ("X", "TC"),  # Reason for Study
    0x00321032: ("X", ""),  # Requesting Physician
    0x00321033: ("X", ""),  # Requesting Service
    0x00321040: ("X", "FKMC"),  # Study Arrival Date
    0x00321041: ("X", "FKMC"),  # Study Arrival Time
    0x00321050: ("X", "FKMC"),  # Study Completion Date
    0x00321051: ("X", "FKMC"),  # Study Completion Time
    0x00321060: ("X/Z", "TC"),  # Requested Procedure Description
    0x00321066: ("X", "TC"),  # Reason for Visit
    0x00321067: ("X", "TC"),  # Reason for Visit Code Sequence
    0x00321070: ("X", "TC"),  # Requested Contrast Agent
    0x00324000: ("X", "TC"),  # Study Comments
    0x00340001: ("D", ""),  # Flow Identifier Sequence
    0x00340002: ("D", ""),  # Flow Identifier
    0x00340005: ("D", ""),  # Source Identifier
    0x00340007: ("D", "FKMC"),  # Frame Origin Timestamp
    0x00380004: ("X", ""),  # Referenced Patient Alias Sequence
    0x00380010: ("X", ""),  # Admission ID
    0x00380011: ("X", ""),  # Issuer of Admission ID
    0x00380014: ("X", ""),  # Issuer of Admission ID Sequence
    0x0038001A: ("X", "FKMC"),  # Scheduled Admission Date
    0x0038001B: ("X", "FKMC"),  # Scheduled Admission Time
    0x0038001C: ("X", "FKMC"),  # Scheduled Discharge Date
    0x0038001D: ("X", "FKMC"),  # Scheduled Discharge Time
    0x0038001E: ("X", ""),  # Scheduled Patient Institution Residence
    0x00380020: ("X", "FKMC"),  # Admitting Date
    0x00380021: ("X", "FKMC"),  # Admitting Time
    0x00380030: ("X", "FKMC"),  # Discharge Date
    0x00380032: ("X", "FKMC"),  # Discharge Time
    0x00380040: ("X", "TC"),  # Discharge Diagnosis Description
    0x00380050: ("X", "CC"),  # Special Needs
    0x00380060: ("X", ""),  # Service Episode ID
    0x00380061: ("X", ""),  # Issuer of Service Episode ID
    0x00380062: ("X", "TC"),  # Service Episode Description
    0x00380064: ("X", ""),  # Issuer of Service Episode ID Sequence
    0x00380300: ("X", ""),  # Current Patient Location
    0x00380400: ("X", ""),  # Patient's Institution Residence
    0x00380500: ("X", "CCTC"),  # Patient State
    0x00384000: ("X", "TC"),  # Visit Comments
    0x003A0020: ("X", "TC"),  # Multiplex Group Label
    0x003A0203: ("X", "TC"),  # Channel Label
    0x003A020C: ("X", "TC"),  # Channel Derivation Description
    0x003A0310: ("U", "UK"),  # Multiplex Group UID
    0x003A0314: ("D", "FKMC"),  # Impedance Measurement DateTime
    0x003A0329: ("X", "TC"),  # Waveform Filter Description
    0x003A032B: ("X", "TC"),  # Filter Lookup Table Description
    0x00400001: ("X", "DC"),  # Scheduled Station AE Title
    0x00400002: ("X", "FKMC"),  # Scheduled Procedure Step Start Date
    0x00400003: ("X", "FKMC"),  # Scheduled Procedure Step Start Time
    0x00400004: ("X", "FKMC"),  # Scheduled Procedure Step End Date
    0x00400005: ("X", "FKMC"),  # Scheduled Procedure Step End Time
    0x00400006: ("X", ""),  # Scheduled Performing Physician's Name
    0x00400007: ("X", "TC"),  # Scheduled Procedure Step Description
    0x00400009: ("X", ""),  # Scheduled Procedure Step ID
    0x0040000B: ("X", ""),  # Scheduled Performing Physician Identification Sequence
    0x00400010: ("X", "DK"),  # Scheduled Station Name
    0x00400011: ("X", "DK"),  # Scheduled Procedure Step Location
    0x00400012: ("X", "CC"),  # Pre-Medication
    0x00400241: ("X", "DC"),  # Performed Station AE Title
    0x00400242: ("X", "DK"),  # Performed Station Name
    0x00400243: ("X", ""),  # Performed Location
    0x00400244: ("X", "FKMC"),  # Performed Procedure Step Start Date
    0x00400245: ("X", "FKMC"),  # Performed Procedure Step Start Time
    0x00400250: ("X", "FKMC"),  # Performed Procedure Step End Date
    0x00400251: ("X", "FKMC"),  # Performed Procedure Step End Time
    0x00400253: ("X", ""),  # Performed Procedure Step ID
    0x00400254: ("X", "TC"),  # Performed Procedure Step Description
    0x00400275: ("X", "TC"),  # Request Attributes Sequence
    0x00400280: ("X", "TC"),  # Comments on the Performed Procedure Step
    0x00400310: ("X", "TC"),  # Comments on Radiation Dose
    0x0040050A: ("X", ""),  # Specimen Accession Number
    0x00400512: ("D", ""),  # Container Identifier
    0x00400513: ("Z", ""),  # Issuer of the Container Identifier Sequence
    0x0040051A: ("X", "TC"),  # Container Description
    0x00400551: ("D", ""),  # Specimen Identifier
    0x00400554: ("U", "UK"),  # Specimen UID
    0x00400555: ("X/Z", "SC"),  # Acquisition Context Sequence
    0x00400556: ("X", "TC"),  # Acquisition Context Description
    0x00400562: ("Z", ""),  # Issuer of the Specimen Identifier Sequence
    0x00400600: ("X", "TC"),  # Specimen Short Description
    0x00400602: ("X", "TC"),  # Specimen Detailed Description
    0x00400610: ("Z", "SC"),  # Specimen Preparation Sequence
    0x004006FA: ("X", ""),  # Slide Identifier
    0x00401001: ("X", ""),  # Requested Procedure ID
    0x00401002: ("X", "TC"),  # Reason for the Requested Procedure
    0x00401004: ("X", ""),  # Patient Transport Arrangements
    0x00401005: ("X", ""),  # Requested Procedure Location
    0x0040100A: ("X", "TC"),  # Reason for Requested Procedure Code Sequence
    0x00401010: ("X", ""),  # Names of Intended Recipients of Results
    0x00401011: ("X", ""),  # Intended Recipients of Results Identification Sequence
    0x00401101: ("D", ""),  # Person Identification Code Sequence
    0x00401102: ("X", ""),  # Person's Address
    0x00401103: ("X", ""),  # Person's Telephone Numbers
    0x00401104: ("X", ""),  # Person's Telecom Information
    0x00401400: ("X", "TC"),  # Requested Procedure Comments
    0x00402001: ("X", "TC"),  # Reason for the Imaging Service Request
    0x00402004: ("X", "FKMC"),  # Issue Date of Imaging Service Request
    0x00402005: ("X", "FKMC"),  # Issue Time of Imaging Service Request
    0x00402008: ("X", ""),  # Order Entered By
    0x00402009: ("X", ""),  # Order Enterer's Location
    0x00402010: ("X", ""),  # Order Callback Phone Number
    0x00402011: ("X", ""),  # Order Callback Telecom Information
    0x00402016: ("Z", ""),  # Placer Order Number / Imaging Service Request
    0x00402017: ("Z", ""),  # Filler Order Number / Imaging Service Request
    0x00402400: ("X", "TC"),  # Imaging Service Request Comments
    0x00403001: ("X", ""),  # Confidentiality Constraint on Patient Data Description
    0x00404005: ("X", "FKMC"),  # Scheduled Procedure Step Start DateTime
    0x00404008: ("X", "FKMC"),  # Scheduled Procedure Step Expiration DateTime
    0x00404010: ("X", "FKMC"),  # Scheduled Procedure Step Modification DateTime
    0x00404011: ("X", "FKMC"),  # Expected Completion DateTime
    0x00404023: ("U", "UK"),  # Referenced General Purpose Scheduled Procedure Step Transaction UID
    0x00404025: ("X", "DK"),  # Scheduled Station Name Code Sequence
    0x00404027: ("X", "DK"),  # Scheduled Station Geographic Location Code Sequence
    0x00404028: ("X", "DK"),  # Performed Station Name Code Sequence
    0x00404030: ("X", "DK"),  # Performed Station Geographic Location Code Sequence
    0x00404034: ("X", ""),  # Scheduled Human Performers Sequence
    0x00404035: ("X", ""),  # Actual Human Performers Sequence
    0x00404036: ("X", ""),  # Human Performer's Organization
    0x00404037: ("X", ""),  # Human Performer's Name
    0x00404050: ("X", "FKMC"),  # Performed Procedure Step Start DateTime
    0x00404051: ("X", "FKMC"),  # Performed Procedure Step End DateTime
    0x00404052: ("X", "FKMC"),  # Procedure Step Cancellation DateTime
    0x0040A023: ("X", "FKMC"),  # Findings Group Recording Date (Trial)
    0x0040A024: ("X", "FKMC"),  # Findings Group Recording Time (Trial)
    0x0040A027: ("D", ""),  # Verifying Organization
    0x0040A030: ("D", "FKMC"),  # Verification DateTime
    0x0040A032: ("X/D", "FKMC"),  # Observation DateTime
    0x0040A033: ("X", "FKMC"),  # Observation Start DateTime
    0x0040A034: ("X", "FKMC"),  # Effective Start DateTime
    0x0040A035: ("X", "FKMC"),  # Effective Stop DateTime
    0x0040A073: ("D", ""),  # Verifying Observer Sequence
    0x0040A075: ("D", ""),  # Verifying Observer Name
    0x0040A078: ("X", ""),  # Author Observer Sequence
    0x0040A07A: ("X", ""),  # Participant Sequence
    0x0040A07C: ("X", ""),  # Custodial Organization Sequence
    0x0040A082: ("Z", "FKMC"),  # Participation DateTime
    0x0040A088: ("Z", ""),  # Verifying Observer Identification Code Sequence
    0x0040A110: ("X", "FKMC"),  # Date of Document or Verbal Transaction (Trial)
    0x0040A112: ("X", "FKMC"),  # Time of Document Creation or Verbal Transaction (Trial)
    0x0040A120: ("D", "FKMC"),  # DateTime
    0x0040A121: ("D", "FKMC"),  # Date
    0x0040A122: ("D", "FKMC"),  # Time
    0x0040A123: ("D", ""),  # Person Name
    0x0040A124: ("U", ""),  # UID
    0x0040A13A: ("D", "FKMC"),  # Referenced DateTime
    0x0040A171: ("U", "UK"),  # Observation UID
    0x0040A172: ("U", "UK"),  # Referenced Observation UID (Trial)
    0x0040A192: ("X", "FKMC"),  # Observation Date (Trial)
    0x0040A193: ("X", "FKMC"),  # Observation Time (Trial)
    0x0040A307: ("X", ""),  # Current Observer (Trial)
    0x0040A352: ("X", ""),  # Verbal Source (Trial)
    0x0040A353: ("X", ""),  # Address (Trial)
    0x0040A354: ("X", ""),  # Telephone Number (Trial)
    0x0040A358: ("X", ""),  # Verbal Source Identifier Code Sequence (Trial)
    0x0040A402: ("U", "UK"),  # Observation Subject UID (Trial)
    0x0040A730: ("D", "SC"),  # Content Sequence
    0x0040B020: ("X", "SC"),  # Waveform Annotation Sequence
    0x0040B034: ("X", "FKMC"),  # Annotation DateTime
    0x0040B036: ("X", "FKMC"),  # Segment Definition DateTime
    0x0040B03B: ("X", "TC"),  # Montage Name
    0x0040B03F: ("X", "TC"),  # Montage Channel Label
    0x0040DB06: ("X", "FKMC"),  # Template Version
    0x0040DB07: ("X", "FKMC"),  # Template Local Version
    0x0040DB0C: ("U", "UK"),  # Template Extension Organization UID
    0x0040DB0D: ("U", "UK"),  # Template Extension Creator UID
    0x0040E004: ("X", "FKMC"),  # HL7 Document Effective Time
    0x00420011: ("D", ""),  # Encapsulated Document
    0x00440004: ("X", "FKMC"),  # Approval Status DateTime
    0x0044000B: ("X", "FKMC"),  # Product Expiration DateTime
    0x00440010: ("X", "FKMC"),  # Substance Administration DateTime
    0x00440104: ("D", "FKMC"),  # Assertion DateTime
    0x00440105: ("X", "FKMC"),  # Assertion Expiration DateTime
    0x0050001B: ("X", ""),  # Container Component ID
    0x00500020: ("X", "DK"),  # Device Description
    0x00500021: ("X", "TC"),  # Long Device Description
    0x00620021: ("U", "UK"),  # Tracking UID
    0x00640003: ("U", "UK"),  # Source Frame of Reference UID
    0x00686226: ("D", "FKMC"),  # Effective DateTime
    0x00686270: ("D", "FKMC"),  # Information Issue DateTime
    0x006A0003: ("D", "UK"),  # Annotation Group UID
    0x006A0005: ("D", "TC"),  # Annotation Group Label
    0x006A0006: ("X", "TC"),  # Annotation Group Description
    0x00700001: ("D", "GC"),  # Graphic Annotation Sequence
    0x00700006: ("D", "TC"),  # Unformatted Text Value
    0x00700082: ("X", "FKMC"),  # Presentation Creation Date
    0x00700083: ("X", "FKMC"),  # Presentation Creation Time
    0x00700084: ("Z/D", ""),  # Content Creator's Name
    0x00700086: ("X", ""),  # Content Creator's Identification Code Sequence
    0x0070031A: ("U", "UK"),  # Fiducial UID
    0x00701101: ("U", "UK"),  # Presentation Display Collection UID
    0x00701102: ("U", "UK"),  # Presentation Sequence Collection UID
    0x0072000A: ("D", "FKMC"),  # Hanging Protocol Creation DateTime
    0x0072005E: ("D", "DC"),  # Selector AE Value
    0x0072005F: ("D", "CK"),  # Selector AS Value
    0x00720061: ("D", "FKMC"),  # Selector DA Value
    0x00720063: ("D", "FKMC"),  # Selector DT Value
    0x00720065: ("D", ""),  # Selector OB Value
    0x00720066: ("D", "TC"),  # Selector LO Value
    0x00720068: ("D", "TC"),  # Selector LT Value
    0x0072006A: ("D", ""),  # Selector PN Value
    0x0072006B: ("D", "FKMC"),  # Selector TM Value
    0x0072006C: ("D", "TC"),  # Selector SH Value
    0x0072006D: ("D", ""),  # Selector UN Value
    0x0072006E: ("D", "TC"),  # Selector ST Value
    0x00720070: ("D", "TC"),  # Selector UT Value
    0x00720071: ("D", ""),  # Selector UR Value
    0x00741234: ("X", "DC"),  # Receiving AE
    0x00741236: ("X", "DC"),  # Requesting AE
    0x00880140: ("U", "UK"),  # Storage Media File-set UID
    0x00880200: ("X", ""),  # Icon Image Sequence (see Note 11)
    0x00880904: ("X", ""),  # Topic Title
    0x00880906: ("X", ""),  # Topic Subject
    0x00880910: ("X", ""),  # Topic Author
    0x00880912: ("X", ""),  # Topic Keywords
    0x01000420: ("X", "FKMC"),  # SOP Authorization DateTime
    0x04000100: ("U", ""),  # Digital Signature UID
    0x04000105: ("D", "FKMC"),  # Digital Signature DateTime
    0x04000115: ("D", ""),  # Certificate of Signer
    0x04000310: ("X", "FKMC"),  # Certified Timestamp
    0x04000402: ("X", ""),  # Referenced Digital Signature Sequence
    0x04000403: ("X", ""),  # Referenced SOP Instance MAC Sequence
    0x04000404: ("X", ""),  # MAC
    0x04000550: ("X", ""),  # Modified Attributes Sequence
    0x04000551: ("X", ""),  # Nonconforming Modified Attributes Sequence
    0x04000552: ("X", ""),  # Nonconforming Data Element Value
    0x04000561: ("X", ""),  # Original Attributes Sequence
    0x04000562: ("D", "FKMC"),  # Attribute Modification DateTime
    0x04000563: ("D", "DK"),  # Modifying System
    0x04000564: ("Z", "IK"),  # Source of Previous Values
    0x04000565: ("D", "TC"),  # Reason for the Attribute Modification
    0x04000600: ("X", ""),  # Instance Origin Status
    0x20300020: ("X", ""),  # Text String
    0x21000040: ("X", "FKMC"),  # Creation Date
    0x21000050: ("X", "FKMC"),  # Creation Time
    0x21000070: ("X", "DC"),  # Originator
    0x21000140: ("D", "DC"),  # Destination AE
    0x22000002: ("X/Z", "TC"),  # Label Text
    0x22000005: ("X/Z", ""),  # Barcode Value
    0x30020121: ("X", "TC"),  # Position Acquisition Template Name
    0x30020123: ("X", "TC"),  # Position Acquisition Template Description
    0x30060002: ("D", "TC"),  # Structure Set Label
    0x30060004: ("X", "TC"),  # Structure Set Name
    0x30060006: ("X", "TC"),  # Structure Set Description
    0x30060008: ("Z", "FKMC"),  # Structure Set Date
    0x30060009: ("Z", "FKMC"),  # Structure Set Time
    0x30060024: ("U", "UK"),  # Referenced Frame of Reference UID
    0x30060026: ("Z", "TC"),  # ROI Name
    0x30060028: ("X", "TC"),  # ROI Description
    0x3006002D: ("X", "FKMC"),  # ROI DateTime
    0x3006002E: ("X", "FKMC"),  # ROI Observation DateTime
    0x30060038: ("X", "TC"),  # ROI Generation Description
    0x3006004D: ("X", ""),  # ROI Creator Sequence
    0x3006004E: ("X", ""),  # ROI Interpreter Sequence
    0x30060085: ("X", "TC"),  # ROI Observation Label
    0x30060088: ("X", "TC"),  # ROI Observation Description
    0x300600A6: ("Z", ""),  # ROI Interpreter
    0x300600C2: ("U", "UK"),  # Related Frame of Reference UID
    0x30080024: ("D", "FKMC"),  # Treatment Control Point Date
    0x30080025: ("D", "FKMC"),  # Treatment Control Point Time
    0x30080054: ("X/D", "FKMC"),  # First Treatment Date
    0x30080056: ("X/D", "FKMC"),  # Most Recent Treatment Date
    0x30080105: ("X/Z", "DK"),  # Source Serial Number
    0x30080162: ("D", "FKMC"),  # Safe Position Exit Date
    0x30080164: ("D", "FKMC"),  # Safe Position Exit Time
    0x30080166: ("D", "FKMC"),  # Safe Position Return Date
    0x30080168: ("D", "FKMC"),  # Safe Position Return Time
    0x30080250: ("X/D", "FKMC"),  # Treatment Date
    0x30080251: ("X/D", "FKMC"),  # Treatment Time
    0x300A0002: ("D", "TC"),  # RT Plan Label
    0x300A0003: ("X", "TC"),  # RT Plan Name
    0x300A0004: ("X", "TC"),  # RT Plan Description
    0x300A0006: ("X/D", "FKMC"),  # RT Plan Date
    0x300A0007: ("X/D", "FKMC"),  # RT Plan Time
    0x300A000B: ("X", "TC"),  # Treatment Sites
    0x300A000E: ("X", "TC"),  # Prescription Description
    0x300A0013: ("U", "UK"),  # Dose Reference UID
    0x300A0016: ("X", "TC"),  # Dose Reference Description
    0x300A0054: ("U", "UK"),  # Table Top Position Alignment UID
    0x300A0072: ("X", "TC"),  # Fraction Group Description
    0x300A0083: ("U", "UK"),  # Referenced Dose Reference UID
    0x300A00B2: ("X/Z", "DK"),  # Treatment Machine Name
    0x300A00C3: ("X", "TC"),  # Beam Description
    0x300A00DD: ("X", "TC"),  # Bolus Description
    0x300A0196: ("X", "TC"),  # Fixation Device Description
    0x300A01A6: ("X", "TC"),  # Shielding Device Description
    0x300A01B2: ("X", "TC"),  # Setup Technique Description
    0x300A0216: ("X", "DK"),  # Source Manufacturer
    0x300A022C: ("D", "FKMC"),  # Source Strength Reference Date
    0x300A022E: ("D", "FKMC"),  # Source Strength Reference Time
    0x300A02EB: ("X", "TC"),  # Compensator Description
    0x300A0608: ("D", "TC"),  # Treatment Position Group Label
    0x300A0609: ("U", "UK"),  # Treatment Position Group UID
    0x300A0611: ("Z", ""),  # RT Accessory Holder Slot ID
    0x300A0615: ("Z", ""),  # RT Accessory Device Slot ID
    0x300A0619: ("D", "TC"),  # Radiation Dose Identification Label
    0x300A0623: ("D", "TC"),  # Radiation Dose In-Vivo Measurement Label
    0x300A062A: ("D", "TC"),  # RT Tolerance Set Label
    0x300A0650: ("U", "UK"),  # Patient Setup UID
    0x300A0676: ("X", "TC"),  # Equipment Frame of Reference Description
    0x300A067C: ("D", "TC"),  # Radiation Generation Mode Label
    0x300A067D: ("Z", "TC"),  # Radiation Generation Mode Description
    0x300A0700: ("U", "UK"),  # Treatment Session UID
    0x300A0734: ("D", "TC"),  # Treatment Tolerance Violation Description
    0x300A0736: ("D", "FKMC"),  # Treatment Tolerance Violation DateTime
    0x300A073A: ("D", "FKMC"),  # Recorded RT Control Point DateTime
    0x300A0741: ("D", "FKMC"),  # Interlock DateTime
    0x300A0742: ("D", "TC"),  # Interlock Description
    0x300A0760: ("D", "FKMC"),  # Override DateTime
    0x300A0783: ("D", "TC"),  # Interlock Origin Description
    0x300A0785: ("U", "UK"),  # Referenced Treatment Position Group UID
    0x300A078E: ("X", "TC"),  # Patient Treatment Preparation Procedure Parameter Description
    0x300A0792: ("X", "TC"),  # Patient Treatment Preparation Method Description
    0x300A0794: ("X", "TC"),  # Patient Setup Photo Description
    0x300A079A: ("X", "TC"),  # Displacement Reference Label
    0x300C0113: ("X", "TC"),  # Reason for Omission Description
    0x300C0127: ("D", "DKFKMC"),  # Beam Hold Transition DateTime
    0x300E0004: ("Z", "FKMC"),  # Review Date
    0x300E0005: ("Z", "FKMC"),  # Review Time
    0x300E0008: ("X/Z", ""),  # Reviewer Name
    0x30100006: ("U", "UK"),  # Conceptual Volume UID
    0x3010000B: ("U", "UK"),  # Referenced Conceptual Volume UID
    0x3010000F: ("Z", "TC"),  # Conceptual Volume Combination Description
    0x30100013: ("U", "UK"),  # Constituent Conceptual Volume UID
    0x30100015: ("U", "UK"),  # Source Conceptual Volume UID
    0x30100017: ("Z", "TC"),  # Conceptual Volume Description
    0x3010001B: ("Z", ""),  # Device Alternate Identifier
    0x3010002D: ("D", "DK"),  # Device Label
    0x30100031: ("U", "UK"),  # Referenced Fiducials UID
    0x30100033: ("D", "TC"),  # User Content Label
    0x30100034: ("D", "TC"),  # User Content Long Label
    0x30100035: ("D", "TC"),  # Entity Label
    0x30100036: ("X", "TC"),  # Entity Name
    0x30100037: ("X", "TC"),  # Entity Description
    0x30100038: ("D", "TC"),  # Entity Long Label
    0x3010003B: ("U", "UK"),  # RT Treatment Phase UID
    0x30100043: ("Z", "DK"),  # Manufacturer's Device Identifier
    0x3010004C: ("X/D", "FKMC"),  # Intended Phase Start Date
    0x3010004D: ("X/D", "FKMC"),  # Intended Phase End Date
    0x30100054: ("D", "TC"),  # RT Prescription Label
    0x30100056: ("X/D", "TC"),  # RT Treatment Approach Label
    0x3010005A: ("Z", "TC"),  # RT Physician Intent Narrative
    0x3010005C: ("Z", "TC"),  # Reason for Superseding
    0x30100061: ("X", "TC"),  # Prior Treatment Dose Description
    0x3010006E: ("U", "UK"),  # Dosimetric Objective UID
    0x3010006F: ("U", "UK"),  # Referenced Dosimetric Objective UID
    0x30100077: ("X/D", "TC"),  # Treatment Site
    0x3010007A: ("Z", "TC"),  # Treatment Technique Notes
    0x3010007B: ("Z", "TC"),  # Prescription Notes
    0x3010007F: ("Z", "TC"),  # Fractionation Notes
    0x30100081: ("Z", "TC"),  # Prescription Notes Sequence
    0x30100085: ("X", "FKMC"),  # Intended Fraction Start Time
    0x40000010: ("X", ""),  # Arbitrary
    0x40004000: ("X", ""),  # Text Comments
    0x40080040: ("X", ""),  # Results ID
    0x40080042: ("X", ""),  # Results ID Issuer
    0x40080100: ("X", "FKMC"),  # Interpretation Recorded Date
    0x40080101: ("X", "FKMC"),  # Interpretation Recorded Time
    0x40080102: ("X", ""),  # Interpretation Recorder
    0x40080108: ("X", "FKMC"),  # Interpretation Transcription Date
    0x40080109: ("X", "FKMC"),  # Interpretation Transcription Time
    0x4008010A: ("X", ""),  # Interpretation Transcriber
    0x4008010B: ("X", "TC"),  # Interpretation Text
    0x4008010C: ("X", ""),  # Interpretation Author
    0x40080111: ("X", ""),  # Interpretation Approver Sequence
    0x40080112: ("X", "FKMC"),  # Interpretation Approval Date
    0x40080113: ("X", "FKMC"),  # Interpretation Approval Time
    0x40080114: ("X", ""),  # Physician Approving Interpretation
    0x40080115: ("X", "TC"),  # Interpretation Diagnosis Description
    0x40080118: ("X", ""),  # Results Distribution List Sequence
    0x40080119: ("X", ""),  # Distribution Name
    0x4008011A: ("X", ""),  # Distribution Address
    0x40080200: ("X", ""),  # Interpretation ID
    0x40080202: ("X", ""),  # Interpretation ID Issuer
    0x40080300: ("X", "TC"),  # Impressions
    0x40084000: ("X", "TC"),  # Results Comments
    0xFFFAFFFA: ("X", ""),  # Digital Signatures Sequence
    0xFFFCFFFC: ("X", ""),  # Data Set Trailing Padding
}

METHODS: Final[dict[str, str]] = {  # CID 7050
    "113100": "Basic Application Confidentiality Profile",
    "113101": "Clean Pixel Data Option",
    "113102": "Clean Recognizable Visual Features Option",
    "113103": "Clean Graphics Option",
    "113104": "Clean Structured Content Option",
    "113105": "Clean Descriptors Option",
    "113106": "Retain Longitudinal Temporal Information Full Dates Option",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
    "113108": "Retain Patient Characteristics Option",
    "113109": "Retain Device Identity Option",
    "113110": "Retain UIDs Option",
    "113111": "Retain Safe Private Option",
    "113112": "Retain Institution Identity Option",
}
