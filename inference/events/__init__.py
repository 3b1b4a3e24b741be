"""How text travels from a worker to every web process: a snapshot per reply and one feed, in Redis.

``writer`` is the worker's side, ``feed`` the web process's, ``items`` what both agree on, and the ``.lua`` files what
Redis does in one step. Nothing here knows the chat's tables.
"""
