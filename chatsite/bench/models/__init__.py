"""The article's measurement of any model: through the whole path of a site, and of the bare engine, in one run.

``plan`` says what is asked and how often, ``sides`` are the two that answer, ``bare`` is the engine's own process,
``answer`` one reply, ``measure`` asks in turns, ``kill`` kills a worker, ``rows`` makes figures of it all, ``earlier``
reads other runs, ``report`` and ``chart`` show them. ``run`` does all models; ``loopback`` puts one behind an API.
"""
