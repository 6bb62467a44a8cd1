"""What patients ask about their scans: for their doctors, and for the desk, which forgets none."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from scanward.access.actions import AccessRefused
from scanward.people.kinds import CLINICIANS, RECORDS_AND_PRIVACY
from scanward.release import questions as release_questions
from scanward.release.models import Question
from scanward.web import showing
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import done, typed

READERS = RECORDS_AND_PRIVACY | CLINICIANS
MOST = 200


@require_safe
@signed_in
def questions(request: SignedInRequest) -> HttpResponse:
    """List the questions, what waits longest first; a doctor sees those of her own patients only."""
    if not request.actor.roles & READERS:
        raise Http404
    found = release_questions.waiting(request.user, now=request.now)[:MOST]
    rows = [(row, showing.title(row.study)) for row in found]
    return render(request, "desk/questions.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def question(request: SignedInRequest, question_id: UUID) -> HttpResponse:
    """Show one thread, and take an answer."""
    row = get_object_or_404(Question.objects.select_related("study__patient", "asked_by"), pk=question_id)
    place = place_of(request)
    try:
        release_questions.look(row, by=request.user, now=request.now, place=place)
    except AccessRefused:
        raise Http404 from None
    status = 200
    if request.method == "POST":
        body = typed(request, "text")
        said = _("Your answer is sent.")
        if done(
            request,
            lambda: release_questions.answer(row, body=body, by=request.user, now=request.now, place=place),
            said,
        ):
            return redirect("desk-question", row.pk)
        status = 422
    context = {"row": row, "title": showing.title(row.study), "thread": row.messages.all()}
    return render(request, "desk/question.html", context, status=status)
