"""Exports and imports for programs: the same as the pages', of the key's own person alone."""
