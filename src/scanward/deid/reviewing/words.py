"""The words of the review page, in English and Spanish: this page runs without Django and its catalogues."""

import re
from typing import Final

_WORDS: Final[dict[str, str]] = {
    "Held series": "Series retenidas",
    "Nothing is held that can be decided here.": "No hay nada retenido que se pueda decidir aquí.",
    "Series": "Serie",
    "Why it is held": "Por qué está retenida",
    "Decision": "Decisión",
    "not decided": "sin decidir",
    "accept": "aceptar",
    "redact": "tapar",
    "reject": "rechazar",
    "Back to the list": "Volver a la lista",
    "Pictures": "Imágenes",
    "These pictures stay in this folder. They never leave with the export.": (
        "Estas imágenes se quedan en esta carpeta. Nunca salen con la exportación."
    ),
    "Not all images are shown here, so boxes can't be drawn.": (
        "Aquí no se ven todas las imágenes; por eso no se pueden dibujar recuadros."
    ),
    "What do you decide?": "¿Qué decide usted?",
    "Accept: nothing in these pictures tells who it is.": "Aceptar: nada en estas imágenes dice de quién son.",
    "Redact: paint over the boxes, then check again.": "Tapar: se pintan los recuadros y se comprueba de nuevo.",
    "Reject: it stays out of the export.": "Rechazar: se queda fuera de la exportación.",
    "Your name": "Su nombre",
    "Why (no patient's name or number)": "Por qué (sin nombre ni número de paciente)",
    "Boxes": "Recuadros",
    "Draw on a picture with the mouse, or type the numbers in pixels.": (
        "Dibuje sobre una imagen con el ratón, o escriba los números en píxeles."
    ),
    "Picture": "Imagen",
    "top": "arriba",
    "left": "izquierda",
    "bottom": "abajo",
    "right": "derecha",
    "Remove this box": "Quitar este recuadro",
    "Add a box": "Añadir un recuadro",
    "Already painted over": "Ya tapado",
    "Save the decision": "Guardar la decisión",
    "Decided by {by}: {why}": "Decidido por {by}: {why}",
    "To release what you decided, run: scanward deid release": (
        "Para entregar lo decidido, ejecute: scanward deid release"
    ),
    "Open the address that the command printed. It works once.": (
        "Abra la dirección que mostró la orden. Funciona una sola vez."
    ),
    "The page was not found.": "No se encontró la página.",
    "This form was not sent from this page.": "Este formulario no se envió desde esta página.",
    "A box needs four whole numbers.": "Un recuadro necesita cuatro números enteros.",
    "Please choose, and say who you are and why.": "Elija, y diga quién es usted y por qué.",
    "The boxes must lie inside their pictures; redacting needs at least one.": (
        "Los recuadros deben estar dentro de sus imágenes; para tapar hace falta al menos uno."
    ),
    "image {0}": "imagen {0}",
    "image {0}, frame {1}": "imagen {0}, cuadro {1}",
    "from the front": "de frente",
    "from the front, turned {0}°": "de frente, girada {0}°",
    "from behind": "por detrás",
    "from behind, turned {0}°": "por detrás, girada {0}°",
    "skin rebuilt by an attack ({0} mm)": "piel rehecha por un ataque ({0} mm)",
    "from in front": "de frente",
    "from the side": "de lado",
    "Images: {0}": "Imágenes: {0}",
    "{0} of {1} decided.": "{0} de {1} decididas.",
    "burned-in": "Puede leerse texto en ella.",
    "capture": "Es una captura o una fotografía que muestra el cuerpo.",
    "scout": "Es una imagen de planificación, que puede mostrar el perfil de la cara. Acéptela solo con autorización.",
    "face": "Puede verse una cara en ella, o podría recuperarse.",
    "head": "Muestra una cabeza, y no se quitó la cara. Acéptela solo con autorización.",
    "features": "Muestra metal (un implante, un aparato) que puede decir de quién es.",
    "field": "No se pudo recortar ni reducir como se pidió. Si la acepta, sale entera.",
}
REASONS: Final[dict[str, str]] = {
    "burned-in": "Text can be read in it.",
    "capture": "It is a screen capture or a photograph that shows the body.",
    "scout": "It is a scout, which can show the face in profile. Accept it with an authorization only.",
    "face": "A face may be seen in it, or could be brought back.",
    "head": "It shows a head, and its face was not removed. Accept it with an authorization only.",
    "features": "It shows metal (an implant, a device) that may tell who it is.",
    "field": "It could not be cropped or reduced as you asked. If you accept it, all of it leaves.",
}


def say(text: str, language: str) -> str:
    """A sentence in the reader's language."""
    if language == "es":
        return _WORDS[text]
    return REASONS.get(text, text)


_RENDER: Final = re.compile(r"(?:render|attack (\d+) mm) ([+-]\d+)")
_IMAGE: Final = re.compile(r"image (\d+)(?:, frame (\d+))?")


def titled(title: str, language: str) -> str:
    """What a picture shows, from the short name that its maker gave it."""
    if found := _RENDER.fullmatch(title):
        grown, view = found[1], _view(int(found[2]), language)
        return f"{say('skin rebuilt by an attack ({0} mm)', language).format(grown)}, {view}" if grown else view
    if found := _IMAGE.fullmatch(title):
        return say("image {0}, frame {1}" if found[2] else "image {0}", language).format(found[1], found[2])
    return say(title, language) if title in _WORDS else title


def _view(angle: int, language: str) -> str:
    behind = abs(angle) > 90
    turned = angle - (180 if angle > 0 else -180) if behind else angle
    side = "from behind" if behind else "from the front"
    return say(side + ", turned {0}°" if turned else side, language).format(f"{turned:+d}")


def language_of(accepted: str) -> str:
    """The first of the browser's languages that there is here."""
    for part in accepted.lower().split(","):
        code = part.split(";")[0].strip()[:2]
        if code in ("en", "es"):
            return code
    return "en"
