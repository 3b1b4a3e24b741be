"""What the site costs: whole-path benchmarks on a site of their own.

``path`` is the plan of ``manage.py bench``. ``site`` starts and stops the site, ``people`` makes its accounts,
``client`` has the sockets, ``floor`` the same engine without a site, ``replies`` checks what arrived, ``usage`` reads
processor time and memory, ``figures`` turns rounds into rows, ``targets`` and ``report`` show them.

``filter`` measures the moderation filter alone, on texts and rules of ``corpus``.
"""
