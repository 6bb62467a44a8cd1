"""Folders and ZIPs are taken in without being believed."""

import io
import zipfile
from pathlib import Path

import pytest

from cast import ALICE, NOW, chest_of, sender
from scanward.archive.models import Instance, Study
from scanward.intake.bring import bring
from scanward.intake.receive import Item, Outcome
from scanward.intake.zipped import ZipLimits, members

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_vault")]


def bring_in(path):
    return bring(path, sender=sender(), now=NOW)


def codes(summary):
    return {received.name.split(" > ")[-1]: received.code for received in summary.left_out}


def disc(folder: Path) -> Path:
    """A disc as a hospital burns it: images, and things beside them."""
    chest_of(ALICE).write(folder)
    (folder / "README.TXT").write_text("Open with our viewer.")
    (folder / "EMPTY").touch()
    (folder / "VIEWER.EXE").write_bytes(b"MZ" + bytes(5000))
    return folder


def test_a_disc_is_kept_and_what_lies_beside_is_named(tmp_path):
    summary = bring_in(disc(tmp_path / "disc"))
    assert summary.counts[Outcome.KEPT] == len(chest_of(ALICE).files)
    assert codes(summary) == {
        "README.TXT": "not-dicom",
        "EMPTY": "empty",
        "VIEWER.EXE": "not-dicom",
        "report.txt": "not-dicom",
    }


def test_bringing_it_again_changes_nothing(tmp_path):
    place = disc(tmp_path / "disc")
    bring_in(place)
    before = Instance.objects.count()
    assert bring_in(place).counts[Outcome.DUPLICATE] == before
    assert Instance.objects.count() == before


def test_the_source_is_only_read(tmp_path):
    place = disc(tmp_path / "disc")
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    bring_in(place)
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before


def test_links_are_not_followed(tmp_path):
    """Fault B14, symlinks."""
    chest_of(ALICE).write(tmp_path / "elsewhere")
    place = tmp_path / "disc"
    place.mkdir()
    (place / "link").symlink_to(tmp_path / "elsewhere")
    (place / "file").symlink_to(next((tmp_path / "elsewhere").rglob("*.dcm")))
    assert codes(bring_in(place)) == {"file": "not-a-file"}
    assert not Study.objects.exists()


def zipped(path: Path, files: dict[str, bytes], **kwargs) -> Path:
    with zipfile.ZipFile(path, "w", **kwargs) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_a_zip_is_taken_in_without_unpacking_it_to_the_disk(tmp_path):
    path = zipped(tmp_path / "scan.zip", {file.name: file.data for file in chest_of(ALICE).files})
    assert bring_in(path).counts[Outcome.KEPT] == len(chest_of(ALICE).files)
    assert [item.name for item in tmp_path.iterdir() if item.name != "vault"] == ["scan.zip"]


@pytest.mark.parametrize("name", ["../../tmp/evil", "/etc/passwd", "C:\\evil", "a/../../b", "\\\\host\\share"])
def test_names_that_point_outside_are_left_out(tmp_path, name):
    """Fault B14."""
    path = zipped(tmp_path / "scan.zip", {name: chest_of(ALICE).files[0].data})
    summary = bring_in(path)
    assert [received.code for received in summary.left_out] == ["bad-name"]


def test_a_zip_bomb_is_refused_and_the_rest_goes_on(tmp_path):
    """Fault B14: 42.zip and its kin."""
    bomb = {"bomb.dcm": bytes(100 * 1024 * 1024), "good.dcm": chest_of(ALICE).files[0].data}
    path = zipped(tmp_path / "scan.zip", bomb, compression=zipfile.ZIP_DEFLATED)
    summary = bring_in(path)
    assert codes(summary) == {"bomb.dcm": "inflates-too-far"}
    assert summary.counts[Outcome.KEPT] == 1


def test_a_link_inside_a_zip_is_left_out(tmp_path):
    """Fault B14."""
    info = zipfile.ZipInfo("link")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    path = tmp_path / "scan.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert codes(bring_in(path)) == {"link": "not-a-file"}


def test_a_locked_zip_says_what_to_do(tmp_path):
    """Fault B14, encrypted entries."""
    path = zipped(tmp_path / "scan.zip", {"a.dcm": b"x" * 200})
    raw = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(magic) + offset] |= 1
    path.write_bytes(raw)
    [received] = bring_in(path).left_out
    assert received.code == "encrypted"
    assert "Unpack it first" in received.reason


def test_two_files_of_one_name_are_not_mixed_up(tmp_path):
    """Fault B14, duplicate names."""
    path = tmp_path / "scan.zip"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning):
        archive.writestr("a.dcm", chest_of(ALICE).files[0].data)
        archive.writestr("a.dcm", chest_of(ALICE).files[1].data)
    summary = bring_in(path)
    assert codes(summary) == {"a.dcm": "double-name"}
    assert summary.counts[Outcome.KEPT] == 1


def test_a_million_entries_are_refused_before_they_are_read(tmp_path):
    """Fault B14."""
    path = zipped(tmp_path / "scan.zip", {str(number): b"" for number in range(200)})
    assert [item.code for item in members(path.open("rb"), "scan.zip", ZipLimits(entries=100))] == ["bad-zip"]


