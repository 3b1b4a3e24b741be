"""Which tests run where: what the runs of ``python -m tests`` share out."""

# Where what a database does by itself matters: in the short form the rest runs on SQLite only.
# Folders and files: locks and races, plans, names whatever their case, triggers, characters that one of them refuses.
ON_EACH_DATABASE = {
    *("api", "audit", "backup", "branches", "conversations", "limits", "search", "worker"),
    *("accounts/test_api_keys.py", "console/test_filters.py", "console/test_plans.py"),
    *("moderation/test_console_incidents.py", "moderation/test_incidents.py"),
}
# What waits for browsers, starts processes or loads engines, and about half of all else: each in a run of its own.
WITH_BROWSERS = ("page",)
WITH_PROCESSES = ("bench", "faults", "supervisor")
OF_ENGINES = ("engines",)
OF_PEOPLE = ("accounts", "api", "audit", "branches", "console", "conversations", "hostile")
