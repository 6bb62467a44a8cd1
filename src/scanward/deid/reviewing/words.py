"""The words of the review page, in English and Spanish: this page runs without Django and its catalogues."""

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
    "burned-in": "Puede leerse texto en ella.",
    "capture": "Es una captura o una fotografía que muestra el cuerpo.",
    "scout": "Es una imagen de planificación, que puede mostrar el perfil de la cara. Acéptela solo con autorización.",
    "face": "Puede verse una cara en ella, o podría recuperarse.",
    "head": "Muestra una cabeza, y no se quitó la cara. Acéptela solo con autorización.",
    "features": "Muestra metal (un implante, un aparato) que puede decir de quién es.",
}
REASONS: Final[dict[str, str]] = {
    "burned-in": "Text can be read in it.",
    "capture": "It is a screen capture or a photograph that shows the body.",
    "scout": "It is a scout, which can show the face in profile. Accept it with an authorization only.",
    "face": "A face may be seen in it, or could be brought back.",
    "head": "It shows a head, and its face was not removed. Accept it with an authorization only.",
    "features": "It shows metal (an implant, a device) that may tell who it is.",
}


def say(text: str, language: str) -> str:
    """A sentence in the reader's language."""
    if language == "es":
        return _WORDS[text]
    return REASONS.get(text, text)


def language_of(accepted: str) -> str:
    """The first of the browser's languages that there is here."""
    for part in accepted.lower().split(","):
        code = part.split(";")[0].strip()[:2]
        if code in ("en", "es"):
            return code
    return "en"