@pytest.mark.parametrize("keep", [0.2, 0.6, 0.95])
def test_a_cut_zip_is_refused(tmp_path, keep):
    path = zipped(tmp_path / "scan.zip", {"a.dcm": chest_of(ALICE).files[0].data})
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * keep)])
    assert [received.code for received in bring_in(path).left_out] == ["bad-zip"]
    assert not Study.objects.exists()


def test_a_forged_size_costs_no_more_than_what_is_there(tmp_path):
    """Fault B14, CVE-2026-5439: the directory claims another size."""
    path = zipped(tmp_path / "scan.zip", {"a.dcm": chest_of(ALICE).files[0].data})
    raw = bytearray(path.read_bytes())
    at = raw.index(b"PK\x01\x02")
    raw[at + 24 : at + 28] = (2**32 - 2).to_bytes(4, "little")
    path.write_bytes(raw)
    summary = bring_in(path)
    assert summary.counts[Outcome.KEPT] + len(summary.left_out) == 1


def test_a_zip_inside_a_zip_is_not_opened(tmp_path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.dcm", chest_of(ALICE).files[0].data)
    path = zipped(tmp_path / "scan.zip", {"inner.zip": inner.getvalue()})
    assert codes(bring_in(path)) == {"inner.zip": "not-dicom"}


def test_total_and_member_limits_hold(tmp_path):
    path = zipped(tmp_path / "scan.zip", {"a": bytes(5000), "b": bytes(5000)})
    found = list(members(path.open("rb"), "scan.zip", ZipLimits(member_bytes=6000, total_bytes=8000)))
    assert isinstance(found[0], Item)
    assert not isinstance(found[1], Item)
    assert found[1].code == "inflates-too-far"


@pytest.mark.real
@pytest.mark.parametrize(
    ("folder", "kept", "refused"), [("ge-head", 28, 0), ("philips-phantom", 60, 3), ("compressed", 12, 0)]
)
def test_the_real_studies_come_in(real_data, folder, kept, refused):
    """M4, B11: the real data, compressed ones included, twice."""
    first, second = bring_in(real_data / "ct" / folder), bring_in(real_data / "ct" / folder)
    assert (first.counts[Outcome.KEPT], first.counts[Outcome.REFUSED]) == (kept, refused)
    assert (second.counts[Outcome.KEPT], second.counts[Outcome.DUPLICATE]) == (0, kept)


def disc_image(data: bytes, *, at: int = 20) -> bytes:
    """The smallest ISO 9660 image: one folder with one file in it."""

    def record(name: bytes, sector: int, length: int, flags: int) -> bytes:
        body = bytearray(33) + name + (b"\0" if len(name) % 2 == 0 else b"")
        body[0], body[25], body[32] = len(body), flags, len(name)
        body[2:6], body[10:14] = sector.to_bytes(4, "little"), length.to_bytes(4, "little")
        return bytes(body)

    image = bytearray(20 * 2048)
    volume = bytearray(b"\x01CD001\x01".ljust(2048, b"\0"))
    volume[128:130], volume[156:190] = (2048).to_bytes(2, "little"), record(b"\0", 19, 2048, 2)
    image[16 * 2048 : 17 * 2048] = volume
    image[17 * 2048 : 17 * 2048 + 6] = b"\xffCD001"
    image[19 * 2048 : 20 * 2048] = record(b"IM1.DCM;1", at, len(data), 0).ljust(2048, b"\0")
    return bytes(image[: 20 * 2048]) + data


def test_the_image_of_a_disc_is_opened(tmp_path):
    path = tmp_path / "disc.iso"
    path.write_bytes(disc_image(chest_of(ALICE).files[0].data))
    assert bring_in(path).counts[Outcome.KEPT] == 1


def test_a_disc_image_that_points_outside_itself_is_refused(tmp_path):
    """fault B14: a record may not reach beyond the image."""
    path = tmp_path / "disc.iso"
    path.write_bytes(disc_image(chest_of(ALICE).files[0].data, at=90_000)[: 21 * 2048])
    assert codes(bring_in(path)) == {"disc.iso": "bad-iso"}


def test_what_must_be_unpacked_first_says_so(tmp_path):
    path = tmp_path / "scans.7z"
    path.write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(500))
    assert codes(bring_in(path)) == {"scans.7z": "packed"}


def test_a_disk_that_is_full_while_unpacking_is_said_in_a_sentence(db, own_vault, tmp_path, monkeypatch):
    """D1: `scanward import` ends with what to do, not with a traceback."""
    from click.testing import CliRunner

    from scanward.cli import import_
    from scanward.intake.collecting import NoRoom

    def full(*_args: object, **_kwargs: object) -> None:
        raise NoRoom("The disk is full. Free space and try again.")

    monkeypatch.setattr(import_, "refuse_if_unsafe", lambda: None)
    monkeypatch.setattr(import_, "bring", full)
    said = CliRunner().invoke(import_.command, [str(tmp_path)])
    assert said.exit_code == 1
    assert "The disk is full. Free space and try again. What was kept before is safe" in said.output
