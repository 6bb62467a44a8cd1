"""What waits for the privacy officer: emergency accesses, unusual patterns, incidents."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from scanward.access.kinds import HOUSE, Action, RecordFacts
from scanward.access.models import BrokenGlass
from scanward.audit.queries import by_actor, flagged
from scanward.law.purpose import PurposeOfUse
from scanward.oversight import actions
from scanward.oversight.anomalies import SPECS
from scanward.oversight.kinds import TASK_OUTCOME_NAMES, AnomalyRule, TaskOutcome
from scanward.oversight.models import Incident, ReviewTask
from scanward.people.actions import NotAllowed
from scanward.people.kinds import GLASS_REASON_NAMES, GlassReason
from scanward.people.models import Patient
from scanward.web.doors import SignedInRequest, granted, place_of, signed_in
from scanward.web.forms import chosen, done, typed

RECENT = 20
SHOWN = 200


@require_safe
@signed_in
def reviews(request: SignedInRequest) -> HttpResponse:
    """Show what waits, the most urgent first; opening the page does the rounds, so that it is up to date."""
    granted(request, Action.MANAGE_INCIDENTS, HOUSE, told=True)
    actions.watch(place=place_of(request), now=request.now)
    waiting = BrokenGlass.objects.filter(reviewed_at=None).select_related("account").order_by("review_due_at")
    tasks = ReviewTask.objects.filter(decided_at=None).select_related("account").order_by("due_at")
    context = {
        "glasses": waiting,
        "tasks": [(task, SPECS[AnomalyRule(task.rule)]) for task in tasks],
        "incidents": Incident.objects.filter(closed_at=None).order_by("-discovered_at")[:RECENT],
        "specs": SPECS.values(),
        "now": request.now,
    }
    return render(request, "desk/reviews.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def glass(request: SignedInRequest, glass_id: UUID) -> HttpResponse:
    """Review one emergency access: what was said, what was opened, and whether that was right (K9)."""
    granted(request, Action.MANAGE_INCIDENTS, HOUSE, told=True)
    found = get_object_or_404(BrokenGlass.objects.select_related("account", "patient"), pk=glass_id)
    if request.method == "POST":
        answer = typed(request, "justified")

        def deed() -> None:
            if answer not in ("yes", "no"):
                raise NotAllowed(_("Say whether it was justified."))
            actions.review_glass(
                found.id,
                by=request.user,
                justified=answer == "yes",
                words=typed(request, "words"),
                place=place_of(request),
                now=request.now,
            )

        if done(request, deed, _("Your review is written down.")):
            return redirect("reviews")
    _note_reading(request, found.patient)
    seen = by_actor(str(found.account_id)).filter(
        patient_id=str(found.patient_id), at__gte=found.opened_at, at__lte=found.ends_at
    )
    context = {
        "glass": found,
        "reason": GLASS_REASON_NAMES[GlassReason(found.reason)],
        "entries": reversed(seen[:SHOWN]),
        "mine": found.account_id == request.user.id,
        "words": typed(request, "words"),
    }
    return render(request, "desk/glass.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def task(request: SignedInRequest, task_id: UUID) -> HttpResponse:
    """Decide about one unusual pattern."""
    granted(request, Action.MANAGE_INCIDENTS, HOUSE, told=True)
    found = get_object_or_404(ReviewTask.objects.select_related("account", "patient"), pk=task_id)
    if request.method == "POST":
        outcome = chosen(request, "outcome", TaskOutcome)

        def deed() -> None:
            if outcome is None:
                raise NotAllowed(_("Choose what it was."))
            actions.decide_task(
                found.id,
                by=request.user,
                outcome=outcome,
                words=typed(request, "words"),
                place=place_of(request),
                now=request.now,
            )

        if done(request, deed, _("Your decision is written down.")):
            return redirect("reviews")
    _note_reading(request, found.patient)
    rule = AnomalyRule(found.rule)
    # Of a result that nobody opens there is no deed of hers, only the mark.
    all_rows = flagged(str(found.patient_id)) if rule is AnomalyRule.URGENT_UNREAD else by_actor(str(found.account_id))
    rows = all_rows.filter(seq__gte=found.first_seq, seq__lte=found.last_seq)
    context = {
        "task": found,
        "spec": SPECS[rule],
        "outcomes": TASK_OUTCOME_NAMES.items(),
        "entries": reversed(rows[:SHOWN]),
        "mine": found.account_id == request.user.id,
        "words": typed(request, "words"),
    }
    return render(request, "desk/task.html", context)


def _note_reading(request: SignedInRequest, patient: Patient | None) -> None:
    """Write down that an officer reads the ledger, and about whom (fault E5)."""
    if patient is None:
        granted(request, Action.READ_LEDGER, HOUSE)
    else:
        about = RecordFacts(patient.pk)
        granted(request, Action.VIEW_ACCESS_LOG, about, purpose=PurposeOfUse.COMPLIANCE)
