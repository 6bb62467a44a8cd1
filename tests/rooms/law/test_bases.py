"""Every release carries exactly one legal basis, with its documents, open to its recipient."""

import pytest

from scanward.law.bases import (
    NEVER_CITATIONS,
    OPEN_TO,
    Basis,
    NeverABasis,
    RecipientKind,
    check_recipient,
    only_basis,
    open_to,
)
from scanward.law.documents import BASIS_ROWS, Document, check_documents, missing, row_of
from scanward.law.errors import Unlawful
from scanward.law.necessary import Detail, minimum_applies, most
from scanward.law.purpose import PurposeOfUse


@pytest.mark.parametrize("basis", Basis)
def test_one_basis_is_accepted(basis: Basis) -> None:
    """A10."""
    assert only_basis([basis]) is basis


@pytest.mark.parametrize("claimed", [[], [Basis.ACCESS, Basis.TREATMENT], ["because"], [""]])
def test_none_two_or_an_unknown_one_are_refused(claimed: list[str]) -> None:
    """A10."""
    with pytest.raises(Unlawful, match=r"legal basis.*164\.502"):
        only_basis(claimed)


@pytest.mark.parametrize("never", NeverABasis)
def test_what_is_never_a_basis_is_refused_also_beside_a_real_one(never: NeverABasis) -> None:
    """A8, Q4, T6."""
    for claimed in ([never], [never, Basis.AUTHORIZATION]):
        with pytest.raises(Unlawful) as refusal:
            only_basis(claimed)
        assert refusal.value.citation == NEVER_CITATIONS[never]


def test_no_basis_shares_its_word_with_what_is_never_one() -> None:
    assert not set(Basis) & {str(never) for never in NeverABasis}


@pytest.mark.parametrize("basis", Basis)
def test_every_basis_names_its_clause_its_documents_and_its_purpose(basis: Basis) -> None:
    """A9, A10."""
    row = row_of(basis)
    assert row.citation.startswith("45 CFR 164.5")
    assert row.needs
    assert isinstance(row.purpose, PurposeOfUse)


@pytest.mark.parametrize("basis", Basis)
def test_a_basis_with_every_document_passes_and_without_any_one_of_them_does_not(basis: Basis) -> None:
    """A9."""
    papers = {min(alternatives) for alternatives in BASIS_ROWS[basis].needs}
    assert missing(basis, papers) == ()
    check_documents(basis, papers)
    for paper in papers:
        with pytest.raises(Unlawful) as refusal:
            check_documents(basis, papers - {paper})
        assert paper in str(refusal.value)


def test_a_subpoena_needs_notice_or_a_protective_order() -> None:
    """A9."""
    assert missing(Basis.SUBPOENA, {Document.SUBPOENA}) == (
        frozenset({Document.NOTICE_ASSURANCE, Document.PROTECTIVE_ORDER}),
    )
    check_documents(Basis.SUBPOENA, {Document.SUBPOENA, Document.PROTECTIVE_ORDER})
    check_documents(Basis.SUBPOENA, {Document.SUBPOENA, Document.NOTICE_ASSURANCE})


@pytest.mark.parametrize("letter", "abcdefghijkl")
def test_every_paragraph_of_512_has_a_basis_with_documents(letter: str) -> None:
    """A9."""
    assert [row for row in BASIS_ROWS.values() if row.citation.startswith(f"45 CFR 164.512({letter})")]


@pytest.mark.parametrize("number", range(1, 7))
def test_each_of_the_six_law_enforcement_cases_needs_the_officer_s_identity(number: int) -> None:
    """A9."""
    (row,) = [r for r in BASIS_ROWS.values() if r.citation == f"45 CFR 164.512(f)({number})"]
    assert frozenset({Document.AUTHORITY_IDENTITY}) in row.needs


@pytest.mark.parametrize(
    "recipient",
    [RecipientKind.EMPLOYER, RecipientKind.ATTORNEY, RecipientKind.SCHOOL, RecipientKind.FAMILY],
)
def test_employers_attorneys_schools_and_family_get_nothing_for_treatment_payment_or_on_their_word(
    recipient: RecipientKind,
) -> None:
    """A8."""
    assert Basis.AUTHORIZATION in open_to(recipient)
    for basis in (Basis.TREATMENT, Basis.PAYMENT, Basis.OPERATIONS, Basis.ACCESS, Basis.OVERSIGHT):
        with pytest.raises(Unlawful, match="needs a valid authorization"):
            check_recipient(basis, recipient)


def test_film_and_press_come_in_by_authorization_alone() -> None:
    """Q4, A8."""
    assert open_to(RecipientKind.MEDIA) == {Basis.AUTHORIZATION}


def test_every_recipient_has_a_way_and_every_basis_a_recipient() -> None:
    assert set(OPEN_TO) == set(RecipientKind)
    assert frozenset().union(*OPEN_TO.values()) == set(Basis)
    for recipient, bases in OPEN_TO.items():
        for basis in bases:
            check_recipient(basis, recipient)


@pytest.mark.parametrize(
    "basis",
    [Basis.ACCESS, Basis.REPRESENTATIVE_ACCESS, Basis.DIRECTIVE, Basis.TREATMENT, Basis.AUTHORIZATION],
)
def test_a_person_s_own_copy_care_and_authorizations_are_never_cut(basis: Basis) -> None:
    """A12, K6, T9."""
    assert not minimum_applies(basis)
    assert most(basis) == set(Detail)


def test_exactly_the_six_exemptions_of_502_b_2_escape_the_minimum() -> None:
    """K6, T9."""
    exempt = {basis for basis in Basis if not minimum_applies(basis)}
    assert exempt == {
        Basis.TREATMENT,
        Basis.ACCESS,
        Basis.REPRESENTATIVE_ACCESS,
        Basis.DIRECTIVE,
        Basis.AUTHORIZATION,
        Basis.HHS,
        Basis.REQUIRED_BY_LAW,
        Basis.COURT_ORDER,
        Basis.SUBPOENA,
        Basis.POLICE_PROCESS,
    }


def test_payers_get_no_images_and_auditors_no_names() -> None:
    """A5, A6, K5."""
    assert Detail.IMAGES not in most(Basis.PAYMENT)
    assert Detail.IDENTITY not in most(Basis.OPERATIONS)
    assert minimum_applies(Basis.PAYMENT)
    assert minimum_applies(Basis.OPERATIONS)
