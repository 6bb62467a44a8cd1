"""Entries for other machines: FHIR R4 AuditEvent."""

import json
from base64 import b64decode

import pytest

from rooms.audit.ledger import NOW
from scanward.audit.actions import record_many
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.fhir import ndjson, to_fhir
from scanward.audit.kinds import EventKind, Outcome, SubjectKind

# hl7.org/fhir/R4/auditevent.html: element -> (required, many, elements inside)
CODING = {"system": (True, False, None), "code": (True, False, None), "display": (False, False, None)}
CONCEPT = {"coding": (False, True, CODING), "text": (False, False, None)}
IDENTIFIER = {"system": (False, False, None), "value": (True, False, None)}
REFERENCE = {
    "reference": (False, False, None),
    "identifier": (False, False, IDENTIFIER),
    "display": (False, False, None),
}
NETWORK = {"address": (False, False, None), "type": (False, False, None)}
AGENT = {
    "type": (False, False, CONCEPT),
    "role": (False, True, CONCEPT),
    "who": (False, False, REFERENCE),
    "name": (False, False, None),
    "requestor": (True, False, None),
    "network": (False, False, NETWORK),
}
SOURCE = {"site": (False, False, None), "observer": (True, False, REFERENCE), "type": (False, True, CODING)}
DETAIL = {"type": (True, False, None), "valueBase64Binary": (True, False, None)}
ENTITY = {
    "what": (False, False, REFERENCE),
    "type": (False, False, CODING),
    "role": (False, False, CODING),
    "name": (False, False, None),
    "detail": (False, True, DETAIL),
}
AUDIT_EVENT = {
    "resourceType": (True, False, None),
    "id": (False, False, None),
    "type": (True, False, CODING),
    "subtype": (False, True, CODING),
    "action": (False, False, None),
    "recorded": (True, False, None),
    "outcome": (False, False, None),
    "purposeOfEvent": (False, True, CONCEPT),
    "agent": (True, True, AGENT),
    "source": (True, False, SOURCE),
    "entity": (False, True, ENTITY),
}


def check(value, structure, path="AuditEvent"):
    """Raise unless the value has exactly the shape of the standard, without anything empty."""
    if structure is None:
        assert value not in ("", None, [], {}), path
        return
    assert set(value) <= set(structure), path
    for name, (required, many, inside) in structure.items():
        assert name in value or not required, f"{path}.{name}"
        if name in value:
            items = value[name] if many else [value[name]]
            assert items, f"{path}.{name} is empty"
            for item in items:
                check(item, inside, f"{path}.{name}")


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_kind_of_entry_is_an_audit_event(db, make_event, kind):
    (entry,) = record_many([make_event(1, kind)])
    resource = to_fhir(entry)
    check(resource, AUDIT_EVENT)
    assert resource["action"] in "CRUDE"
    assert resource["subtype"][1]["code"] == kind.value


@pytest.mark.parametrize(
    "changes",
    [
        {"actor": ActorRef.nobody(), "subject": SubjectRef.nothing(), "purpose": None, "place": Place("")},
        {"actor": ActorRef.system("worker"), "detail": {"empty": ""}, "place": Place("pacs.example", "STORESCU")},
        {"outcome": Outcome.MAJOR_FAILURE, "subject": SubjectRef(SubjectKind.PATIENT, "p", "p")},
    ],
)
def test_an_entry_with_little_in_it_is_an_audit_event_too(db, make_event, changes):
    (entry,) = record_many([make_event(1, **changes)])
    check(to_fhir(entry), AUDIT_EVENT)


def test_a_patient_read_has_the_agents_and_entities_of_balp(db, make_event):
    """IHE BALP, PatientRead: server, client and person; the patient and the object."""
    (entry,) = record_many([make_event(7)])
    resource = to_fhir(entry, site="lakeside")
    roles = [agent["type"]["coding"][0]["code"] for agent in resource["agent"]]
    assert roles == ["110153", "110152", "IRCP"]
    assert [agent["requestor"] for agent in resource["agent"]] == [False, False, True]
    assert resource["agent"][1]["network"] == {"address": "192.0.2.7", "type": "2"}
    patient, study = resource["entity"]
    assert (patient["what"]["reference"], patient["role"]["code"]) == ("Patient/patient-alice", "1")
    assert study["what"]["identifier"] == {"system": "urn:scanward:study", "value": "study-7"}
    assert b64decode(study["detail"][0]["valueBase64Binary"]) == b"7"
    assert resource["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"
    assert resource["recorded"] == "2026-11-23T09:30:07.000000+00:00"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_outcome_is_fhirs(db, make_event, outcome):
    (entry,) = record_many([make_event(1, outcome=outcome)])
    assert to_fhir(entry)["outcome"] == str(outcome.value)
    assert outcome.value in (0, 4, 8, 12)


def test_an_export_has_one_line_for_each_entry(db, make_event):
    entries = record_many([make_event(n, at=NOW) for n in range(3)])
    lines = "".join(ndjson(entries)).splitlines()
    assert [json.loads(line)["id"] for line in lines] == [f"entry-{entry.seq}" for entry in entries]
