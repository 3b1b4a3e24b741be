"""Judges a run: what every tab saw, beside what is stored, beside what the script must say."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chatsite.bench.figures import percentile
from conversations.markdown import render
from conversations.models import Message
from tests.faults import ledger
from tests.faults.crowd import Asked
from tests.faults.page import Page
from tests.faults.question import compare
from tests.faults.storm import Storm, silences
from tests.faults.strikes import KINDS, Strike
from tests.faults.tab import Seen

TOKENS = ("lost_tokens", "doubled_tokens", "changed_texts")
ZERO = (
    *TOKENS,
    "unanswered",
    "refused",
    "unfinished_replies",
    "failed_replies",
    "texts_unlike_the_stored",
    "html_unlike_the_stored",
    "shown_unlike_the_said",
    "ends_not_one",
    "protocol_faults",
    "prompt_tokens_wrong",
    "charges_wrong",
    "open_reservations",
    "windows_wrong",
    "completion_tokens_wrong",
    "tokens_taken_back",
    "unrecovered_strikes",
)
NEAR = 60  # characters of a difference that are shown on each side
UNFELT = {"background killed"}  # nobody waits for it
GOALS: dict[str, float] = {
    "kill_to_next_token_s_p50": 8.0,
    "kill_to_next_token_s_max": 15.0,
    "worker_killed_to_next_token_s_p50": 8.0,
    "worker_killed_to_next_token_s_max": 15.0,
}


@dataclass
class Verdict:
    """Counts by name, and a line for each thing that is wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)

    def wrong(self, name: str, asked: Asked, how: str, by: int = 1) -> None:
        self.counts[name] += by
        self.complaints.append(f"{asked.question.mark} {asked.reply[:8]} {name}: {how}")


def judge(asked: Sequence[Asked], storm: Storm) -> Verdict:
    """What is wrong with the replies; the keys of ``ZERO`` must be zero."""
    verdict = Verdict(Counter(dict.fromkeys(ZERO, 0)))
    rows = {str(row.pk): row for row in Message.objects.filter(role=Message.Role.ASSISTANT)}
    for one in asked:
        _judge_reply(verdict, one, rows.get(one.reply), storm)
    _judge_ledger(verdict)
    verdict.counts["unrecovered_strikes"] = storm.unrecovered
    if storm.unrecovered:
        verdict.complaints.append(f"{storm.unrecovered} faults were not recovered from in time")
    return verdict


def figures(asked: Sequence[Asked], storm: Storm) -> dict[str, Any]:
    """Seconds from each kind of fault to the next token, of faults that met no other, and what the run amounts to."""
    clean = [blow for blow in storm.done if blow.clean]
    row: dict[str, Any] = {
        "kills": sum(blow.kills for blow in storm.done),
        "faults": len(storm.done),
        "double_faults": sum(blow.double for blow in storm.done),
        "overlapping_faults": len(storm.done) - len(clean),
        "replies": len(asked),
        "watchers": sum(len(one.seen) for one in asked),
        "formatted_watchers": sum(isinstance(seen.screen, Page) for one in asked for seen in one.seen),
        "tokens": sum(one.question.tokens for one in asked),
        "continued": sum(len(_states(one, "continuing")) for one in asked),
        "rewound": sum(len(_states(one, "rewound")) for one in asked),
        "restarted": sum(len(_states(one, "restarted")) for one in asked),
        "rewound_tokens_after_double_faults": storm.rewound_tokens,
    }
    row |= _times("kill", [blow for blow in clean if blow.kills and blow.kind not in UNFELT])
    for kind in KINDS:
        row |= _times(kind.lower().replace(" ", "_"), [blow for blow in clean if blow.kind == kind])
    return row


def _times(name: str, blows: Iterable[Strike]) -> dict[str, Any]:
    seconds = [second for blow in blows for second in silences(blow)]
    if not seconds:
        return {}
    return {
        f"{name}_to_next_token_s_p50": round(percentile(seconds, 0.5), 2),
        f"{name}_to_next_token_s_max": round(max(seconds), 2),
        f"{name}_samples": len(seconds),
    }


def _states(asked: Asked, state: str) -> list[float]:
    return [at for at, said in asked.seen[0].states if said == state] if asked.seen else []


