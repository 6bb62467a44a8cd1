"""Cleaning text: words of radiology and technique stay, everything else goes.

An allow-list can't be fooled by a name that nobody thought of. What is known of this patient goes even when
the vocabulary knows the word (PS3.15 E.3.5, Clean Descriptors).
"""

import re
from typing import Final

from scanward.deid.sweep import Known, fold
from scanward.deid.vocabulary import TERMS, WORDS

_PIECE: Final = re.compile(r"[^\W_]+(?:\.[0-9]+)?|.", re.DOTALL)
_SEPARATORS: Final = frozenset("/+-_.,:;()&%<>*")
_NUMBER: Final = re.compile(r"\d{1,3}(?:\.\d{1,4})?")
_MEASURE: Final = re.compile(
    r"\d{1,4}(?:\.\d{1,4})?(?:mm|cm|ml|cc|s|sec|secs|min|kv|kvp|kev|ma|mas|mgy|hu|d|x|st|nd|rd|th|ph|phase|phases"
    r"|slice|slices|g|mg|mgi|hr|h|bpm|pct|gy)|\d{1,3}x\d{1,3}"
)
_SHORT_CODE: Final = re.compile(r"[a-z]{1,2}\d{1,2}[a-z]{0,2}")  # kernels and vertebrae: b30f, br40d, l5
# fc08, hd750, mx8000, ya: somewhat wider than prose; more letters without a digit are none (they could be a name)
_TECHNICAL_CODE: Final = re.compile(
    r"(?!(?:\d*[a-z]){5})[a-z]{0,3}\d{1,3}(?:\.\d{1,2})?[a-z]{0,2}|[a-z]{1,3}[1-9]000|[a-z]{1,2}"
)
# A month in seven languages, as a whole word; 3 separate, 4 marked and "may be" are none.
_MONTH: Final = (
    r"(?:jan(?:uary|uar|vier|eiro|uari)?|gennaio|ene(?:ro)?|feb(?:ruary|ruar|rero|braio|ruari)?|f[eé]v(?:rier|ereiro)?"
    r"|m[aä]r(?:ch|z|zo|s|ço)?|maart|apr(?:il|ile)?|a[bv]r(?:il)?|may(?! (?:be|have|not|re|su|in))|ma[iy]o|mai"
    r"|mei|maggio|jun[ie]?o?|juin|giugno|jul[iy]?o?|juil(?:let)?|luglio|aug(?:ust|ustus)?|agosto|ao[uû]t"
    r"|sep(?:t(?:ember|embre|iembre)?)?|settembre|setembro|o[ck]t(?:ober|obre|ubre)?|outubro|ottobre"
    r"|nov(?:ember|embre|iembre|embro)?|de[cz](?:ember|embre|embro)?|dic(?:iembre|embre)?|d[eé]c(?:embre)?)(?![^\W\d_])"
)
_EDGE: Final = r"(?<![^\W_])(?<!\.)"  # an underscore is a space here
_END: Final = r"(?![^\W_])"
# Dates, and ages over 89, of which the single numbers would be allowed: 2024-05-17, 17.5.24, 17th of May, 93 years.
_DAY: Final = re.compile(
    rf"{_EDGE}(?:\d{{4}}([-./ ])\d{{1,2}}\1\d{{1,2}}|\d{{1,2}}([-./])\d{{1,2}}\2\d{{4}}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|º)?[-. ]*(?:(?:of|de|di|do|d') ?)?{_MONTH}[-. ,]*(?:de )?\d{{0,4}}"
    rf"|{_MONTH}[-. ]*\d{{1,2}}(?:st|nd|rd|th)?(?!\d)(?:[, ]+\d{{4}}|-\d{{2}}(?!\d))?"
    rf"|{_MONTH}[-./, ]*(?:19|20)\d{{2}}|(?:19|20)\d{{2}}[-/](?:0[1-9]|1[0-2])|(?:0[1-9]|1[0-2])[./](?:19|20)\d{{2}}"
    r"|\d{1,2}[-./](?:i{1,3}|i?v|vi{1,3}|i?x|xi{1,2})[-./]\d{4}"
    rf"|(?:9\d|1[0-2]\d)[- ]*(?:y|yrs?|years?|yo|y/o|jahre?|ans|a[nñ]os)\b){_END}",
    re.IGNORECASE,
)
# The same in prose, where no kernel or model is meant: age 93, 93F, M 93, 093Y, 93 jaar.
_AGED: Final = re.compile(
    rf"{_EDGE}(?:(?:aged?|alter|âge|edad|età|leeftijd|[fm])[: ]*0?(?:9\d|1[0-2]\d)"
    rf"|0?(?:9\d|1[0-2]\d)[- ]*(?:y\.? ?o\.?|y|[fm]|jaar|anni|anos|j[aä]hrig\w*)){_END}",
    re.IGNORECASE,
)
_SHORT_DAY: Final = re.compile(rf"{_EDGE}\d{{1,2}}([-./])\d{{1,2}}\1\d{{2}}(?!\.\d){_END}")  # also how versions look
# Here a name follows, which can be a word of the vocabulary: Dr. White, Schwester Rose. (DR alone is radiography.)
_TITLED: Final = re.compile(
    r"\b(?:[Dd]r|(?i:dr|mr|ms|sr)(?=\.)|(?i:prof|mrs|miss|herr|frau|mme|mlle|dott|doctor|doktor|docteur|doctora|nurse"
    r"|schwester|sra|srta|señora?))\b\.?(?:\s*(?i:dr|med|prof)\b\.?)*(?:[\s.]*\b[A-Z][^\W\d_]*){0,2}"
)
_CONTROL: Final = re.compile(r"[\0-\x08\x0e-\x1f\x7f]")  # escapes, and letters of two or four bytes: no words to judge
# Percent codes, and letters that are set apart: each by itself says nothing, together they spell anything.
_SPELLED: Final = re.compile(r"(?:%[0-9A-Fa-f]{2}){2,}|(?<!\w)(?:[^\W\d_][^\w\r\n]{1,2}){3,}[^\W\d_](?!\w)")
# Numbers in a row: a telephone number or a record's, of which each part alone would be allowed.
_ROW: Final = re.compile(rf"{_EDGE}\d+(?:[-./_ ]+\d+)+{_END}")
_TECHNICAL_ROW: Final = re.compile(r"(?<![\w.])\d+(?:[-/_ ]+\d+)+(?![^\W_])")
_LONGEST_ROW: Final = 6  # digits
_HOLLOW: Final = re.compile(r"\((?:(?![()+])[\W_])*\)")  # left behind, (-) would say that there was none
_ADDRESS: Final = re.compile(
    r"(?<![\w.])(?:(?:1?\d?\d|2[0-4]\d|25[0-5])\.){3}(?:1?\d?\d|2[0-4]\d|25[0-5])(?![\w.])"
)  # of a computer: IPv4
# Where somebody is, on the earth or in the net: 48.8566, 2.3522; N48 51 24; http://... and a@b.
_PLACE: Final = re.compile(
    r"-?\d{1,3}\.\d{3,}°? ?[NSEW]?[,;/ ]+-?\d{1,3}\.\d{3,}|\b[NSEW] ?\d{2,3}[° ]+\d{1,2}['′ ]+\d{1,2}"
    r"|\b[a-z]+://\S+|\bwww\.\S+|\S+@\S+",
    re.IGNORECASE,
)
_LONGEST: Final = 1024  # letters of a text that is looked into
_MOST: Final = 1 << 14  # bytes of all values of an element together
_COMPOUND: Final = re.compile(r"\S+")
_MOST_CODES: Final = 3  # codes, or parts of one or two letters, that hang together: l4/l5/s1
_MOST_CODE: Final = 8  # letters and digits of all of them
_CAMEL: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+(?:\.\d+)?")
_MOST_CODE_STRING: Final = 6  # the same in a code string: CT_SOM5, FM3_2
_LEGAL_CODE_STRING: Final = re.compile(r"[A-Z0-9_ ]{1,16}")

