"""All that the console registers with Django's admin."""

from console import announcements, content, people, policies

__all__ = ["announcements", "content", "people", "policies"]
