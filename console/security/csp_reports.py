"""What browsers refused to run or to load on our pages (the policy's ``report-uri``), counted for administrators.

Anybody may send a report, so little is believed and less is kept: the directive, where from, and the kind of page. No
address with an id, no query, no sample of a script. They live in Redis and may be lost.
"""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from prometheus_client import Counter
from redis.exceptions import RedisError

from inference.events.client import blocking_client

EACH, ALL = 20, 300  # reports a minute: from one address, from all
MOST = 200  # different ones that are kept: the latest, so that made-up ones keep no real one out for long
KEPT_S = 30 * 86_400
LONGEST = 120  # characters of each part
COUNTS, LATEST = "csp-reports:counts", "csp-reports:latest"

REPORTS = Counter(
    "chatsite_csp_reports", "Reports of what a page's policy stopped, by what became of them.", ["outcome"]
)
for outcome in ("kept", "malformed", "too_many", "lost"):
    REPORTS.labels(outcome)


@dataclass(frozen=True, slots=True, order=True)
class Report:
    """``directive`` of the policy, what it stopped (an origin, or a word such as inline), on which kind of page."""

    directive: str
    blocked: str
    page: str


@dataclass(frozen=True, slots=True)
class Seen:
    report: Report
    times: int
    last: float  # seconds since 1970


@csrf_exempt
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Count a report of a browser."""
    try:
        if _are_too_many(request.META.get("REMOTE_ADDR", "")):
            return _answer("too_many", 429, "Too many reports; the next minute is open again.")
        report = read(request.content_type or "", request.body)
        if report is None:
            return _answer("malformed", 400, "A report is one JSON object of the type application/csp-report.")
        _keep(report)
    except RedisError:
        return _answer("lost", 204)
    return _answer("kept", 204)


def seen() -> list[Seen] | None:
    """What was reported, the latest first. None while Redis is away."""
    try:
        redis = _redis()
        latest = redis.zrevrangebyscore(LATEST, "+inf", time.time() - KEPT_S, withscores=True)
        counts = redis.hgetall(COUNTS)
    except RedisError:
        return None
    return [Seen(Report(*orjson.loads(key)), int(counts[key]), last) for key, last in latest if key in counts]


def read(kind: str, body: bytes) -> Report | None:
    """What is worth keeping of it; None when it is no report."""
    try:
        said = orjson.loads(body)["csp-report"] if kind in {"application/csp-report", "application/json"} else None
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    if not isinstance(said, dict):
        return None
    directive = _text(said, "effective-directive") or _text(said, "violated-directive")
    directive = directive.partition(" ")[0][:LONGEST]
    known = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    if directive.removesuffix("-elem").removesuffix("-attr") not in known:
        return None
    return Report(directive, _origin(_text(said, "blocked-uri")), _kind_of(_text(said, "document-uri")))


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _origin(address: str) -> str:
    """Scheme and host, or the one word that stands for what has no address."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "?"
    return (f"{parts.scheme}://{parts.netloc}" if parts.netloc else parts.scheme or parts.path)[:LONGEST]


def _kind_of(address: str) -> str:
    """The page by its row in the table of addresses, so that no id is kept."""
    try:
        return resolve(urlsplit(address).path).route[:LONGEST] or "/"
    except (ValueError, Resolver404):
        return "?"


def _are_too_many(address: str) -> bool:
    minute = int(time.time() // 60)
    return any(_counted(f"csp-reports:{minute}:{who}") > most for who, most in ((address, EACH), ("all", ALL)))


def _counted(key: str) -> int:
    cache.add(key, 0, 120)
    return int(cache.incr(key))


def _keep(report: Report) -> None:
    key = orjson.dumps([report.directive, report.blocked, report.page])
    redis = _redis()
    with redis.pipeline() as both:
        both.hincrby(COUNTS, key, 1)
        both.zadd(LATEST, {key: time.time()})
        for name in (COUNTS, LATEST):
            both.expire(name, KEPT_S)
        both.zcard(LATEST)
        excess = both.execute()[-1] - MOST
    if excess > 0:
        redis.hdel(COUNTS, *(old for old, _ in redis.zpopmin(LATEST, excess)))


def _redis() -> Any:
    return blocking_client()


def _answer(outcome: str, status: int, words: str = "") -> HttpResponse:
    REPORTS.labels(outcome).inc()
    return HttpResponse(words, status=status, content_type="text/plain")