CODECS: Final[dict[bytes, str]] = {
    b"": "ascii",
    b"ISO_IR 6": "ascii",
    b"ISO_IR 100": "latin-1",
    b"ISO_IR 101": "iso8859-2",
    b"ISO_IR 109": "iso8859-3",
    b"ISO_IR 110": "iso8859-4",
    b"ISO_IR 126": "iso8859-7",
    b"ISO_IR 127": "iso8859-6",
    b"ISO_IR 138": "iso8859-8",
    b"ISO_IR 144": "iso8859-5",
    b"ISO_IR 148": "iso8859-9",
    b"ISO_IR 166": "iso8859-11",
    b"ISO_IR 203": "iso8859-15",
    b"ISO_IR 13": "shift_jis",
    b"ISO_IR 192": "utf-8",
    b"GB18030": "gb18030",
    b"GBK": "gbk",
    b"ISO 2022 IR 87": "iso2022_jp",
    b"ISO 2022 IR 159": "iso2022_jp_2",
    b"ISO 2022 IR 149": "euc_kr",
    b"ISO 2022 IR 58": "gb2312",
}


def codec_of(character_set: bytes) -> str:
    """Python's codec for a SpecificCharacterSet; with several, that of the last, which is the one with
    letters.
    """
    terms = [term.strip(b" \0") for term in character_set.split(b"\\")]
    return CODECS.get(terms[-1], CODECS.get(terms[-1].replace(b"ISO 2022 IR", b"ISO_IR"), "latin-1"))


