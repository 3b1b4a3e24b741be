"""Wrong API keys are counted by where they come from, as wrong passwords are.

Nobody finds a key by trying; but a program that tries for ever would keep the database busy and fill the log.
"""

from allauth.core.internal import ratelimit
from django.http import HttpRequest

RATES = {"api_key": "20/m/ip"}


def too_many(request: HttpRequest) -> bool:
    """Count one; whether there were too many before it."""
    counted = ratelimit.consume(request, app="accounts", action="api_key", config=RATES, limit_get=True)
    return counted is None
