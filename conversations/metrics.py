"""What the chat counts for ``/metrics``: sends, replies, attempts, sockets. ``backlog`` adds the queue as it is."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram

from conversations.models import Message
from conversations.refusals import Refused
from conversations.states import FINAL
from inference.metrics import PROMPT_TOKENS
from inference.runner import Live
from limits import tally

MISTIMED = frozenset({"busy", "stale", "trashed", "cannot_continue", "reused"})  # refusals that are nobody's limit
WAITS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
PER_TOKEN_S = (0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1)

SENDS = Counter("chatsite_sends", "Messages people sent: saved, or the code of the refusal.", ["outcome"])
REPLIES = Counter("chatsite_replies", "Replies that came to their end, by how.", ["end"])
ATTEMPTS = Counter("chatsite_attempts", "Times a worker began a reply or went on with one, by how.", ["how"])
LAPSES = Counter("chatsite_lease_lapses", "Replies taken from a worker that had gone silent.")
QUEUE_WAIT = Histogram("chatsite_queue_wait_seconds", "From saved to claimed by a worker.", buckets=WAITS_S)
FIRST_TOKEN = Histogram(
    "chatsite_time_to_first_token_seconds", "From a message saved to the first text of its reply.", buckets=WAITS_S
)
PER_TOKEN = Histogram(
    "chatsite_time_per_token_seconds", "From one token to the next, the mean of an attempt.", buckets=PER_TOKEN_S
)
SEEN_FIRST = Histogram(
    "chatsite_browser_first_text_seconds", "From the press of Send to the first text in the browser.", buckets=WAITS_S
)
SEEN_COMPLETE = Histogram(
    "chatsite_browser_complete_seconds", "From the press of Send to the whole reply in the browser.", buckets=WAITS_S
)
API_REQUESTS = Counter("chatsite_api_requests", "Requests to the API, by door and status.", ["door", "status"])
SOCKETS = Gauge("chatsite_sockets", "Open sockets.")
TITLES = Counter("chatsite_titles", "Titles asked of the model: given, kept as they were, or given up.", ["outcome"])
SWEEPS = Counter("chatsite_sweeps", "Looks at the queue for replies that wait without a ticket.")
TICKETS_REPLACED = Counter("chatsite_tickets_replaced", "Tickets queued again by the sweeper.")

for end in FINAL:
    REPLIES.labels(end.value)
for how in ("first", "continuing", "restarted", "rewound"):
    ATTEMPTS.labels(how)
SENDS.labels("saved")
for outcome in ("given", "kept", "given_up"):
    TITLES.labels(outcome)


@contextmanager
def counted() -> Iterator[None]:
    """Count what is saved, or why it was not."""
    try:
        yield
    except Refused as no:
        SENDS.labels(no.code).inc()
        if no.code not in MISTIMED:
            tally.count(no.code)
        raise
    SENDS.labels("saved").inc()


def claimed(reply: Message) -> None:
    """A worker took a reply."""
    if reply.attempt == 1 and reply.started_at:
        QUEUE_WAIT.observe((reply.started_at - reply.created_at).total_seconds())


def attempted(reply: Message, live: Live) -> None:
    """An attempt is over, whatever its end."""
    if live.first_text_at is None:
        return
    PROMPT_TOKENS.value += live.prompt_tokens + live.tokens_before
    if reply.attempt == 1:
        FIRST_TOKEN.observe(max(0.0, live.first_text_at - reply.created_at.timestamp()))
    steps = live.tokens - live.tokens_before - 1
    if live.ended_at and steps > 0:
        PER_TOKEN.observe((live.ended_at - live.first_text_at) / steps)


def seen(first_ms: int, complete_ms: int) -> None:
    """A browser told how long a reply took."""
    SEEN_FIRST.observe(first_ms / 1000)
    SEEN_COMPLETE.observe(complete_ms / 1000)
