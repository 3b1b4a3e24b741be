"""Rules to start from. They are installed in dry run: what they would do is seen before they do it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import log as audit
from moderation.models import Rule

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LISTS = Path(__file__).parent / "starters"

KEYS = {
    "OpenAI, and those who write keys like it": r"sk-[a-z0-9_-]{20,200}",
    "AWS": r"a[ks]ia[0-9a-z]{16}",
    "GitHub": r"gh[pousr]_[a-z0-9]{36,200}|github_pat_[a-z0-9_]{22,200}",
    "Slack": r"xox[abeprs]-[a-z0-9-]{10,200}",
}


@dataclass(frozen=True, slots=True)
class Starter:
    """A rule that can be installed. ``words`` is the name of a file in ``starters/``."""

    name: str
    label: "StrOrPromise"
    note: "StrOrPromise"
    words: str = ""
    pattern: str = ""
    checksum: str = ""
    action: str = "mask"
    scope: str = "both"

    def rule(self, by: Any = None) -> Rule:
        """The rule, not saved."""
        return Rule(
            name=str(self.label),
            note=str(self.note),
            kind=Rule.Kind.PATTERN if self.pattern else Rule.Kind.WORDS,
            words=(LISTS / f"{self.words}.txt").read_text(encoding="utf-8") if self.words else "",
            pattern=self.pattern,
            checksum=self.checksum,
            action=self.action,
            scope=self.scope,
            starter=self.name,
            created_by=by,
            changed_by=by,
        )


STARTERS = (
    Starter("paths", _("File paths"), _("Files that hold accounts and keys."), words="paths", action="flag"),
    Starter("sql", _("SQL"), _("Statements as they stand in injections."), words="sql", action="flag"),
    Starter(
        "resident-id",
        _("Resident identity cards (China)"),
        _("Eighteen digits with a date of birth; the check digit must hold."),
        pattern=r"\b[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx]\b",
        checksum="cn_id",
    ),
    Starter(
        "mobile-cn",
        _("Mobile phones (China)"),
        _("Eleven digits, with or without +86."),
        pattern=r"\b(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}\b",
    ),
    Starter(
        "phone",
        _("Phone numbers (international)"),
        _("As E.164 has them: a plus sign, then 7 to 15 digits."),
        pattern=r"\b\+[1-9](?:[ .-]?\d){6,14}\b",
    ),
    Starter(
        "bank-card",
        _("Bank cards"),
        _("Twelve to nineteen digits; the check digit (Luhn) must hold."),
        pattern=r"\b[2-6](?:[ -]?\d){11,18}\b",
        checksum="luhn",
    ),
    Starter(
        "iban",
        _("Bank accounts (IBAN)"),
        _("Country, check digits and account; the check digits must hold."),
        pattern=r"\b[a-z]{2}\d{2}(?: ?[a-z0-9]){11,30}\b",
        checksum="iban",
    ),
    Starter(
        "api-keys",
        _("API keys"),
        _("Keys of OpenAI, AWS, GitHub and Slack."),
        pattern=rf"\b(?:{'|'.join(KEYS.values())})",
    ),
    Starter(
        "private-key",
        _("Private keys"),
        _("The line with which a key file begins."),
        pattern=r"-----begin (?:[a-z0-9]{1,10} ){0,3}private key(?: block)?-----",
        action="block",
    ),
    Starter("english", _("English example list"), _("To be changed to what you need."), words="en", action="flag"),
    Starter("chinese", _("Chinese example list"), _("To be changed to what you need."), words="zh", action="flag"),
)


def installed() -> set[str]:
    """The names of those that are there, whatever became of them."""
    return set(Rule.objects.exclude(starter="").values_list("starter", flat=True))


@transaction.atomic
def install(names: Iterable[str], by: Any = None) -> list[Rule]:
    """Add these, in dry run; those that are there already stay as they are. Raises KeyError for an unknown name."""
    known = {one.name: one for one in STARTERS}
    wanted = [known[name] for name in names]
    there = installed()
    added = [one.rule(by) for one in wanted if one.name not in there]
    for rule in added:
        rule.save()
        audit.record("rule.created", actor=by, subject=rule, details={"starter": rule.starter})
    return added
