"""Asking a doctor or the desk about a scan or its report, in a thread that nobody else reads (H4, I6)."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from scanward.access.kinds import Action
from scanward.archive.models import Study
from scanward.release import questions
from scanward.release.capacity import FOR_THEMSELVES
from scanward.release.models import Question
from scanward.web import showing
from scanward.web.doors import SignedInRequest, allowed, place_of, signed_in
from scanward.web.forms import done, typed


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def ask(request: SignedInRequest, study_id: UUID) -> HttpResponse:
    """Show the thread about a scan, and take another message."""
    study = get_object_or_404(Study.objects.select_related("patient"), pk=study_id)
    if allowed(request, Action.VIEW_STUDY, study).relation not in FOR_THEMSELVES:
        # Staff answer at the desk.
        raise Http404
    status = 200
    if request.method == "POST":
        body, place = typed(request, "text"), place_of(request)
        said = _("Your message is sent. You get an e-mail when there is an answer.")
        if done(request, lambda: questions.ask(study, body=body, by=request.user, now=request.now, place=place), said):
            return redirect("ask-doctor", study.pk)
        status = 422
    thread = Question.objects.filter(study=study, asked_by=request.user).first()
    context = {
        "study": showing.card(study, 0, ""),
        "messages_so_far": thread.messages.all() if thread else [],
        "waiting": thread is not None and thread.answered_at is None,
    }
    return render(request, "portal/ask.html", context, status=status)
