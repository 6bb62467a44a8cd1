"""Plain words for the jargon of a report (H3): what a word means in general, never what it means for this person."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# As radiologists write it, in English and Spanish; the name as people look it up; what it means.
_TERMS: Final[tuple[tuple[str, str | Promise, str | Promise], ...]] = (
    (r"nodules?|n[oó]dulos?", _("Nodule"), _("A small round spot. Most are harmless; some are watched over time.")),
    (
        r"mass(?:es)?|masas?",
        _("Mass"),
        _("A lump of tissue, larger than a nodule. The word does not say of what kind."),
    ),
    (r"lesions?|lesi[oó]n(?:es)?", _("Lesion"), _("Any spot that looks different from the tissue around it.")),
    (r"cysts?|quistes?", _("Cyst"), _("A small bag filled with fluid.")),
    (r"effusions?|derrames?", _("Effusion"), _("Fluid where there is usually little or none.")),
    (r"pleural?|pleurales", _("Pleura"), _("The thin skin around the lungs.")),
    (r"pneumothorax|neumot[oó]rax", _("Pneumothorax"), _("Air between the lung and the chest wall.")),
    (
        r"consolidations?|consolidaci[oó]n(?:es)?",
        _("Consolidation"),
        _("A part of the lung filled with fluid, not air."),
    ),
    (r"atelectas[ie]s|atelectasias?", _("Atelectasis"), _("A part of the lung that is folded and holds little air.")),
    (
        r"ground[- ]glass|vidrio (?:deslustrado|esmerilado)",
        _("Ground glass"),
        _("A hazy part of the lung in the image."),
    ),
    (r"emphysema|enfisema", _("Emphysema"), _("Air spaces in the lung that are larger than they should be.")),
    (r"mediastin(?:al|um)|mediast[ií]n(?:ico|o)s?", _("Mediastinum"), _("The middle of the chest, between the lungs.")),
    (r"hil(?:ar|um)|hilio(?:s)?|hiliar(?:es)?", _("Hilum"), _("Where vessels and airways enter an organ.")),
    (
        r"lymph nodes?|ganglios?",
        _("Lymph node"),
        _("Small glands of the body's defence; they can swell for many reasons."),
    ),
    (r"lymphadenopathy|adenopat[ií]as?|linfadenopat[ií]as?", _("Lymphadenopathy"), _("Lymph nodes that are swollen.")),
    (
        r"calcifi(?:cations?|ed)|calcific(?:aci[oó]n|aciones|ad[oa]s?)",
        _("Calcification"),
        _("Calcium in tissue. It shows white."),
    ),
    (r"contrast|contraste", _("Contrast"), _("A dye that makes vessels and organs easier to see.")),
    (
        r"attenuation|atenuaci[oó]n|hypodens\w*|hyperdens\w*|hipodens\w*|hiperdens\w*",
        _("Density"),
        _("How dark or bright something is in a CT image."),
    ),
    (r"enhanc(?:ement|ing|es)|realce", _("Enhancement"), _("Tissue that gets brighter after the contrast dye.")),
    (r"stenosis|estenosis", _("Stenosis"), _("A narrow place in a vessel or a tube.")),
    (r"aneurysms?|aneurismas?", _("Aneurysm"), _("A place where a vessel is wider than it should be.")),
    (r"thromb(?:us|osis|i)|tromb(?:o|os|osis)", _("Thrombus"), _("A clot of blood inside a vessel.")),
    (r"embol(?:us|ism|i)|embolias?|[eé]mbolos?", _("Embolus"), _("A clot that has moved to another place.")),
    (r"ischemi[ac]|isqu[eé]mi(?:a|co|ca)", _("Ischemia"), _("Too little blood reaches the tissue.")),
    (r"infarct(?:ion|s)?|infartos?", _("Infarct"), _("Tissue that was damaged because blood did not reach it.")),
    (r"lacun(?:ar|es?)|lagunar(?:es)?|lacunas?", _("Lacune"), _("A very small old gap deep in the brain.")),
    (r"ha?emorrhag(?:e|ic)|hemorragias?|hemorr[aá]gic[oa]s?", _("Hemorrhage"), _("Bleeding.")),
    (r"o?edema", _("Edema"), _("Swelling from fluid in the tissue.")),
    (r"hydronephrosis|hidronefrosis", _("Hydronephrosis"), _("A kidney that is swollen because urine drains slowly.")),
    (
        r"diverticul(?:a|osis|itis)|divert[ií]cul(?:os|osis|itis)",
        _("Diverticula"),
        _("Small pouches in the wall of the bowel."),
    ),
    (r"steatosis|esteatosis|fatty liver|h[ií]gado graso", _("Steatosis"), _("Fat in the liver.")),
    (r"hernias?|herniation", _("Hernia"), _("Something that bulges through a gap in a wall.")),
    (r"degenerative|degenerativ[oa]s?", _("Degenerative"), _("Wear that comes with the years.")),
    (r"osteophytes?|osteofitos?", _("Osteophyte"), _("A small spur of bone at the edge of a joint.")),
    (r"benign|benign[oa]s?", _("Benign"), _("Not cancer.")),
    (r"malignan(?:t|cy)|malign[oa]s?|malignidad", _("Malignant"), _("Cancer, or able to spread.")),
    (
        r"metastas[ie]s|metast[aá]sis|metastatic|metast[aá]sic[oa]s?",
        _("Metastasis"),
        _("A growth that has spread from elsewhere."),
    ),
    (r"acute|agud[oa]s?", _("Acute"), _("New or sudden.")),
    (r"chronic|cr[oó]nic[oa]s?", _("Chronic"), _("There for a long time.")),
    (r"unremarkable|sin alteraciones|sin particularidades", _("Unremarkable"), _("Looks normal.")),
    (
        r"incidental(?:ly)?|incidentales|incidentaloma",
        _("Incidental"),
        _("Found by chance; not what the scan looked for."),
    ),
    (r"bilateral(?:es|ly)?", _("Bilateral"), _("On both sides.")),
    (r"biops(?:y|ies)|biopsias?|tissue sampling", _("Biopsy"), _("A small piece of tissue is taken and looked at.")),
    (r"fleischner", _("Fleischner Society"), _("A group of experts whose advice says when to look at a spot again.")),
)
_PATTERNS: Final = tuple(re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE) for pattern, _name, _meaning in _TERMS)


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the report, and what it means."""

    name: str
    meaning: str


def terms_in(texts: Iterable[str]) -> list[Term]:
    """Return the words of the glossary that stand in a report, by name."""
    whole = "\n".join(texts)
    found = [
        Term(str(name), str(meaning))
        for pattern, (_pattern, name, meaning) in zip(_PATTERNS, _TERMS, strict=True)
        if pattern.search(whole)
    ]
    return sorted(found, key=lambda term: term.name.casefold())


# A number, a letter or a dash at the beginning of a line.
_MARK: Final = re.compile(r"^\s*(?:\(?\d{1,2}[.):]\s+|[a-z][.)]\s+|[-*•–]\s*)", re.IGNORECASE)


def advice_in(text: str) -> list[str]:
    """Return the recommendations one by one (H11): numbered or marked lines, or else lines."""
    points: list[str] = []
    lines = [line for line in text.split("\n") if line.strip()]
    marked = any(_MARK.match(line) for line in lines)
    for line in lines:
        if points and marked and not _MARK.match(line):
            # A marked point that goes on in the next line.
            points[-1] = f"{points[-1]} {line.strip()}"
        else:
            points.append(_MARK.sub("", line).strip())
    return [point for point in points if point]
