"""Addresses in what is announced become links, in Chinese sentences too."""

import re

from django import template
from django.utils.html import urlize
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# Django ends an address at a space, which no Chinese sentence has after it.
MARKS = re.compile(r"([。，、；：？！…（）《》〈〉「」『』【】〔〕“”‘’．｡､]+)")


@register.filter
def linked(text: str) -> SafeString:
    """As Django's ``urlize``, but an address ends where a Chinese mark stands."""
    parts = [urlize(part, nofollow=True, autoescape=True) for part in MARKS.split(text)]
    return mark_safe("".join(parts))  # noqa: S308 - urlize escapes each
