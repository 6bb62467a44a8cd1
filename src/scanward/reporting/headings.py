"""Finds the parts of a report that is one plain text, by the headings that radiologists write (English and Spanish)."""

import re
import unicodedata
from typing import Final

from scanward.reporting.kinds import Section, SectionKind, in_order
from scanward.reporting.plain import plain

# As they are compared: lower case, without accents. The longest that fits is taken.
_WORDS: Final[dict[SectionKind, str]] = {
    SectionKind.EXAM: "exam|examination|exam type|type of exam|exam description|exam performed|procedure|"
    "procedure performed|study|study performed|examen|estudio|tipo de estudio|tipo de examen|estudio realizado|"
    "procedimiento|exploracion",
    SectionKind.INDICATION: "indication|indications|clinical indication|clinical indications|reason for exam|"
    "reason for examination|reason for study|reason for this exam|history|clinical history|clinical information|"
    "clinical data|clinical statement|patient history|indicacion|indicaciones|indicacion clinica|motivo|"
    "motivo del estudio|motivo del examen|motivo de consulta|datos clinicos|informacion clinica|historia clinica|"
    "historia|antecedentes|sospecha clinica",
    SectionKind.TECHNIQUE: "technique|techniques|protocol|method|methods|scan technique|contrast|radiation dose|"
    "tecnica|tecnica y protocolo|protocolo|metodo|metodologia|contraste",
    SectionKind.COMPARISON: "comparison|comparisons|comparison study|comparison studies|compared with|prior studies|"
    "prior exams|priors|previous studies|comparacion|comparacion con|comparativa|estudios previos|estudio previo|"
    "estudio comparativo|estudios comparativos",
    SectionKind.FINDINGS: "findings|finding|report|description|observations|result|results|discussion|body of report|"
    "hallazgos|hallazgo|descripcion|informe|resultado|resultados|observaciones|hallazgos radiologicos",
    SectionKind.IMPRESSION: "impression|impressions|conclusion|conclusions|summary|opinion|diagnosis|interpretation|"
    "assessment|final impression|overall impression|impression and recommendation|impresion|impresiones|"
    "impresion diagnostica|conclusiones|diagnostico|diagnostico radiologico|resumen|juicio diagnostico|"
    "impresion radiologica|sintesis",
    SectionKind.RECOMMENDATION: "recommendation|recommendations|recommended follow-up|recommended follow up|follow-up|"
    "follow up|followup|advice|plan|management|recomendacion|recomendaciones|seguimiento|se recomienda|sugerencia|"
    "sugerencias|conducta|conducta sugerida|control sugerido|plan de seguimiento",
    SectionKind.OTHER: "addendum|addenda|adenda|anexo|note|notes|nota|notas|critical results|critical result|"
    "critical results communication|communication|notification|comunicacion|electronically signed by|signed by|"
    "signed|dictated by|transcribed by|attestation|teaching statement|firmado por|firmado electronicamente por|"
    "dictado por|signature|firma|comment|comments|comentario|comentarios",
}
KIND_OF: Final = {word: kind for kind, words in _WORDS.items() for word in words.split("|")}
_LONGEST: Final = max(map(len, KIND_OF))
_ALL: Final = "|".join(re.escape(word) for word in sorted(KIND_OF, key=len, reverse=True))
# Numbered, marked with asterisks, followed by a colon or a dash, or alone on its line.
_HEADING: Final = re.compile(
    rf"[\s*#=_\-]*(?:(?:\d{{1,2}}|[ivx]{{1,4}})[.)]\s+)?(?P<head>{_ALL})\s?(?P<mark>[\s*#=_]*(?::|\.?$|[-–—]\s))[\s*#=_]*"
)
# In a report that lost its line ends only what is written large and has a colon counts.
_INLINE: Final = re.compile(rf"(?<=[^\n\w])(?=(?:{_ALL})\s?:)", re.IGNORECASE)
_SHORT_PREAMBLE: Final = 3


def kind_of(heading: str) -> SectionKind | None:
    """Return which part a heading names, or None."""
    return KIND_OF.get(_folded(heading).strip(" .:*#=_-"))


def sections_of_text(text: str) -> tuple[Section, ...]:
    """Cut a report at its headings; without any it is one section of findings. No word of it is lost."""
    parts: list[tuple[SectionKind | None, list[str]]] = [(None, [])]
    for line in _with_line_ends(plain(text)).split("\n"):
        found = _heading(line)
        if found is None:
            parts[-1][1].append(line)
        else:
            kind, head, rest = found
            # Of what is in no fixed part, the heading itself says what it is.
            parts.append((kind, [line.strip() if kind is SectionKind.OTHER else rest] if rest or head else []))
    preamble = _preamble(parts[0][1], headed=len(parts) > 1)
    return in_order([Section(kind or preamble, "\n".join(lines)) for kind, lines in parts])


def _preamble(lines: list[str], *, headed: bool) -> SectionKind:
    """Return what the lines before the first heading are: the exam's title if they are few."""
    if not headed:
        return SectionKind.FINDINGS
    return SectionKind.EXAM if len([line for line in lines if line.strip()]) <= _SHORT_PREAMBLE else SectionKind.OTHER


def _heading(line: str) -> tuple[SectionKind, str, str] | None:
    """Return the part, the heading and the rest of the line, if the line begins one."""
    found = _HEADING.match(_folded(line[: _LONGEST + 40]))
    if found is None:
        return None
    # Folding keeps the length, so that the places are the same in the line itself.
    head, rest = line[found.start("head") : found.end("head")], line[found.end() :].strip()
    if "-" in found["mark"] or "–" in found["mark"] or "—" in found["mark"]:
        if not head.isupper():
            return None
    elif ":" not in found["mark"] and rest:
        return None
    return KIND_OF[found["head"]], head, rest


def _with_line_ends(text: str) -> str:
    """Put each heading that is written large in the middle of a line on a line of its own."""
    folded = _folded(text)
    cuts = [at for at in (found.start() for found in _INLINE.finditer(folded)) if _is_large(text, at)]
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    return "\n".join(piece.strip(" ") for piece in pieces)


def _is_large(text: str, at: int) -> bool:
    head = text[at : at + _LONGEST + 2].partition(":")[0]
    before = text[max(0, at - 2) : at].rstrip(" ")[-1:]
    # "CLINICAL HISTORY:" is one heading, not one that begins at "HISTORY".
    return head.isupper() and not before.isalpha()


def _folded(text: str) -> str:
    """Return the text in lower case without accents, character for character."""
    if text.isascii():
        return text.lower()
    return "".join((unicodedata.normalize("NFD", letter)[:1] or letter).lower()[:1] or letter for letter in text)
