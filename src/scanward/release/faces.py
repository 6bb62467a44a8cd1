"""Whether the images of a study may show a face, as far as the words on it say (D15)."""

from typing import Final

from scanward.archive.models import Study
from scanward.deid.held import shows_head
from scanward.law.bases import Basis
from scanward.law.errors import Unlawful
from scanward.law.prompts import check_onward

CT_IMAGE: Final = "1.2.840.10008.5.1.4.1.1.2"
_BODY_PART, _STUDY, _SERIES = 0x00180015, 0x00081030, 0x0008103E


def may_show_face(study: Study) -> bool:
    """Return whether a word says head or neck, or no word says what it shows at all."""
    series = list(study.series.values_list("description", flat=True))
    texts = [study.body_part, study.description, *series]
    if not any(text.strip() for text in texts):
        return True
    said = {_BODY_PART: study.body_part, _STUDY: study.description, _SERIES: " ".join(series)}
    return shows_head(CT_IMAGE, said)


def may_go_on(*, head_ct: bool, basis: Basis) -> bool:
    """Return whether images may be given on as they are on this basis, if they show a head or if they don't."""
    try:
        check_onward(head_ct=head_ct, defaced=False, basis=basis)
    except Unlawful:
        return False
    return True
