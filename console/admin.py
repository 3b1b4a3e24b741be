"""All that the console registers with Django's admin."""

from console import (
    announcements,
    content,
    groups,
    incidents,
    keys,
    library,
    people,
    policies,
    restraints,
    rules,
    shares,
)

__all__ = [
    "announcements",
    "content",
    "groups",
    "incidents",
    "keys",
    "library",
    "people",
    "policies",
    "restraints",
    "rules",
    "shares",
]
