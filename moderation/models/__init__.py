"""The tables of moderation: rules and what they found. Messages and conversations are named by id, so they may go."""

from moderation.models.incident import Decision, Incident, Note, Reason, Where
from moderation.models.rule import Revision, Rule, Scope

__all__ = ["Decision", "Incident", "Note", "Reason", "Revision", "Rule", "Scope", "Where"]