def allowed(word: str, known: Known, *, technical: bool = False) -> bool:
    """May this word stay?"""
    if known.in_word(word) or known.in_number(word):
        return False
    low = word.casefold()
    if low in WORDS or fold(word) in WORDS or _NUMBER.fullmatch(low) or _MEASURE.fullmatch(low):
        return True
    if _SHORT_CODE.fullmatch(low) or (technical and (_TECHNICAL_CODE.fullmatch(low) or _is_version(low))):
        return True
    return _is_made_of_words(word)


def _is_version(word: str) -> bool:
    """A word with a short number behind a point, as GE names its software: sles_hde.148."""
    name, _, number = word.partition(".")
    return name in WORDS and 0 < len(number) < 4


def _is_made_of_words(word: str) -> bool:
    """ThoraxRoutine, T2FLAIR: few parts, for what is drawn by lot (4da100c3) falls apart into short words too."""
    parts = _CAMEL.findall(word)
    if len(parts) < 2 or "".join(parts) != word or not all(_plain(part) for part in parts):
        return False
    words = [part for part in parts if not part[0].isdigit()]
    return len(parts) - len(words) < 2 and (len(word) < 6 or sum(len(one) < 3 for one in words) < 2)


def _plain(part: str) -> bool:
    return part.casefold() in WORDS if part.isalpha() else bool(_NUMBER.fullmatch(part))


def clean(text: str, known: Known, *, technical: bool = False) -> str:
    """The text without every word that is not allowed; "" when nothing is left that says anything."""
    if _CONTROL.search(text):
        return ""
    hollow = _HOLLOW.search(text)
    text = known.without(_TITLED.sub(" ", _SPELLED.sub(" ", text)))
    kept = [_kept(piece, known, technical=technical) for piece in _PIECE.findall(_undated(text, technical=technical))]
    joined = _tidy("".join(kept) if hollow else _HOLLOW.sub(" ", "".join(kept)), technical=technical)
    return "" if known.in_text(joined) or not any(c.isalnum() for c in joined) else joined


def _undated(text: str, *, technical: bool) -> str:
    """The text without dates, great ages and long rows of numbers."""
    text = _DAY.sub(" ", _PLACE.sub(" ", text))
    if technical:
        return _TECHNICAL_ROW.sub(_short_row, _ADDRESS.sub(_short_row, text))
    return _ROW.sub(_short_row, _SHORT_DAY.sub(" ", _ADDRESS.sub(" ", _AGED.sub(" ", text))))


