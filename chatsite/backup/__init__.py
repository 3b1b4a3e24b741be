"""Backups: one file with all that people wrote and set, made while the site serves, checked by restoring it."""


class BackupError(Exception):
    """No backup was made, read or restored; the text is a line for the person who asked."""
