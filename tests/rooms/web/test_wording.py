"""What the law and the ledger say in English comes to pages in the reader's language."""

import ast
from decimal import Decimal
from pathlib import Path

import pytest
from django.utils.translation import override

from scanward.access.actors import reference
from scanward.access.kinds import Actor
from scanward.access.matrix import RULES
from scanward.law.bases import Basis, NeverABasis
from scanward.law.defects import Defect
from scanward.law.denials import Ground, NeverAGround
from scanward.law.documents import Document
from scanward.law.fee_lines import Carrier, CopyingLabour, Medium, Postage, Supplies
from scanward.law.fees import _label
from scanward.law.prompts import Prompt
from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import Role
from scanward.release.charges import charge_words
from scanward.release.kinds import Need
from scanward.web.wording import ROLES, purpose_words, role_words, said

SOURCES = Path(__file__).resolve().parents[3] / "src" / "scanward"


@pytest.mark.parametrize("purpose", PurposeOfUse)
def test_each_purpose_says_the_laws_sentence_and_has_a_spanish_one(purpose):
    with override("en"):
        assert purpose_words(purpose) == purpose.sentence
    with override("es"):
        assert purpose_words(purpose) != purpose.sentence


def test_no_purpose_says_nothing():
    assert purpose_words(None) == ""


SENTENCES = [*Need, *Defect, *Ground, *NeverAGround, *Basis, *NeverABasis, *Document, *Prompt]


@pytest.mark.parametrize("sentence", [*SENTENCES, *(rule.reason for rule in RULES)], ids=str)
def test_each_sentence_of_the_law_and_the_matrix_has_a_spanish_one(sentence):
    with override("es"):
        assert said(sentence) != str(sentence)


def test_a_citation_stays_as_it_is():
    rule = next(rule for rule in RULES if rule.name == "clinician-assigned")
    with override("es"):
        assert said(f"{rule.reason} ({rule.citation})") == (
            "Un médico que atiende al paciente puede ver el expediente. (45 CFR 164.506(c)(1))"
        )


def test_what_nobody_knows_stays_as_it_is():
    with override("es"):
        assert said("Dr. Smith (2) said so") == "Dr. Smith (2) said so"
        assert said("") == ""


@pytest.mark.parametrize(
    ("line", "spanish"),
    [
        (CopyingLabour(12, Decimal(30)), "Mano de obra para copiar, después de encontrar el expediente (12 minutos)"),
        (Supplies(Medium.USB, 2, Decimal(4)), "Materiales: 2 × memoria USB"),
        (Postage(Carrier.TRACKED, Decimal(5)), "Envío: correo con rastreo"),
    ],
)
def test_each_line_of_a_price_is_read_in_ones_own_language(line, spanish):
    with override("es"):
        assert charge_words(_label(line)) == spanish


def test_the_ledger_keeps_roles_in_one_language_whoever_writes():
    dana = Actor(id="d", display="Dana", roles=frozenset({Role.TREATING_CLINICIAN, Role.RESEARCHER}))
    with override("es"):
        assert reference(dana).role == "Researcher, Treating clinician"


def test_roles_of_the_ledger_are_read_in_ones_own_language():
    with override("es"):
        assert role_words("Researcher, Treating clinician") == "Investigador, Médico tratante"
        assert role_words("patient or representative") == "paciente o representante"
        assert role_words("a role of long ago") == "a role of long ago"


def written_roles():
    """Yield each role that the code writes into the ledger as a plain word."""
    for path in SOURCES.rglob("*.py"):
        calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
        for call in calls:
            role = call.args[2] if getattr(call.func, "id", "") == "ActorRef" and len(call.args) > 2 else None
            if isinstance(role, ast.Constant) and role.value:
                yield role.value


def test_no_role_that_the_code_writes_is_unknown_here():
    assert set(written_roles()) - set(ROLES) == set()
