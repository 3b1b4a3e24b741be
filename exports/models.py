"""The rows of what leaves and what comes in."""

from exports.imports.rows import Import
from exports.jobs.rows import LONGEST_REASON, ExportJob, Schedule, Wish, folder

__all__ = ["LONGEST_REASON", "ExportJob", "Import", "Schedule", "Wish", "folder"]
