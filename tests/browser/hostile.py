"""Brings a study in whose every text tries to run, and a person whose name does: `python hostile.py FOLDER`."""

import os
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
RUNS = [
    '<script>window.ran="script"</script>',
    '<img src=x onerror="window.ran=1">',
    '"><svg onload=window.ran=2>',
    "'-window.ran-'</title></textarea>",
    "javascript:window.ran=3//",
    "{{7*7}}{% now %}${7*7}",
    "</script><!--<b>",
]
TAGS = {
    0x00080050: "SH",  # accession number
    0x00080080: "LO",  # institution
    0x00080090: "PN",  # referring physician
    0x00081030: "LO",  # study description
    0x0008103E: "LO",  # series description
    0x00081070: "PN",  # operator
    0x00081090: "LO",  # model
    0x00180015: "CS",  # body part
    0x00181030: "LO",  # protocol
    0x00204000: "LT",  # image comments
    0x00321060: "LO",  # requested procedure
    0x00400254: "LO",  # performed procedure
}
PATIENT = {0x00100020: ("LO", "X'<b>1"), 0x00100030: ("DA", "19700101"), 0x00100040: ("CS", "O")}


def files() -> list[tuple[str, bytes]]:
    """One slice for each attack; each in a series of its own, and two under one UID, so that a case is opened."""
    from rooms.dicom.making import ct, element, file, meta

    made = []
    for number, attack in enumerate([*RUNS, RUNS[1]]):
        uid = f"1.2.9.{min(number, len(RUNS) - 1)}"
        texts = {tag: (vr, attack[: 16 if vr in ("SH", "CS") else 64]) for tag, vr in TAGS.items()}
        who = {**PATIENT, 0x00100010: ("PN", f"{RUNS[0]}^{RUNS[1]}"[:64])}
        ids = {0x00080018: ("UI", uid), 0x0020000E: ("UI", f"1.2.8.{number}"), 0x0020000D: ("UI", "1.2.7.1")}
        pixels = element(0x7FE00010, "OW", bytes([number, 4]) * 24)
        dataset = ct({**who, **texts, **ids}, pixels=pixels)[132 + len(meta()) :]
        made.append((f"{attack}.dcm".replace("/", "_"), file(dataset, instance=uid)))
    return made


def main(folder: str) -> None:
    os.environ.update(SCANWARD_DATA=folder, SCANWARD_DEMO="1", DJANGO_SETTINGS_MODULE="scanward.settings")
    sys.path.insert(0, str(TESTS))
    from scanward.cli import set_up_django

    set_up_django()
    from cast import NOW, PASSWORD, link, person, sender
    from scanward.archive.models import HeldObject, ReportStatus, Study
    from scanward.archive.reports import Section, SectionKind, store_report
    from scanward.intake.receive import Item, receive
    from scanward.people.models import Account

    list(receive([Item(name, data) for name, data in files()], sender=sender(), now=NOW))
    study = Study.objects.get(study_instance_uid="1.2.7.1")
    assert HeldObject.objects.filter(study_instance_uid="1.2.7.1").exists()
    sections = [Section(kind, "\n".join(RUNS)) for kind in SectionKind]
    store_report(study, sections, status=ReportStatus.FINAL, finalized_at=NOW, sender=sender(), now=NOW)
    account = person("mallory", password=PASSWORD)
    Account.objects.filter(pk=account.pk).update(full_name="".join(RUNS[:2]))
    link(account, study.patient)


if __name__ == "__main__":
    main(sys.argv[1])
