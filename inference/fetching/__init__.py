"""Brings a catalog entry's weights to this machine, whole and checked, or not at all."""
