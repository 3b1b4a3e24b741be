"""Why a message was not saved."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Refused(Exception):  # noqa: N818 - an answer to a person, not a fault
    """The message was not saved.

    ``detail`` is a sentence for the person, ``allowed`` what would be; ``more`` goes into the answer too: what is left
    of a quota and when it resets, or the incident that one may object to.
    """

    def __init__(
        self,
        code: str,
        detail: "StrOrPromise",
        allowed: int | str | None = None,
        *,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.allowed = allowed
        self.more = dict(more or {})
