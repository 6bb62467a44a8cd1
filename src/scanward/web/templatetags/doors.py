"""`{% load doors %}`: addresses that stay at the desk or in the portal, wherever the reader is."""

from uuid import UUID

from django import template
from django.template import Context

from scanward.web.doors import here

register = template.Library()


@register.simple_tag(takes_context=True)
def scan(context: Context, name: str, *args: UUID) -> str:
    """Return the address of a page of a scan."""
    return here(context["request"], name, *args)
