"""What the site costs: whole-path benchmarks on a site of their own.

``models`` measures models as the article did: ``manage.py bench``. ``path`` is the plan of ``manage.py bench_path``.
``site`` starts and stops the site, ``people`` makes its accounts, ``client`` has the sockets, ``floor`` the same engine
without a site, ``replies`` checks what arrived, ``usage`` reads processor time and memory, ``machine`` says where,
``figures`` turns rounds into rows, ``targets`` and ``report`` show them. ``reference`` has what the article claims.

``filter`` measures the moderation filter alone, on texts and rules of ``corpus``.
"""
