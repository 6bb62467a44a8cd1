"""The demo hospital, when it is made again on an index that was rebuilt and holds more than it made."""

import pytest

from cast import CHARLIE, NOW, PLACE, Cast, bring, chest_of
from scanward.archive.models import Study
from scanward.cli import demo_hospital
from scanward.release.models import Question, ReleaseRequest

pytestmark = pytest.mark.django_db


def test_the_days_work_is_about_the_newest_of_charlies_scans(cast: Cast) -> None:
    """It asked for his only scan, and `make run` ended when he had others; a second time adds none."""
    for account, person in ((cast.charlie, demo_hospital.CHARLIE), (cast.hal, demo_hospital.STAFF[0])):
        account.email = person.email
        account.save()
    undated = bring(chest_of(CHARLIE, seed=61))
    Study.objects.filter(pk=undated.pk).update(performed_at=None)
    newest = bring(chest_of(CHARLIE, seed=62))
    Study.objects.filter(pk=newest.pk).update(performed_at=NOW)
    for _again in range(2):
        demo_hospital._work(PLACE, now=NOW)
    assert list(ReleaseRequest.objects.get().studies.all()) == [newest]
    assert Question.objects.get().study == newest
