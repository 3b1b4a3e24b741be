"""Real processes, real kills: whether a reply survives everything but a lost database.

``python -m tests.faults`` is the command, ``run`` its parts: ``storm`` (faults in random order), ``promises`` (Stop,
fairness, drain and restart, measured) and ``soak`` (half an hour under load). ``site`` holds the processes, ``network``
what lies between web and Redis, ``database`` what can be taken away, ``strikes`` the faults; ``tab`` is a tab of a
browser, ``page`` a reply where it is formatted, ``crowd`` the people, ``question`` what they ask and must read.
``verdict`` judges, ``report`` shows.
"""
