"""What the rules of this site say of a conversation that is brought along: it is as if it were said here."""

from dataclasses import replace
from uuid import NAMESPACE_OID, uuid5

from exports.imports.refusals import Unfit, Unreadable
from exports.records import Item, Record
from moderation import incidents
from moderation.excerpts import findings_in
from moderation.models import Scope, Where
from moderation.rules import rules_for

MOST_BLOCKED = 20  # conversations of one file: nobody tries out the rules with a list of words

# What a model is said to have said will be read by one again, and shown: the rules for both hold.
SCOPES = {"user": (Scope.PROMPT,), "assistant": (Scope.PROMPT, Scope.REPLY)}


class Screen:
    """The rules that hold for one person, while a file of theirs is read."""

    def __init__(self, user_id: int) -> None:
        self._user_id = user_id
        self._left = MOST_BLOCKED

    def screened(self, record: Record) -> Record:
        """The conversation as it may be saved, masked where a rule says so. Raises Unfit, or Unreadable at last.

        What a rule blocks goes on record, also in a dry run: with the same words once.
        """
        rules = {scope: rules_for(self._user_id, scope) for scope in (Scope.PROMPT, Scope.REPLY)}
        self._rules = {scope: one for scope, one in rules.items() if one.matcher}
        if not self._rules:
            return record
        return replace(
            record,
            title=self._shown(record.title, "user"),
            instructions=self._shown(record.instructions, "user"),
            messages=tuple(self._item(item) for item in record.messages),
        )

    def _item(self, item: Item) -> Item:
        text, reasoning = self._shown(item.text, item.role), self._shown(item.reasoning, item.role)
        is_same = text == item.text and reasoning == item.reasoning
        return item if is_same else replace(item, text=text, reasoning=reasoning)

    def _shown(self, text: str, role: str) -> str:
        for scope in SCOPES[role]:
            rules = self._rules.get(scope)
            if not text or rules is None or rules.matcher is None:
                continue
            screened = rules.matcher.screen(text)
            if screened.blocked:
                message = uuid5(NAMESPACE_OID, f"{self._user_id} {text}")
                found = findings_in(text, screened.matches, rules)
                incidents.record(found, where=Where.PROMPT, user_id=self._user_id, conversation=None, message=message)
                self._count()
                raise Unfit("blocked")
            text = screened.text
        return text

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Unreadable("rules", allowed=MOST_BLOCKED)
