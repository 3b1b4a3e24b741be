"""Why a rule cannot be used, in a sentence for the administrator who wrote it."""

from typing import Any


class InvalidRule(ValueError):  # noqa: N818 - the rule is what is wrong
    """A word or a pattern that cannot be used.

    ``rule`` is its id (0 where one rule alone is looked at), ``line`` counts the lines of a word list from 1 (0 for a
    pattern). ``template`` and ``values`` are the sentence for those who translate it.
    """

    def __init__(self, template: str, *, rule: int = 0, line: int = 0, **values: Any) -> None:
        self.template = template
        self.values = values
        self.rule = rule
        self.line = line
        super().__init__(self.reason)

    @property
    def reason(self) -> str:
        return self.template % self.values

    def of(self, rule: int) -> "InvalidRule":
        """The same refusal with the rule's id."""
        return InvalidRule(self.template, rule=rule, line=self.line, **self.values)


def gettext_noop(sentence: str) -> str:
    """Marks a sentence for translation; nothing here imports Django."""
    return sentence
