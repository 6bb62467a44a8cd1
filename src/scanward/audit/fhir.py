"""Entries as FHIR R4 AuditEvent, in the manner of IHE's Basic Audit Log Patterns (BALP), and as NDJSON."""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any

from scanward.audit.codes import DCM, Code
from scanward.audit.event import Place, SubjectRef
from scanward.audit.kinds import SubjectKind
from scanward.audit.models import Entry
from scanward.law.purpose import ACT_REASON

ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
OBJECT_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
SOURCE_TYPE = "http://terminology.hl7.org/CodeSystem/security-source-type"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
KIND_SYSTEM = "urn:scanward:audit:event"

PERSON = Code(ENTITY_TYPE, "1", "Person")
SYSTEM_OBJECT = Code(ENTITY_TYPE, "2", "System Object")
PATIENT_ROLE = Code(OBJECT_ROLE, "1", "Patient")
APPLICATION_SERVER = Code(SOURCE_TYPE, "4", "Application Server")
HUMAN = Code(PARTICIPATION, "IRCP", "information recipient")
SOURCE = Code(DCM, "110153", "Source Role ID")
DESTINATION = Code(DCM, "110152", "Destination Role ID")
APPLICATION = Code(DCM, "110150", "Application")

# What an object is in the life of the archive (FHIR object-role).
ROLES = {
    SubjectKind.REPORT: Code(OBJECT_ROLE, "3", "Report"),
    SubjectKind.ACCOUNT: Code(OBJECT_ROLE, "11", "Security User Entity"),
    SubjectKind.KEY: Code(OBJECT_ROLE, "13", "Security Resource"),
    SubjectKind.SETTING: Code(OBJECT_ROLE, "13", "Security Resource"),
    SubjectKind.LEDGER: Code(OBJECT_ROLE, "13", "Security Resource"),
}
DOMAIN_RESOURCE = Code(OBJECT_ROLE, "4", "Domain Resource")


def to_fhir(entry: Entry, *, site: str = "scanward") -> dict[str, Any]:
    """Return the entry as an AuditEvent; `site` names this installation."""
    meaning = entry.meaning
    kind = Code(KIND_SYSTEM, entry.kind, str(meaning.sentence))
    resource: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": f"entry-{entry.seq}",
        "type": _coding(meaning.dicom.coding()),
        "subtype": [_coding(meaning.subtype), _coding(kind)],
        "action": meaning.action.value,
        "recorded": entry.content["at"],
        "outcome": str(entry.outcome),
        "agent": _agents(entry, site),
        "source": {"site": site, "observer": {"display": site}, "type": [_coding(APPLICATION_SERVER)]},
        "entity": _entities(entry),
    }
    if entry.purpose:
        code = Code(ACT_REASON, entry.purpose.value, entry.purpose.sentence)
        resource["purposeOfEvent"] = [{"coding": [_coding(code)]}]
    return {name: value for name, value in resource.items() if value != []}


def ndjson(entries: Iterable[Entry], *, site: str = "scanward") -> Iterator[str]:
    """Yield one line of JSON for each entry."""
    for entry in entries:
        yield json.dumps(to_fhir(entry, site=site), ensure_ascii=False, separators=(",", ":")) + "\n"


def _agents(entry: Entry, site: str) -> list[dict[str, Any]]:
    """Return the server, the program at the other end, and the person."""
    actor, place = entry.actor, entry.place
    agents: list[dict[str, Any]] = [{"type": _concept(SOURCE), "who": {"display": site}, "requestor": False}]
    if place.address or place.agent:
        agents.append(
            {
                "type": _concept(DESTINATION),
                "who": {"display": place.agent or place.address},
                "requestor": False,
                **_network(place),
            }
        )
    person = actor.role != "system"
    agents.append(
        {
            "type": _concept(HUMAN if person else APPLICATION),
            "role": [{"text": actor.role}],
            "who": _who(actor.id, actor.display),
            "name": actor.display or actor.role,
            "requestor": True,
        }
    )
    return agents


def _network(place: Place) -> dict[str, Any]:
    """FHIR network-type 2 is an IP address, 1 a machine's name."""
    if not place.address:
        return {}
    try:
        ip_address(place.address)
    except ValueError:
        return {"network": {"address": place.address, "type": "1"}}
    return {"network": {"address": place.address, "type": "2"}}


def _entities(entry: Entry) -> list[dict[str, Any]]:
    subject = entry.subject
    entities: list[dict[str, Any]] = []
    if subject.patient:
        entities.append(
            {
                "what": {"reference": f"Patient/{subject.patient}"},
                "type": _coding(PERSON),
                "role": _coding(PATIENT_ROLE),
            }
        )
    if subject.kind not in (SubjectKind.NONE, SubjectKind.PATIENT):
        entities.append(_object(subject, entry.detail))
    return entities


def _object(subject: SubjectRef, detail: dict[str, str | int]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "what": {"identifier": {"system": f"urn:scanward:{subject.kind.value}", "value": subject.id}},
        "type": _coding(SYSTEM_OBJECT),
        "role": _coding(ROLES.get(subject.kind, DOMAIN_RESOURCE)),
    }
    if subject.display:
        described["name"] = subject.display
    values = [(name, str(value)) for name, value in sorted(detail.items()) if str(value)]
    if values:
        described["detail"] = [
            {"type": name, "valueBase64Binary": b64encode(value.encode()).decode()} for name, value in values
        ]
    return described


def _who(value: str, display: str) -> dict[str, Any]:
    who: dict[str, Any] = {"display": display} if display else {"display": "unknown"}
    return {**who, "identifier": {"system": "urn:scanward:account", "value": value}} if value else who


def _coding(code: Code) -> dict[str, str]:
    return {"system": code.system, "code": code.code, "display": code.display}


def _concept(code: Code) -> dict[str, Any]:
    return {"coding": [_coding(code)]}
