"""`scanward audit`, as an administrator types it."""

import json
import logging
from base64 import b64decode

import pytest
from click.testing import CliRunner

from rooms.audit import oracle
from scanward.audit.checkpoint import Checkpoint
from scanward.cli.audit import command


@pytest.fixture
def audit(outside, key_file):
    logging.disable(logging.CRITICAL)

    def run(name, *arguments):
        key = ["--key", str(key_file)] if name == "checkpoint" else []
        return CliRunner().invoke(command, [name, *arguments, "--checkpoints", str(outside), *key])

    yield run
    logging.disable(logging.NOTSET)


def test_a_signed_ledger_is_verified(fill, audit):
    fill(5)
    signed = audit("checkpoint")
    assert signed.exit_code == 0
    vkey = signed.output.split()[-1]
    verified = audit("verify", "--vkey", vkey)
    assert (verified.exit_code, verified.output.splitlines()[0][:25]) == (0, "The ledger is intact: 6 e")


def test_a_touched_entry_is_named_and_the_exit_code_says_so(fill, audit, as_root):
    fill(5)
    audit("checkpoint")
    with as_root() as cursor:
        cursor.execute("UPDATE audit_entry SET body = '{}' WHERE seq = 3")
    result = audit("verify")
    assert result.exit_code == 1
    assert "Entry 3: the content was changed." in result.output


def test_a_proof_convinces_somebody_who_has_only_the_checkpoint(fill, audit):
    fill(5)
    audit("checkpoint")
    proof = json.loads(audit("prove", "3").output)
    checkpoint = Checkpoint.from_text(proof["checkpoint"].split("\n\n")[0])
    hashes = [b64decode(value) for value in proof["hashes"]]
    assert oracle.included(3, proof["size"], oracle.leaf(b64decode(proof["entry"])), hashes, checkpoint.root)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["verify"], "There is no public key"),
        (["prove", "0"], "There is no public key"),
        (["verify", "--vkey", "a+b"], "A verifier key looks like"),
    ],
)
def test_what_can_not_be_done_says_why(fill, audit, arguments, says):
    result = audit(*arguments)
    assert (result.exit_code, says in result.output) == (2, True)


def test_a_key_that_others_can_read_is_refused(fill, audit, key_file):
    """Fault E9."""
    key_file.chmod(0o644)
    result = audit("checkpoint")
    assert (result.exit_code, "chmod 600" in result.output) == (2, True)


def test_an_entry_that_is_not_there_can_not_be_proven(fill, audit):
    fill(2)
    audit("checkpoint")
    result = audit("prove", "99")
    assert (result.exit_code, "No checkpoint covers" in result.output) == (2, True)
