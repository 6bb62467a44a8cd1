"""From whom a patient can keep her records, and for what they would be used there (45 CFR 164.522(a))."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from scanward.law.bases import Basis, RecipientKind

KEPT_FROM: dict[str, tuple[str | Promise, RecipientKind, tuple[Basis, ...]]] = {
    "plan": (
        gettext_lazy("My health plan"),
        RecipientKind.HEALTH_PLAN,
        (Basis.PAYMENT, Basis.OPERATIONS, Basis.OTHERS_OPERATIONS),
    ),
    "family": (
        gettext_lazy("Family or friends"),
        RecipientKind.FAMILY,
        (Basis.INVOLVED_PERSON, Basis.NOTIFICATION),
    ),
    "provider": (gettext_lazy("Another doctor or hospital"), RecipientKind.PROVIDER, (Basis.TREATMENT,)),
}
