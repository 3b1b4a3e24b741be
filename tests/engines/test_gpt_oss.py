"""gpt-oss from conversation to reply on real vLLM: a tiny one whose words are known (``tests.engines.gpt_oss``)."""

import asyncio
from dataclasses import replace

import pytest

from inference.protocol import Finish, Prefix, Request, Sampling, Turn
from tests.engines.gpt_oss import BRIEF, ENDLESS, REPLY, STORY, THOUGHT
from tests.engines.subjects import NOTHING, Said, Subject

pytestmark = [pytest.mark.vllm, pytest.mark.long, pytest.mark.asyncio(loop_scope="session")]
WHOLE = 200  # tokens: more than it says
AROUND = 3 + 6 + 1  # markers and names: before the thought, between both, after the reply


async def ask(subject: Subject, question: str = "What is it?", prefix: Prefix = NOTHING, **sampling: object) -> Said:
    return await subject.say(question, prefix, **{"max_tokens": WHOLE, **sampling})


async def test_it_thinks_then_replies_then_stops(gpt_oss_subject: Subject) -> None:
    said = await ask(gpt_oss_subject)
    assert (said.reasoning, said.text, said.last.finish) == (THOUGHT, REPLY, Finish.STOP)
    assert not any(chunk.reasoning for chunk in said.chunks[[bool(chunk.text) for chunk in said.chunks].index(True) :])


async def test_tokens_of_thought_and_markers_are_counted(gpt_oss_subject: Subject) -> None:
    """They cost what the reply's own tokens cost."""
    with_thought, without = await ask(gpt_oss_subject), await ask(gpt_oss_subject, "What is it?" + BRIEF)
    assert (without.reasoning, without.text) == ("", REPLY)
    tokens = gpt_oss_subject.engine._alive()[1]._words  # type: ignore[attr-defined]
    assert with_thought.last.completion_tokens == len(tokens(THOUGHT)) + len(tokens(REPLY)) + AROUND
    assert with_thought.last.completion_tokens - without.last.completion_tokens == len(tokens(THOUGHT)) + 6


async def test_the_same_is_said_at_any_temperature_by_any_draw(gpt_oss_subject: Subject) -> None:
    drawn = await asyncio.gather(*(ask(gpt_oss_subject, temperature=1.0, seed=seed) for seed in range(4)))
    assert {(said.reasoning, said.text) for said in drawn} == {(THOUGHT, REPLY)}


async def test_a_reply_cut_anywhere_goes_on_to_the_same_end(gpt_oss_subject: Subject) -> None:
    """In the thought, between thought and reply, in the reply, inside words and beside letters of several tokens."""
    cuts = [Prefix("", THOUGHT[:at]) for at in range(1, len(THOUGHT) + 1, 3)]
    cuts += [Prefix(REPLY[:at], THOUGHT) for at in range(1, len(REPLY), 3)]
    goes_on = await asyncio.gather(*(ask(gpt_oss_subject, prefix=cut) for cut in cuts))
    for cut, said in zip(cuts, goes_on, strict=True):
        assert (cut.reasoning + said.reasoning, cut.text + said.text) == (THOUGHT, REPLY), cut
    whole = await ask(gpt_oss_subject)
    for said in goes_on:
        assert said.last.prompt_tokens - said.last.prefix_tokens == whole.last.prompt_tokens
        counted = said.last.prefix_tokens + said.last.completion_tokens
        assert counted == pytest.approx(whole.last.completion_tokens, abs=3)  # a part of a word has tokens of its own


async def test_earlier_turns_and_instructions_are_read_with_every_effort(gpt_oss_subject: Subject) -> None:
    turns = (Turn("system", "Be kind."), Turn("user", "Hello"), Turn("assistant", REPLY), Turn("user", "And now?"))
    counts = []
    for effort in ("low", "medium", "high"):
        request = Request("1", turns, sampling=Sampling(max_tokens=WHOLE, temperature=0.0), effort=effort)
        said = Said(tuple([chunk async for chunk in gpt_oss_subject.engine.stream(request)]))
        assert (said.reasoning, said.text) == (THOUGHT, REPLY)
        counts.append(said.last.prompt_tokens)
    assert len(set(counts)) == 1
    first = gpt_oss_subject.request("Hello")
    assert counts[0] > (await ask(gpt_oss_subject, first.turns[0].text)).last.prompt_tokens


async def test_a_stop_string_ends_the_reply_but_not_the_thought(gpt_oss_subject: Subject) -> None:
    said = await ask(gpt_oss_subject, stop=("explain", "few experts"))
    assert (said.reasoning, said.text, said.last.finish) == (THOUGHT, REPLY[: REPLY.index("few experts")], Finish.STOP)


async def test_cut_by_length_in_its_thought_or_its_reply(gpt_oss_subject: Subject) -> None:
    said = await ask(gpt_oss_subject, max_tokens=6)
    assert (said.text, said.last.finish, said.last.completion_tokens) == ("", Finish.LENGTH, 6)
    assert THOUGHT.startswith(said.reasoning)
    said = await ask(gpt_oss_subject, "Tell it" + ENDLESS, max_tokens=60)
    assert (said.reasoning, said.last.finish) == ("", Finish.LENGTH)
    assert (STORY * 9).startswith(said.text)
    assert len(said.text) > 2 * len(STORY)


async def test_whatever_it_says_no_marker_is_shown(gpt_oss_subject: Subject) -> None:
    """After words that it does not know, this model draws from all tokens, markers too."""
    before = [Prefix("Foreign words "), Prefix("", "Foreign words "), Prefix("陌生 ", "Foreign words ")]
    requests = [
        replace(gpt_oss_subject.request("What?", prefix, temperature=2.0, seed=seed, max_tokens=WHOLE), id=f"{seed}")
        for seed in range(6)
        for prefix in before
    ]

    async def say(request: Request) -> Said:
        return Said(tuple([chunk async for chunk in gpt_oss_subject.engine.stream(request)]))

    drawn = await asyncio.gather(*map(say, requests))
    assert len({said.text + said.reasoning for said in drawn}) > len(before), "the premise: not what it knows by heart"
    for said in drawn:
        assert said.last.finish
        assert not any(f"<|{name}" in said.text + said.reasoning for name in ("start", "end", "channel", "mess", "re"))
