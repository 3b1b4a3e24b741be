"""Dates as the server writes them, a module for each language that needs another way than Django's own."""
