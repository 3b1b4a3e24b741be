"""The rows of a chat. Each is loaded through the person who asks (``visible_to``): what is not theirs is not found."""

from conversations.models.conversation import Conversation, Folder, Tag
from conversations.models.draft import Draft
from conversations.models.index_entry import IndexEntry
from conversations.models.message import Message
from conversations.models.nomination import Edit, Nomination
from conversations.models.prompt import Preset, SavedPrompt
from conversations.models.rating import Rating
from conversations.models.share import Share
from conversations.models.timing import Timing

__all__ = [
    "Conversation",
    "Draft",
    "Edit",
    "Folder",
    "IndexEntry",
    "Message",
    "Nomination",
    "Preset",
    "Rating",
    "SavedPrompt",
    "Share",
    "Tag",
    "Timing",
]
