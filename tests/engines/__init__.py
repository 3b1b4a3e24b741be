"""One contract for every engine, and what is each engine's own."""
