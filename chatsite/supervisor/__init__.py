"""The whole site as one command: what ``manage.py run`` starts, watches and stops.

``preflight`` finds what would go wrong, ``preparation`` makes what is missing, ``processes`` lists what runs,
``supervise`` keeps it running, ``readiness`` says when people can come in.
"""
