"""How a log line looks: for people, or one JSON object for machines. Both name the reply that a line concerns."""

import json
import logging
from datetime import UTC, datetime


class Line(logging.Formatter):
    """``time level logger: message [reply id]``"""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the parent's own name
        line = super().formatMessage(record)
        reply = getattr(record, "reply", "")
        return f"{line} [reply {reply}]" if reply else line


class Json(logging.Formatter):
    """One object a line: time, level, logger, process and message; reply and exception where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
            "reply": getattr(record, "reply", ""),
            "exception": self.formatException(record.exc_info) if record.exc_info else "",
        }
        kept = {name: value for name, value in fields.items() if value != ""}
        return json.dumps(kept)  # escapes all but ASCII, halves of surrogates too