def _short_row(row: re.Match[str]) -> str:
    return row.group() if sum(map(str.isdigit, row.group())) <= _LONGEST_ROW else " "


def _plausible(compound: re.Match[str]) -> str:
    """What hangs together, unless it is made of more codes than a description has: then it is an identifier."""
    pieces = [piece for piece in _PIECE.findall(compound.group()) if piece[0].isalnum()]
    return compound.group() if _few_codes(pieces, _MOST_CODE) else " "


def _few_codes(pieces: list[str], most: int) -> bool:
    """Are no more than a few of these parts codes, or too short to say anything by themselves?"""
    codes = [weight for piece in pieces if (weight := _weight(piece))]
    short = sum(len(piece) < 3 for piece in pieces)
    return max(len(codes), short) <= _MOST_CODES and sum(codes) <= most


def _weight(piece: str) -> int:
    """How many letters and digits of it are no words: 0 of words, numbers and measures, 4 of b30f, 3 of Isovue300."""
    low = piece.casefold()
    if (
        not piece[0].isalnum()
        or low in WORDS
        or fold(piece) in WORDS
        or _NUMBER.fullmatch(low)
        or _MEASURE.fullmatch(low)
    ):
        return 0
    if _is_made_of_words(piece):
        return sum(len(part) for part in _CAMEL.findall(piece) if len(part) < 3 or part[0].isdigit())
    return len(piece)


def _tidy(text: str, *, technical: bool) -> str:
    """Take away the punctuation that stood around words that went, until nothing changes."""
    while True:
        one = _COMPOUND.sub(_plausible, _undated(text, technical=technical))
        one = re.sub(r"\s+", " ", one)
        one = re.sub(r"([/+\-_.,:;&%<>* ])(?:\s*[/_.,:;&*\-] ?)+", r"\1", one)
        one = re.sub(r"[()]", " ", one) if one.count("(") != one.count(")") else one
        one = re.sub(r"\(\s*\)", "", one).strip(" /-_.,:;&*")
        if one == text:
            return one
        text = one


def _kept(piece: str, known: Known, *, technical: bool) -> str:
    if piece[0].isalnum():
        return piece if allowed(piece, known, technical=technical) else ""
    return piece if piece in _SEPARATORS else " "


def clean_values(value: bytes, codec: str, known: Known, *, technical: bool = False) -> bytes | None:
    """A cleaned LO, SH or UC value, each of its values apart; None when nothing is left."""
    parts = value.decode(codec, "replace").split("\\")
    if len(value) > _MOST or max(map(len, parts)) > _LONGEST or known.in_row(parts):
        return None
    parts = [clean(part, known, technical=technical) for part in parts]
    if not any(parts):
        return None
    return "\\".join(parts).encode(codec, "ignore")


def clean_prose(value: bytes, codec: str, known: Known) -> bytes | None:
    """Prose stays only when every word of it may; a sentence with holes says less than it seems to."""
    text = value.decode(codec, "replace").strip(" \0\r\n")
    if len(text) > _LONGEST:
        return None
    cleaned = clean(text, known)
    whole = re.sub(r"\W+", "", cleaned) == re.sub(r"\W+", "", text)
    return cleaned.encode(codec, "ignore") if cleaned and whole else None


def legal_code_string(text: str, known: Known) -> bool:
    """Is this one value of VR CS a term of the standard, or made of words that may stay?"""
    if not text or text in TERMS:
        return True
    if not _LEGAL_CODE_STRING.fullmatch(text) or known.in_text(text):
        return False
    if sum(map(str.isdigit, text)) > _LONGEST_ROW or _DAY.search(text.replace("_", " ")):
        return False
    words = [word for word in re.split(r"[ _]+", text) if word]
    return _few_codes(words, _MOST_CODE_STRING) and all(len(word) <= 2 or allowed(word, known) for word in words)
