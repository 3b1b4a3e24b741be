"""All that the console registers with Django's admin."""

from console import (
    announcements,
    content,
    groups,
    holds,
    incidents,
    invitations,
    keys,
    library,
    people,
    policies,
    restraints,
    retention_rules,
    rules,
    shares,
)

__all__ = [
    "announcements",
    "content",
    "groups",
    "holds",
    "incidents",
    "invitations",
    "keys",
    "library",
    "people",
    "policies",
    "restraints",
    "retention_rules",
    "rules",
    "shares",
]
