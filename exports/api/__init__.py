"""Exports for programs: the same as the page's, of the key's own person alone."""
