"""Writes docs/conformance/dicom.md: what the listener and the store service do, its tables from the code itself.

python tools/make_conformance.py          writes the file
python tools/make_conformance.py --check  says whether it is up to date
"""

# ruff: noqa: E402  the models need Django first
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scanward.settings")
django.setup()

from pydicom.uid import UID

from scanward.dicom.errors import RefusalReason
from scanward.intake.dimse import classes, pdu
from scanward.intake.dimse.association import Timing
from scanward.intake.dimse.command import Status
from scanward.intake.dimse.courier import TRIES
from scanward.intake.dimse.doors import CIPHERS, Caps
from scanward.intake.dimse.incoming import IN_MEMORY
from scanward.intake.pull.dimse import ABOUT_A_STUDY, FIND, GET, MOST_ANSWERS, MOVE, SECONDS
from scanward.intake.pull.fetching import AT_ONCE, MOST_TRIES
from scanward.intake.pull.web import PAGE

FILE = Path(__file__).resolve().parent.parent / "docs" / "conformance" / "dicom.md"
ORDER = {
    Status.SUCCESS: "Kept, here already, or kept apart for a decision of the records staff; it is durable",
    Status.OUT_OF_RESOURCES: "Not kept: no room or no index. Send it again later",
    Status.NOT_AUTHORIZED: "The peer may not store here; sending it again changes nothing",
    Status.DATA_SET_MISMATCH: "Command, presentation context and data set name different objects; not kept",
    Status.CANNOT_UNDERSTAND: "The guard refused the data set; the comment names the element, never its value",
}


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Write a table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"