def _judge_reply(verdict: Verdict, asked: Asked, row: Message | None, storm: Storm) -> None:
    if asked.refusals:
        verdict.wrong("refused", asked, str(asked.refusals))
    if row is None:
        verdict.wrong("unanswered", asked, "no reply is stored")
        return
    if not row.is_final:
        verdict.wrong("unfinished_replies", asked, f"{row.state}, attempt {row.attempt}")
        return
    allowed = {"complete", "stopped" if asked.is_stopped else "", "cut" if asked.question.prompt else ""}
    if row.state not in allowed:
        verdict.wrong("failed_replies", asked, f"{row.state} {row.problem}")
    _judge_text(verdict, asked, row.text, whole=row.state == "complete")
    _judge_usage(verdict, asked, row)
    for number, seen in enumerate(asked.seen):
        _judge_tab(verdict, asked, seen, row, f"tab {number}")
        _judge_rewinds(verdict, asked, seen, storm)


def _judge_text(verdict: Verdict, asked: Asked, said: str, *, whole: bool) -> None:
    difference = compare(asked.question, said, whole=whole)
    for name, number in zip(TOKENS, (difference.lost, difference.doubled, difference.changed), strict=True):
        if number:
            verdict.wrong(name, asked, f"{number} of {asked.question.tokens}", number)


def _judge_usage(verdict: Verdict, asked: Asked, row: Message) -> None:
    if asked.question.prompt:
        return
    said = asked.question.tokens_in(row.text)
    if row.completion_tokens != said:
        verdict.wrong("completion_tokens_wrong", asked, f"{row.completion_tokens}, not {said} ({row.state})")
    if row.text and row.prompt_tokens != asked.prompt_tokens:
        verdict.wrong("prompt_tokens_wrong", asked, f"{row.prompt_tokens}, not {asked.prompt_tokens} ({row.state})")


def _judge_ledger(verdict: Verdict) -> None:
    """Each reply is charged once, for what is stored, and the sums are those of the ledger."""
    for name, complaint in ledger.complaints():
        verdict.counts[name] += 1
        verdict.complaints.append(f"{name}: {complaint}")


def _judge_tab(verdict: Verdict, asked: Asked, seen: Seen, row: Message, where: str) -> None:
    for fault in seen.faults:
        verdict.wrong("protocol_faults", asked, f"{where}: {fault}")
    if seen.ends != 1:
        verdict.wrong("ends_not_one", asked, f"{where}: {seen.ends}")
    if isinstance(seen.screen, Page):
        _judge_page(verdict, asked, seen.screen, row, where)
    elif seen.screen.text != row.text:
        verdict.wrong("texts_unlike_the_stored", asked, f"{where}: {len(seen.screen.text)} of {len(row.text)}")
        _judge_text(verdict, asked, seen.screen.text, whole=row.state == "complete")
    end = seen.screen.end
    if end and (end["prompt_tokens"], end["completion_tokens"]) != (row.prompt_tokens, row.completion_tokens):
        verdict.wrong("completion_tokens_wrong", asked, f"{where} was told other counts than are stored")


def _judge_page(verdict: Verdict, asked: Asked, page: Page, row: Message, where: str) -> None:
    if page.odd:
        verdict.wrong("shown_unlike_the_said", asked, f"{where}: {page.odd}")
    for name, stored in (("html", row.text), ("reasoning_html", row.reasoning)):
        if page.end and (told := page.end.get(name)) != (due := render(stored)):
            how = f"{where}: {name} of {len(stored)} characters, {_difference(told, due)}"
            verdict.wrong("html_unlike_the_stored", asked, how)


def _difference(told: str | None, due: str) -> str:
    if told is None:
        return "none at all"
    at = next((place for place, (a, b) in enumerate(zip(told, due, strict=False)) if a != b), min(len(told), len(due)))
    around = slice(max(0, at - NEAR), at + NEAR)
    return f"{told[around]!r} instead of {due[around]!r} at {at} of {len(due)}"


def _judge_rewinds(verdict: Verdict, asked: Asked, seen: Seen, storm: Storm) -> None:
    """What was shown and then taken back is lost, unless Redis and a worker had failed together."""
    for at, shown, instead in seen.taken_back:
        tokens = asked.question.tokens_in(shown) - asked.question.tokens_in(instead)
        if any(asked in blow.live and blow.double for blow in storm.done if blow.began < at):
            storm.rewound_tokens += tokens
        else:
            verdict.wrong("tokens_taken_back", asked, f"{tokens} at once", max(1, tokens))
