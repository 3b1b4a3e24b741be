"""Real processes, real kills: whether a reply survives everything but a lost database.

``python -m tests.faults`` is the command, ``run`` its parts. ``site`` holds the processes, ``network`` what lies between
web and Redis, ``database`` what can be taken away; ``tab`` is a browser's tab, ``crowd`` the people at them, ``question``
what they ask and must read; ``strikes`` are the faults and ``storm`` the order they come in; ``verdict`` judges.
``promises`` measures Stop, fairness, drain and restart. ``report`` shows it all.
"""
