"""S4, S5, S11: the same inside a project, unlinkable outside."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanward.deid.keyed import KeyRefused, Project, new_project, read_key, write_key

A, B = Project("a", b"a" * 32), Project("b", b"b" * 32)
uids = st.from_regex(r"1\.2\.[1-9][0-9]{0,9}\.[1-9][0-9]{0,20}", fullmatch=True)


@given(uids)
def test_a_uid_has_one_new_uid_and_it_is_legal(uid):
    new = A.uid(uid.encode())
    assert new == Project("again", b"a" * 32).uid(uid.encode())
    assert new.startswith("2.25.") and len(new) <= 64 and new[5] != "0"


@given(uids)
def test_two_projects_share_nothing(uid):
    assert A.uid(uid.encode()) != B.uid(uid.encode())
    assert A.pseudonym(uid) != B.pseudonym(uid)


@given(st.text(min_size=1, max_size=20))
def test_a_pseudonym_ignores_case_and_spaces_and_fits_every_text_vr(text):
    assert A.pseudonym(text) == A.pseudonym(f"  {text} ")
    assert len(A.pseudonym(text)) == 16 and A.pseudonym(text).isalnum() and A.pseudonym(text).isupper()


@given(st.text(max_size=20))
def test_dates_move_back_by_a_month_to_ten_years(patient):
    assert -3650 <= A.days(patient) <= -30


@given(st.text(max_size=20))
def test_on_request_the_weekday_stays(patient):
    days = A.days(patient, whole_weeks=True)
    assert (
        days % 7 == 0 and date(2024, 5, 1).weekday() == date.fromordinal(date(2024, 5, 1).toordinal() + days).weekday()
    )


def test_a_key_file_is_for_its_owner_only(tmp_path):
    path = tmp_path / "k.toml"
    write_key(path, new_project("lung"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key(path).name == "lung"
    path.chmod(0o644)
    with pytest.raises(KeyRefused, match="chmod 600"):
        read_key(path)


def test_a_key_is_never_overwritten(tmp_path):
    write_key(tmp_path / "k.toml", A)
    with pytest.raises(FileExistsError):
        write_key(tmp_path / "k.toml", B)


def test_a_project_does_not_print_its_key():
    assert "aaaa" not in repr(A)
