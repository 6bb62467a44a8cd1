"""The review page's HTML. All that comes from a case or a form is escaped; nothing is inline, nothing from outside."""

import html
from dataclasses import dataclass, field
from typing import Final

from scanward.deid.cases import BY_BOXES, Case, Picture
from scanward.deid.reviewing.decisions import Decision
from scanward.deid.reviewing.words import say, titled

_BLANK_BOXES: Final = 1
_NO_BOXES: Final = "Not all images are shown here, so boxes can't be drawn."
_WHY: Final = "Why (no patient's name or number)"


@dataclass(frozen=True)
class Form:
    """What a reviewer had typed, shown again beside what is wrong with it."""

    decision: str = ""
    by: str = ""
    why: str = ""
    boxes: list[tuple[str, str, str, str, str]] = field(default_factory=list)  # picture's number, then the four sides
    wrong: str = ""


class Pages:
    """Pages in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def _say(self, text: str) -> str:
        return html.escape(say(text, self.language))

    def page(self, title: str, body: str) -> str:
        """A whole page."""
        return (
            f'<!doctype html><html lang="{self.language}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{html.escape(title)} - Scanward</title>"
            '<link rel="icon" href="/review.svg">'
            '<link rel="stylesheet" href="/review.css"><script src="/review.js" defer></script></head>'
            f"<body><main>{body}</main></body></html>"
        )

    def message(self, text: str) -> str:
        """A page that says one thing."""
        return self.page(say(text, self.language), f"<h1>{self._say(text)}</h1>")

    def index(self, cases: list[Case], decisions: dict[str, Decision]) -> str:
        """The list of cases."""
        title = say("Held series", self.language)
        if not cases:
            body = f"<h1>{html.escape(title)}</h1><p>{self._say('Nothing is held that can be decided here.')}</p>"
            return self.page(title, body)
        rows = "".join(self._row(case, decisions.get(case.case)) for case in cases)
        heads = "".join(f'<th scope="col">{self._say(one)}</th>' for one in ("Series", "Why it is held", "Decision"))
        done = self._say("{0} of {1} decided.").format(sum(case.case in decisions for case in cases), len(cases))
        body = f"<h1>{html.escape(title)}</h1><p>{done}</p><div class=wide><table>"
        body += f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        words, _, command = self._say("To release what you decided, run: scanward deid release").partition(": ")
        return self.page(title, f"{body}<p>{words}: <code>{command}</code></p>")

    def _row(self, case: Case, decision: Decision | None) -> str:
        why = "<br>".join(self._say(reason) for reason in case.reasons)
        what = self._say(decision.decision if decision else "not decided")
        many = self._say("Images: {0}").format(len(case.files))
        name = f'<a href="/case/{case.case}">{case.case}</a><br><small>{many}</small>'
        state = "decided" if decision else "open"
        return f'<tr><th scope="row">{name}</th><td>{why}</td><td><span class={state}>{what}</span></td></tr>'

    def case(self, case: Case, decision: Decision | None, token: str, form: Form) -> str:
        """One case: its pictures, and the form to decide it."""
        why = "".join(f"<p>{self._say(reason)}</p>" for reason in case.reasons)
        was = ""
        if decision:
            text = say("Decided by {by}: {why}", self.language).format(by=decision.by, why=decision.why)
            was = f"<p class=was><strong>{self._say(decision.decision)}</strong>. {html.escape(text)}</p>"
        pictures = "".join(self._picture(case, number, one) for number, one in enumerate(case.pictures))
        note = self._say("These pictures stay in this folder. They never leave with the export.")
        body = (
            f'<p><a href="/">{self._say("Back to the list")}</a></p>'
            f"<h1>{self._say('Series')} {case.case}</h1>{why}{was}"
            f"<h2>{self._say('Pictures')}</h2><p>{note}</p><div class=pictures>{pictures}</div>"
            f"{self._form(case, token, form)}"
        )
        return self.page(f"{say('Series', self.language)} {case.case}", body)

    def _picture(self, case: Case, number: int, one: Picture) -> str:
        """A picture; of a frame with the boxes, drawn in its own pixels."""
        title = self._title(number, one)
        rows, columns = one.size
        link = f"/picture/{case.case}/{one.name}"
        image = f'<img src="{link}" alt="{title}" width="{columns}" height="{rows}">'
        if one.frame >= 0:
            painted = "".join(
                f'<rect class=done x="{b[1]}" y="{b[0]}" width="{b[3] - b[1]}" height="{b[2] - b[0]}"/>'
                for b in one.boxes
            )
            image += f'<svg viewBox="0 0 {columns} {rows}" data-picture="{number}" aria-hidden=true>{painted}</svg>'
        done = f"<br>{self._say('Already painted over')}: {len(one.boxes)}" if one.boxes else ""
        kind = "" if one.frame >= 0 else " class=seen"
        return f"<figure{kind}><div class=frame>{image}</div><figcaption>{title}{done}</figcaption></figure>"

    def _title(self, number: int, one: Picture) -> str:
        return f"{number + 1}. {html.escape(titled(one.title, self.language))}"

    def _form(self, case: Case, token: str, form: Form) -> str:
        sentences = {
            "accept": "Accept: nothing in these pictures tells who it is.",
            "redact": "Redact: paint over the boxes, then check again.",
            "reject": "Reject: it stays out of the export.",
        }
        choices = "".join(
            f"<p><label><input type=radio name=decision value={one} required {'checked' * (form.decision == one)}> "
            f"{self._say(sentences[one])}</label></p>"
            for one in case.choices
        )
        boxes = self._boxes(case, form) if "redact" in case.choices else ""
        if not boxes and not case.whole and set(case.reasons) <= BY_BOXES:
            boxes = f"<p>{self._say(_NO_BOXES)}</p>"
        wrong = f"<p class=wrong role=alert id=wrong>{self._say(form.wrong)}</p>" if form.wrong else ""
        return (
            f'<form method=post action="/case/{case.case}"><input type=hidden name=token value="{token}">{wrong}'
            f"<fieldset><legend>{self._say('What do you decide?')}</legend>{choices}</fieldset>{boxes}"
            f"<p><label for=by>{self._say('Your name')}</label><input id=by name=by required maxlength=100 "
            f'autocomplete=name value="{html.escape(form.by)}"></p>'
            f"<p><label for=why>{self._say('Why (no patient' + chr(39) + 's name or number)')}</label>"
            f"<textarea id=why name=why required maxlength=1000 rows=3>{html.escape(form.why)}</textarea></p>"
            f"<p><button>{self._say('Save the decision')}</button></p></form>"
        )

    def _boxes(self, case: Case, form: Form) -> str:
        rows = [*form.boxes, *[("", "", "", "", "")] * (_BLANK_BOXES if not form.boxes else 0)]
        drawn = "".join(self._box(case, one) for one in rows)
        hint = self._say("Draw on a picture with the mouse, or type the numbers in pixels.")
        return (
            f"<fieldset id=boxes><legend>{self._say('Boxes')}</legend><p>{hint}</p><div id=rows>{drawn}</div>"
            f"<template id=row>{self._box(case, ('', '', '', '', ''))}</template>"
            f"<p><button type=button id=more hidden>{self._say('Add a box')}</button></p></fieldset>"
        )

    def _box(self, case: Case, one: tuple[str, str, str, str, str]) -> str:
        options = "".join(
            f'<option value="{n}" {"selected" * (one[0] == str(n))}>{self._title(n, picture)}</option>'
            for n, picture in enumerate(case.pictures)
            if picture.frame >= 0
        )
        sides = "".join(
            f"<label>{self._say(name)} <input name={name} inputmode=numeric size=5"
            f' value="{html.escape(value)}"></label>'
            for name, value in zip(("top", "left", "bottom", "right"), one[1:], strict=True)
        )
        return (
            f"<div class=box><label>{self._say('Picture')} <select name=picture>{options}</select></label>{sides}"
            f"<button type=button class=less hidden>{self._say('Remove this box')}</button></div>"
        )
