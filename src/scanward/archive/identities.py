"""What the vault binds each object's ciphertext to, so that no other object's bytes can stand in for it."""

from scanward.archive.models import HeldObject, Instance, Report, Study


def instance_identity(instance: Instance, study: Study) -> str:
    """Return what binds an instance's ciphertext to its place: no other study's bytes can stand in for it."""
    return f"instance:{study.study_instance_uid}:{instance.sop_instance_uid}"


def report_identity(report: Report) -> str:
    """Return what binds a report's ciphertext to its place."""
    return f"report:{report.id}"


def held_identity(held: HeldObject) -> str:
    """Return what binds a held object's ciphertext to its case."""
    return f"held:{held.id}"
