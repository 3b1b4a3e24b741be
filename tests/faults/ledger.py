"""What no fault may break: the exact ledger. And a rule that holds text back all the while."""

from collections.abc import Iterator

from conversations.models import Message
from limits.models import Usage
from limits.recount import differences
from moderation.matcher import Action
from moderation.models import Rule, Scope

NEVER_SAID = "你🚀 nobody says this"  # but each token of a question ends as this begins


def make_a_rule() -> None:
    """From now on the end of what was said is held back until more is known, after each token."""
    Rule.objects.create(
        name="never", words=NEVER_SAID, scope=Scope.REPLY, action=Action.BLOCK.value, dry_run=False, enabled=True
    )


def drop_the_rule() -> None:
    Rule.objects.filter(name="never").delete()


def complaints() -> Iterator[tuple[str, str]]:
    """What is wrong with it: the kind, and the words for it."""
    replies = {row.pk: row for row in Message.objects.filter(role=Message.Role.ASSISTANT)}
    entries = {row.reply: row for row in Usage.objects.all()}
    for reply in replies.keys() - entries.keys():
        yield "charges_wrong", f"{reply} is in no row of the ledger"
    for reply, row in entries.items():
        if row.state == Usage.State.RESERVED:
            yield "open_reservations", str(reply)
        elif row.charged != _cost(replies.get(reply)):
            yield "charges_wrong", f"{reply}: {row.charged}, not {_cost(replies.get(reply))}"
    for difference in differences():
        yield "windows_wrong", str(difference)


def _cost(reply: Message | None) -> int:
    return reply.prompt_tokens + reply.completion_tokens if reply else 0
