"""What who looks after the site sees of it."""

from chatsite.variables.variable import Variable

VARIABLES = (
    Variable("CHATSITE_DEBUG", bool, False, "Django's debug mode. Never on a site that others reach."),
    Variable(
        "CHATSITE_METRICS_TOKEN",
        str,
        "",
        "Bearer token with which Prometheus may read /metrics from elsewhere. Empty: only from this machine.",
    ),
    Variable("CHATSITE_METRICS_BIND", str, "127.0.0.1", "Address on which the workers serve their metrics."),
    Variable(
        "CHATSITE_WORKER_METRICS_PORT",
        int,
        0,
        "Port of an inference worker's /metrics; 0: off. Of several models: the first one's.",
    ),
    Variable("CHATSITE_BACKGROUND_METRICS_PORT", int, 0, "Port of a background worker's /metrics. 0: off."),
    Variable(
        "CHATSITE_LOG_LEVEL",
        str,
        "INFO",
        "How much is logged.",
        choices=("DEBUG", "INFO", "WARNING", "ERROR"),
    ),
    Variable(
        "CHATSITE_LOG_FORMAT",
        str,
        "line",
        "How a log line looks: for people, or one JSON object for machines.",
        choices=("line", "json"),
    ),
)