def statement() -> str:
    """Return the conformance statement, in the order of PS3.2 annex A."""
    timing, caps = Timing(), Caps()
    syntaxes = sorted(classes.OBJECT_SYNTAXES)
    return f"""<!-- Made by tools/make_conformance.py from the code; don't edit it by hand. -->
# DICOM conformance statement

## 1 Overview
Scanward takes in CT examinations and what belongs to them: over DICOM (C-STORE, with storage commitment) and over
DICOMweb (STOW-RS). It asks a PACS for a patient's examinations and fetches them. It answers no questions over DICOM:
C-FIND, C-GET and C-MOVE are refused. What is taken in is kept
bit for bit; nothing is coerced, and what is given out later is what came.

{table(("Network service", "User (SCU)", "Provider (SCP)"), _services())}
## 2 Networking
### 2.1 Application entity: the listener (`scanward listen`)
Associations are accepted from peers of the settings file (`SCANWARD_DICOM_FILE`): calling title, address and, where it
is set, the certificate have to agree. Without the file, programs on this machine only. It initiates
associations only to bring storage commitment reports (2.1.4).

{
        table(
            ("Item", "Value"),
            [
                ("Application context", pdu.APPLICATION_CONTEXT),
                ("Implementation class UID", pdu.IMPLEMENTATION_UID),
                ("Implementation version name", pdu.IMPLEMENTATION_VERSION),
                ("Longest A-ASSOCIATE-RQ", f"{pdu.ASSOCIATE_MAX // 1024} KiB"),
                ("Maximum PDU received", f"{pdu.P_DATA_MAX // 1024} KiB"),
                ("Outstanding asynchronous transactions", "1"),
                ("Associations at once", f"{caps.all}, {caps.of_address} of one address"),
                (
                    "Connections without an association",
                    f"{caps.pending}, {caps.pending_of_address} of one address; the oldest makes room",
                ),
                ("ARTIM: connection to whole request, TLS included", f"{timing.associate:.0f} s"),
                ("Between messages", f"{timing.idle:.0f} s"),
                (
                    "A whole message",
                    f"{timing.message:.0f} s and 1 s more for each {timing.least_bytes_per_second // 1024} KiB",
                ),
                ("Held in memory while it comes", f"{IN_MEMORY >> 20} MiB, then a file without a name"),
            ],
        )
    }
#### 2.1.1 SOP classes
Verification, and these storage classes at level 2 (full), with every transfer syntax of 2.1.2; of several that are
proposed in one context the first that is known is taken, so that nothing has to be converted.

{table(("SOP class", "UID"), ((name, uid) for uid, name in classes.STORAGE.items()))}
Taken into an association only to be refused with a status and an entry in the ledger:

{table(("SOP class", "UID"), ((name, uid) for uid, name in classes.QUERY.items()))}
#### 2.1.2 Transfer syntaxes
{table(("Transfer syntax", "UID"), ((UID(uid).name, uid) for uid in syntaxes))}
Verification, storage commitment and the refused classes: Implicit and Explicit VR Little Endian.

#### 2.1.3 C-STORE status
{table(("Status", "Meaning"), ((f"{status:04X}", text) for status, text in ORDER.items()))}
The reasons that the comment of C000 may name:

{table(("Reason", "In words"), ((reason.value, reason.sentence) for reason in RefusalReason))}
#### 2.1.4 Storage commitment (push model)
N-ACTION is answered at once. N-EVENT-REPORT follows on the same association, which the sender has to keep open for it;
a peer with `host` and `port` in the settings gets it over an association that is initiated for it (SCP role selected),
tried {len(TRIES)} times, over TLS if the request came by TLS. An object is committed when it is attached to a patient;
one that waits for a decision is not. Failure reasons: 0112 (no such object), 0119 (the class differs).

### 2.2 Application entity: who asks (`scanward worker`, and the desk page "Find at PACS")
Associations are initiated only to the PACS of `SCANWARD_PACS_FILE`, under the calling title of that file (SCANWARD
unless it says otherwise), over TLS beyond this machine unless a written reason stands there. A wait of more than
{SECONDS} s ends it.

{table(("SOP class (SCU)", "UID", "Keys"), _asked())}
At the STUDY level the Patient ID always has one value of the patient in question, without wild cards; returned keys:
{", ".join(ABOUT_A_STUDY)}. Answers about anybody else are dropped and counted; more than {MOST_ANSWERS:,} answers
end the association. C-GET: the storage classes of 2.1.1 as SCP on the same association (role selection), {AT_ONCE}
objects of one series at a time, 0000 when an object is durable, A700 when there is no room now, A900 when it is of
another study, C000 when it can't be read. C-MOVE: the destination is the calling title; the objects come to the
listener. What is missing afterwards is asked for again, {MOST_TRIES} times.

## 3 DICOMweb: Store Transaction (PS3.18 10.5)
`POST /dicom-web/studies` and `/dicom-web/studies/{{study}}`, `multipart/related; type="application/dicom"`, with
Content-Length and a bearer key (`scanward key add`). The answer is `application/dicom+json`: 200 all kept, 202 some,
409 none, 507 no room, 400 a broken body, 401 no key, 411 no length, 413 too large, 415 another type or an encoding.

### 3.1 As a user: QIDO-RS and WADO-RS
`GET /studies?PatientID=...`, `GET /studies/{{study}}/instances` (`application/dicom+json`, {PAGE} rows a page) and
`GET /studies/{{study}}/series/{{series}}/instances/{{instance}}` (`multipart/related; type="application/dicom";
transfer-syntax=*`), with a bearer token where one is set. Redirects are not followed.

## 4 Security
TLS 1.2 or 1.3 with certificates on both sides (PS3.15 B.12), ciphers `{CIPHERS}`, no renegotiation. A listener that
others can reach has TLS, or a written reason in the settings. Refusals are in the ledger (PS3.15 A.5, Security Alert).

## 5 Reports
Basic Text, Enhanced, Comprehensive and Comprehensive 3D SR with parts of a reading (CID 7001 headings, as in
TID 2000), Encapsulated PDF with a report's title, and Encapsulated CDA become a version of the study's report beside
the object. SR is final when it is VERIFIED, a correction when it has a predecessor; CDA when it has a legal
authenticator. CID 7035 category 1 or 2 marks it as urgent. A CDA with a DTD is refused.
HL7 v2: docs/conformance/hl7.md.

## 6 Character sets
All of PS3.3 C.12.1.1.2; the bytes are kept as they came.
"""


def _services() -> list[tuple[str, str, str]]:
    rows = [("Verification", "No", "Yes"), ("Storage commitment push model", "No", "Yes")]
    asked = [(name, "Yes", "No") for name in ("Query/Retrieve, Study Root: FIND, GET, MOVE", "QIDO-RS", "WADO-RS")]
    return [*rows, ("Storage (CT and companions, 2.1.1)", "No", "Yes"), ("STOW-RS", "No", "Yes"), *asked]


def _asked() -> list[tuple[str, str, str]]:
    keys = "Study, Series, SOP Instance UID (IMAGE level)"
    return [
        (UID(FIND).name, FIND, "Patient ID, Study Instance UID (STUDY); UIDs of the levels above (SERIES, IMAGE)"),
        (UID(GET).name, GET, keys),
        (UID(MOVE).name, MOVE, keys),
    ]


def main() -> int:
    """Write or check."""
    if "--check" in sys.argv:
        return 0 if FILE.read_text() == statement() else 1
    FILE.write_text(statement())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
