"""What somebody has chosen so far on the way to a request: read from the form, checked page by page."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scanward.archive.models import Series, Study
from scanward.law.bases import RecipientKind
from scanward.law.errors import Unlawful
from scanward.law.tracks import Track
from scanward.people.models import Patient
from scanward.portal.words import TO_HOSPITALS, TO_OTHERS, offered
from scanward.release import house, peers
from scanward.release.actions import RecipientDetails
from scanward.release.ways import Arrival, Medium, check_format
from scanward.web import showing
from scanward.web.doors import SignedInRequest
from scanward.web.forms import chosen, day, typed

# What each page asks; whatever was chosen on the others travels along.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "what": ("study", "series", "images", "report", "part", "first", "last", "exam"),
    "to": (
        "recipient_kind", "recipient_name", "recipient_organization", "recipient_address", "recipient_state",
        "recipient_peer",
        "care", "purpose", "expires_on", "expires_when",
    ),
    "how": ("delivery", "medium", "contact", "reason", "large_print", "expedited", "expedited_reason"),
    "check": ("fee", "warned", "signature"),
}  # fmt: skip
MOST = 200


@dataclass(frozen=True, slots=True)
class Way:
    """One answer to "who should get it": the track that it leads to, and whose records it is about."""

    name: str
    title: str | Promise
    track: Track
    to_other: bool
    offers: Callable[[showing.Record], bool]
    # Treatment needs no signature, so none is asked (164.506(c)).
    signs: bool = True


def _any(_record: showing.Record) -> bool:
    return True


WAYS: Mapping[str, Way] = {
    way.name: way
    for way in (
        Way("me", _("A copy for me"), Track.ACCESS, False, lambda record: record.own),
        Way("them", _("A copy for a person for whom I act"), Track.ACCESS, False, lambda record: not record.own),
        Way("other", _("Send it to somebody"), Track.DIRECTIVE, True, _any),
        Way("asked", _("Permit somebody who asks for it"), Track.AUTHORIZATION, True, _any),
        Way("care", _("For a doctor who treats me"), Track.TREATMENT, True, _any, signs=False),
    )
}


def pages_of(way: Way) -> tuple[str, ...]:
    """The pages of a way, in their order."""
    return ("what", "to", "how", "check") if way.to_other else ("what", "how", "check")


def page_after(way: Way, page: str) -> str:
    """The page that follows; the last one sends."""
    pages = pages_of(way)
    return pages[pages.index(page) + 1] if page != pages[-1] else "send"


@dataclass
class Draft:
    """The choices so far. Only what the reader may see can be chosen."""

    request: SignedInRequest
    way: Way
    records: Sequence[showing.Record]

    @classmethod
    def read(cls, request: SignedInRequest, way: Way, records: Sequence[showing.Record]) -> "Draft":
        """Read the form."""
        return cls(request, way, records)

    @cached_property
    def studies(self) -> list[Study]:
        """The scans that were ticked; without a tick, those of the named days and part of the body (B5, B6, B13)."""
        offered = {card.id for record in self.records for card in record.studies}
        ticked = offered & ids(self.request.POST.getlist("study"))
        if not ticked and self._narrowed:
            ticked = {study.pk for study in Study.objects.filter(pk__in=offered) if self._fits(study)}
        found = Study.objects.filter(pk__in=ticked).select_related("patient")
        return list(found.order_by("-performed_at", "pk"))

    @property
    def _narrowed(self) -> bool:
        return any(typed(self.request, name) for name in ("part", "first", "last"))

    def _fits(self, study: Study) -> bool:
        """Whether a scan is of the days and the part of the body that were typed."""
        first, last, part = day(self.request, "first"), day(self.request, "last"), typed(self.request, "part")
        made = house.today(study.performed_at) if study.performed_at else None
        in_time = (first is None or (made is not None and made >= first)) and (
            last is None or (made is not None and made <= last)
        )
        words = f"{showing.title(study)} {study.body_part} {study.description}".casefold()
        return in_time and all(word in words for word in re.findall(r"\w+", part.casefold()))

    @property
    def patient(self) -> Patient | None:
        """Whose record it is."""
        return self.studies[0].patient if self.studies else None

    @cached_property
    def series_ids(self) -> list[str]:
        """The series that were ticked, and all of a scan of which none was; empty means all of everything."""
        ticked = ids(self.request.POST.getlist("series"))
        found = list(Series.objects.filter(study__in=self.studies).values_list("study_id", "pk"))
        narrowed = {study for study, series in found if series in ticked}
        if not narrowed:
            return []
        return sorted(str(series) for study, series in found if series in ticked or study not in narrowed)

    @property
    def chosen_studies(self) -> set[str]:
        """The ids of the chosen scans, as the form has them."""
        return {str(study.pk) for study in self.studies}

    @property
    def chosen_series(self) -> set[str]:
        """The ids of the ticked series, as the form has them."""
        return {str(found) for found in ids(self.request.POST.getlist("series"))}

    @property
    def images(self) -> bool:
        """Whether the images are asked for; both at first (B7)."""
        return bool(self.request.POST.get("images")) or self.request.method != "POST"

    @property
    def report(self) -> bool:
        """Whether the report is asked for."""
        return bool(self.request.POST.get("report")) or self.request.method != "POST"

    @property
    def medium(self) -> Medium:
        """The format."""
        return chosen(self.request, "medium", Medium) or Medium.DICOM

    @property
    def delivery(self) -> Arrival:
        """The way of delivery."""
        return chosen(self.request, "delivery", Arrival) or self.ways[0]

    @property
    def ways(self) -> tuple[Arrival, ...]:
        """The ways that are offered: straight into a connected hospital before a link (J8)."""
        if not self.way.to_other:
            return offered(house.facility().kind)
        return TO_HOSPITALS if self.peer else TO_OTHERS

    @property
    def peer(self) -> str:
        """The connected hospital that was chosen, if it is one."""
        named = typed(self.request, "recipient_peer")
        return named if named in hospitals() and self.way.track is not Track.AUTHORIZATION else ""

    def recipient(self) -> RecipientDetails:
        """Who should get it."""
        kind = chosen(self.request, "recipient_kind", RecipientKind) or RecipientKind.OTHER
        care = self.way.track is Track.TREATMENT or bool(self.peer)
        return RecipientDetails(
            kind=RecipientKind.PROVIDER if care else kind,
            name=typed(self.request, "recipient_name")[:200],
            organization=typed(self.request, "recipient_organization")[:200] or self.peer,
            address=typed(self.request, "recipient_address")[:400],
            state=typed(self.request, "recipient_state")[:2].upper(),
            peer=self.peer,
        )

    def series_choices(self) -> dict[UUID, list[Series]]:
        """The series of each scan, for who wants only some of them."""
        offered = [card.id for record in self.records for card in record.studies]
        found: dict[UUID, list[Series]] = {}
        for series in Series.objects.filter(study_id__in=offered, instances__frames__gt=0).distinct():
            found.setdefault(series.study_id, []).append(series)
        return {study: rows for study, rows in found.items() if len(rows) > 1}

    def carried(self, page: str) -> list[tuple[str, str]]:
        """What was chosen on the other pages, for the form to take along; found scans are named from then on."""
        names = [name for other, fields in FIELDS.items() if other != page for name in fields]
        kept = [(name, value) for name in names for value in self.request.POST.getlist(name)[:MOST] if name != "study"]
        return kept + ([("study", str(study.pk)) for study in self.studies] if page != "what" else [])

    def check(self, page: str) -> None:
        """Say what a page still lacks.

        Raises:
            Unlawful: with the one sentence that helps.
        """
        if page in _CHECKS:
            _CHECKS[page](self)

    def lacks(self, *names: str) -> bool:
        """Whether one of these was left empty."""
        return any(not typed(self.request, name) for name in names)


def _check_what(draft: Draft) -> None:
    if not draft.studies and draft.request.POST.getlist("study"):
        raise Unlawful("Choose among the scans of this list.", "45 CFR 164.524(a)(1)")
    if not draft.studies:
        raise Unlawful("Choose at least one scan, or say which days you mean.", "45 CFR 164.524(a)(1)")
    if len({study.patient_id for study in draft.studies}) > 1:
        raise Unlawful("Choose scans of one person only. Ask again for the other one.", "45 CFR 164.530(c)(1)")
    if not (draft.images or draft.report):
        raise Unlawful("Choose the images, the report, or both.", "45 CFR 164.524(c)(1)")


def _check_to(draft: Draft) -> None:
    if draft.lacks("recipient_name") or (draft.lacks("recipient_address") and not draft.peer):
        raise Unlawful("Say who gets it, and where to send it.", "45 CFR 164.524(c)(3)(ii)")
    if draft.way.track is Track.TREATMENT and draft.lacks("care"):
        raise Unlawful("Say what this doctor treats you for.", "45 CFR 164.506(c)(2)")
    if draft.way.track is Track.AUTHORIZATION:
        if draft.lacks("purpose"):
            raise Unlawful("Say what it is for. “At my request” is enough.", "45 CFR 164.508(c)(1)(iv)")
        if draft.lacks("expires_on") and draft.lacks("expires_when"):
            raise Unlawful("Say when the permission ends: a day, or an event.", "45 CFR 164.508(c)(1)(v)")


def _check_how(draft: Draft) -> None:
    if draft.delivery is Arrival.EXCHANGE and not draft.peer:
        raise Unlawful("Choose to which hospital it goes.", "45 CFR 164.524(c)(2)")
    check_format(draft.medium, draft.delivery, images=draft.images)
    if draft.delivery is Arrival.MAIL and not draft.way.to_other and draft.lacks("contact"):
        raise Unlawful("Write down your postal address, so that it can come by mail.", "45 CFR 164.524(c)(3)(i)")
    if draft.request.POST.get("expedited") and draft.lacks("expedited_reason"):
        raise Unlawful("Say why it is urgent, so that it can go first.", "45 CFR 164.524(b)(2)")


_CHECKS: Mapping[str, Callable[[Draft], None]] = {"what": _check_what, "to": _check_to, "how": _check_how}


def hospitals() -> list[str]:
    """The hospitals that we are connected with; while their list can't be read, none is offered."""
    try:
        return [peer.name for peer in peers.load()]
    except peers.BadPeers:
        return []


def ids(values: Sequence[str]) -> set[UUID]:
    """The ids among what was sent."""
    found = set()
    for value in values[:MOST]:
        try:
            found.add(UUID(value))
        except ValueError:
            continue
    return found
