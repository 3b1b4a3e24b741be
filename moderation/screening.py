"""What a person wrote, through the rules that hold for them, before it is saved."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from moderation import incidents
from moderation.compiling import RuleSet
from moderation.excerpts import findings_in
from moderation.matcher import Finding
from moderation.models import Scope, Where
from moderation.rules import rules_for

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BlockedPrompt:
    """Why the message may not be sent. ``incident`` is the id under which it will be recorded, for an appeal."""

    detail: str
    rule: int
    incident: UUID


@dataclass(frozen=True, slots=True)
class Prompted:
    """The text as it may be saved, what was found in it, and whether it may be saved at all."""

    text: str
    findings: tuple[Finding, ...] = ()
    blocked: BlockedPrompt | None = None


def screen_prompt(user_id: int, text: str, *, conversation: UUID | None, message: UUID) -> Prompted:
    """Look for what the rules say. Nothing is written: ``incidents.record`` keeps the findings.

    A blocked message is not saved, and whoever refuses it rolls back: so its findings are recorded after that.
    """
    return _screened(rules_for(user_id, Scope.PROMPT), text, conversation, message)


def screen_prompts(user_id: int, texts: Mapping[UUID, str]) -> dict[UUID, Prompted]:
    """The same for several texts of no conversation yet, each under its message."""
    rules = rules_for(user_id, Scope.PROMPT)
    return {message: _screened(rules, text, None, message) for message, text in texts.items()}


def _screened(rules: RuleSet, text: str, conversation: UUID | None, message: UUID) -> Prompted:
    if rules.matcher is None:
        return Prompted(text)
    screened = rules.matcher.screen(text)
    findings = findings_in(text, screened.matches, rules)
    blocked = screened.blocked
    if blocked is None:
        return Prompted(screened.text, findings)
    log.info("Rule %d blocks a message of %d characters in conversation %s.", blocked.rule, len(text), conversation)
    detail = rules.brief(blocked.rule).message or _("This message cannot be sent: a rule of this site forbids it.")
    incident = incidents.identity(message, Where.PROMPT, blocked.rule, blocked.start)
    return Prompted(text, findings, BlockedPrompt(detail, blocked.rule, incident))
