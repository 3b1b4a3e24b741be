"""The page of audit entries, and what other pages of the admin use to write them."""

from audit.audited import AuditedAdmin

__all__ = ["AuditedAdmin"]
