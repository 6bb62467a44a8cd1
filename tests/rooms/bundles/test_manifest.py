"""The manifest: one form, strictly read."""

import json
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from scanward.bundles.manifest import ManifestRefused, key_id, parse, sign, signed
from scanward.bundles.members import Member

FILES = [Member.of("report/report.pdf", b"%PDF"), Member.of("images/2-chest/IM0001.dcm", b"DICM")]


@pytest.fixture
def encoded(key: Ed25519PrivateKey, at: datetime) -> bytes:
    statements = ["Do not share defaced or undefaced images onward."]
    manifest, _ = signed(FILES, key=key, release="R-1", created=at, product="Scanward 0.1.0", statements=statements)
    return b"".join(manifest.chunks())


def test_it_lists_every_file_with_size_and_hash_by_path(encoded: bytes) -> None:
    """Requirement G19: the proof of a delivery holds the hash list."""
    assert json.loads(encoded)["files"] == [
        {"path": each.name, "size": each.size, "sha256": each.sha256} for each in sorted(FILES, key=lambda m: m.name)
    ]


def test_it_names_form_release_time_product_and_key(encoded: bytes, key: Ed25519PrivateKey) -> None:
    read = json.loads(encoded)
    assert (read["format"], read["release"], read["product"]) == (
        "scanward-manifest/1",
        "R-1",
        "Scanward 0.1.0",
    )
    assert read["created"] == "2026-11-23T05:30:14+00:00"
    assert read["key"] == key_id(key.public_key())


def test_it_is_canonical(encoded: bytes) -> None:
    again = json.dumps(json.loads(encoded), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert again.encode() == encoded


def test_what_is_written_is_read_back(encoded: bytes) -> None:
    assert parse(encoded).encode() == encoded


def test_the_signature_is_a_small_json_that_a_browser_can_check(key: Ed25519PrivateKey) -> None:
    assert set(json.loads(sign(b"anything", key))) == {"algorithm", "key", "signature"}


def test_a_time_without_zone_is_refused(key: Ed25519PrivateKey) -> None:
    with pytest.raises(ValueError, match="time zone"):
        signed(FILES, key=key, release="R-1", created=datetime(2026, 1, 1), product="x")


def changed(encoded: bytes, **fields: Any) -> bytes:
    return json.dumps({**json.loads(encoded), **fields}).encode()


FILE: dict[str, Any] = {"path": "a", "size": 1, "sha256": "0" * 64}


@pytest.mark.parametrize(
    "fields",
    [
        {"format": "scanward-manifest/2"},
        {"format": None},
        {"surplus": 1},
        {"release": 5},
        {"statements": "text"},
        {"statements": [1]},
        {"files": {}},
        {"files": ["a"]},
        {"files": [FILE | {"size": True}]},
        {"files": [FILE | {"size": -1}]},
        {"files": [FILE | {"size": 1.0}]},
        {"files": [FILE | {"sha256": "0" * 63}]},
        {"files": [FILE | {"sha256": "A" * 64}]},
        {"files": [FILE | {"more": 1}]},
        {"files": [FILE | {"path": "../a"}]},
        {"files": [FILE, FILE]},
    ],
)
def test_a_manifest_of_another_form_is_refused(encoded: bytes, fields: dict[str, Any]) -> None:
    with pytest.raises(ManifestRefused):
        parse(changed(encoded, **fields))


@pytest.mark.parametrize(
    "junk", [b"", b"null", b"[]", b"{", b"\xff", b'{"a":1,"a":1}', b"[" * 100_000, b'{"format":1e999}']
)
def test_junk_is_refused(junk: bytes) -> None:
    with pytest.raises(ManifestRefused):
        parse(junk)


def test_a_key_that_stands_twice_is_refused_because_readers_would_differ(encoded: bytes) -> None:
    twice = encoded.replace(b'{"created"', b'{"release":"R-2","created"', 1)
    assert json.loads(twice)["release"] == "R-1"
    with pytest.raises(ManifestRefused, match="not the JSON"):
        parse(twice)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_without_another_error(junk: bytes) -> None:
    with pytest.raises(ManifestRefused):
        parse(junk)


def test_the_refusal_repeats_nothing_of_the_manifest(encoded: bytes) -> None:
    with pytest.raises(ManifestRefused) as refused:
        parse(changed(encoded, files=[FILE | {"path": "../Liddell"}]))
    assert "Liddell" not in str(refused.value)
