"""gpt-oss's format: a reply that was cut anywhere goes on in its channel, and stop strings end the reply alone."""

import pytest

pytest.importorskip("openai_harmony", reason="comes with vLLM")

from inference.engines.dialects.harmony import HarmonyDialect, HarmonyReader
from inference.protocol import Prefix, Request, Sampling, Turn

pytestmark = pytest.mark.vllm
DIALECT = HarmonyDialect()
ENCODING = DIALECT._encoding
ASK = Request("1", (Turn("system", "Be kind."), Turn("user", "Explain 稀疏激活.")))
THOUGHT = "The user wants 稀疏激活 😀, 𠮷 and 👩‍🚀 explained. "
REPLY = "Sparse: few experts run 🚀.\n\n只有少数专家 🧿 — done."
SPOKEN = f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final<|message|>{REPLY}<|return|>"


def tokens(text: str) -> list[int]:
    return list(ENCODING.encode(text, allowed_special="all"))


def read(reader: HarmonyReader, ids: list[int]) -> tuple[str, str]:
    said = [reader.feed([token]) for token in ids]
    assert not any("�" in part for parts in said for part in parts)
    return "".join(parts[0] for parts in said), "".join(parts[1] for parts in said) + reader.flush()


def test_stop_strings_end_the_reply_but_not_the_thought() -> None:
    reader = DIALECT.reader(Request("1", ASK.turns, sampling=Sampling(stop=("experts run",))), 0)
    thought = "I think of experts run."
    said = read(reader, tokens(SPOKEN.replace(THOUGHT, thought)))
    assert said == (thought, "Sparse: few ")
    assert reader.stopped


def test_a_cut_anywhere_leads_back_to_the_same_conversation() -> None:
    """Whatever was said before the cut, prompt and what must be said again spell the whole so far, in its channel."""
    prompt = ENCODING.decode(DIALECT.open(ASK).ids)
    thought, reply = "<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"
    prefixes = [Prefix("", THOUGHT[:at]) for at in range(1, len(THOUGHT) + 1)]
    prefixes += [Prefix(REPLY[:at], THOUGHT) for at in range(1, len(REPLY) + 1)]
    for prefix in prefixes:
        opening = DIALECT.open(Request("1", ASK.turns, prefix))
        spelled = ENCODING.decode(opening.ids) + opening.again
        assert spelled == prompt + thought + prefix.reasoning + (reply + prefix.text if prefix.text else "")
        assert opening.again


def test_a_reader_goes_on_in_the_channel_of_the_cut() -> None:
    inside = DIALECT.reader(Request("1", ASK.turns, Prefix("", THOUGHT[:9])), 0)
    rest = SPOKEN.removeprefix("<|channel|>analysis<|message|>" + THOUGHT[:9])
    assert read(inside, tokens(rest)) == (THOUGHT[9:], REPLY)
    for prefix in (Prefix(REPLY[:9], THOUGHT), Prefix(REPLY[:9])):
        reader = DIALECT.reader(Request("1", ASK.turns, prefix), 0)
        assert read(reader, tokens(REPLY[9:] + "<|return|>")) == ("", REPLY[9:])


def test_what_is_said_again_is_not_shown_even_when_its_last_token_holds_half_a_letter() -> None:
    """The space before 稀 and the first bytes of that letter are one token."""
    prefix = Prefix("", "The user wants ")
    request = Request("1", ASK.turns, prefix)
    again = DIALECT.open(request).again
    assert again == " "
    ids = tokens(THOUGHT.removeprefix("The user wants"))
    assert ENCODING.decode(ids[:1]) != " "
    assert read(DIALECT.reader(request, len(again)), ids) == (THOUGHT.removeprefix("The user wants "), "")
