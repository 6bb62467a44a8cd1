"""Labels for folders that say what a series is and can't say who it is of: only words that are known are
kept.
"""

import re
from unicodedata import combining, normalize

_KNOWN = """
abdomen abdominal above angio angiogram ankle aorta arm arterial ax axial axilla below biliary bladder
body bolus bone bones bowel brain brazo breast cabeza cadera calcium cap cara cardiac carotid cerebral
cerebro cervical chest clavicle coccyx codo colon columna con contrast contraste cor corazon coronal
coronary craneo cranial cta ctpa cuello curved delayed dental derecha derecho detail dose ear early elbow
excretory expiration extremity face facial fase fast femur fibula fine finger foot forearm full hand head
heart helical higado high hip hombro hueso huesos humerus inspiration ischium iterative izquierda
izquierdo jaw joint kernel kidney knee larynx late left leg level liver localizer low lower lumbar lung
lungs mandible mano maxilla maxillofacial mediastinal mediastinum minip mip monitoring mpr muneca muslo
neck noncontrast nose oblique orbit orbits ovary pancreas pelvic pelvis petrous phase pie pierna plain
portal post pre prone protocol pulmon pulmonar pulmonary pulmones radius reconstruction reformat renal
report resolution rib ribs right rinon rinones rodilla sacrum sag sagital sagittal scan scanogram scapula
score scout screening senos sequence sharp shoulder simple sin sinus sinuses skull smooth soft spine
spiral spleen standard sternum summary supine survey surview tardia tejido temporal thick thigh thin
thoracic thorax throat tibia timing tissue tobillo topogram torax trachea tracker trauma ulna upper
urinary urogram uterus vascular venous ventana vertebra volume vr vrt whole window with without wo wrist
"""  # body parts, planes, phases, settings: English and Spanish
_WORDS = frozenset(_KNOWN.split())
_THICKNESS = re.compile(r"\d{1,2}([.,]\d{1,3})?mm")
_TOKEN = re.compile(r"[a-z]+|\d{1,2}(?:[.,]\d{1,3})?\s*mm\b|\d+")
_LONGEST = 40


def plain_label(text: str, *, otherwise: str = "series") -> str:
    """Make a folder label of a free-text description: `Chest 1.25 mm LUNG for Smith` gives
    `chest-1.25mm-lung`.

    Technicians type names and numbers into descriptions, so everything that is not a known word or a slice
    thickness goes.
    """
    plain = "".join(c for c in normalize("NFKD", text[:1000]).casefold() if not combining(c))
    tokens = (re.sub(r"\s", "", token).replace(",", ".") for token in _TOKEN.findall(plain))
    kept = [token for token in tokens if token in _WORDS or _THICKNESS.fullmatch(token)]
    label = ""
    for word in dict.fromkeys(kept):
        if len(label) + len(word) + 1 > _LONGEST:
            break
        label = f"{label}-{word}" if label else word
    return label or otherwise
