"""All that the console registers with Django's admin."""

from console import announcements, content, groups, people, policies, restraints

__all__ = ["announcements", "content", "groups", "people", "policies", "restraints"]
