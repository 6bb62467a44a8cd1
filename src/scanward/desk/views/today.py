"""The first page that a member of staff sees."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from scanward.desk.waiting import waiting
from scanward.people.kinds import ROLE_NAMES
from scanward.web.doors import SignedInRequest, signed_in


@require_safe
@signed_in
def today(request: SignedInRequest) -> HttpResponse:
    """Show what waits for this person; for somebody without a role there is no desk."""
    if not request.actor.roles:
        raise Http404
    works = waiting(request.user, roles=request.actor.roles, now=request.now)
    roles = [ROLE_NAMES[role] for role in sorted(request.actor.roles)]
    return render(request, "desk/today.html", {"roles": roles, "works": works})
