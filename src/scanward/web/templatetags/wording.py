"""`{% load wording %}`: devices, purposes and roles in the reader's own words."""

from django import template

from scanward.release.charges import charge_words
from scanward.web.devices import device_words
from scanward.web.wording import purpose_words, role_words, said

register = template.Library()
register.filter("device", device_words)
register.filter("said", said)
register.filter("of", lambda table, key: table.get(key, ()))
register.filter("charge", charge_words)
register.filter("purpose", purpose_words)
register.filter("roles", role_words)
