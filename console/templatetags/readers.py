"""Whether a page shows the way to reading a conversation."""

from typing import Any

from django import template

from console import reading

register = template.Library()


@register.filter
def may_read(user: Any) -> bool:
    """As the page itself decides."""
    return reading.may_read(user)
