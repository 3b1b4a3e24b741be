"""How much is read: of a file, of an archive, of one conversation."""

from dataclasses import dataclass
from typing import Self

from django.conf import settings

MB = 1 << 20
DEEPEST = 1_000  # levels of JSON: two for each message where answers stand inside of what they answer
LONGEST = 1_000_000  # characters of one message
MOST_FILES = 20_000  # in an archive: pictures and attachments are in it, too
LONGEST_DIRECTORY = MOST_FILES * 256  # bytes: a name and what is said of the file; 46 are the least
MOST_PACKED = 200  # times its size that a file of an archive may unpack to; text comes to twenty
USUAL_MB = 10  # below this nobody asks how well it was packed


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bytes, but for the numbers of conversations and messages."""

    file: int
    unpacked: int
    conversation: int
    conversations: int
    messages: int  # of one conversation
    turns: int | None = None  # of one branch, by the person's policy

    @classmethod
    def of_site(cls, turns: int | None = None) -> Self:
        return cls(
            file=settings.IMPORT_MB * MB,
            unpacked=settings.IMPORT_UNPACKED_MB * MB,
            conversation=settings.IMPORT_CONVERSATION_MB * MB,
            conversations=settings.IMPORT_CONVERSATIONS,
            messages=settings.IMPORT_MESSAGES,
            turns=turns,
        )
