"""An engine without a model: exact text at an exact pace, and faults when asked for."""
