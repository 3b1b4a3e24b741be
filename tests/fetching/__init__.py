"""Weights that come over a network which breaks, and from servers that lie."""
