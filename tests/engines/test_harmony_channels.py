"""What of gpt-oss's words a person sees: recorded replies, well formed and not, and any tokens at all."""

import pytest

pytest.importorskip("openai_harmony", reason="comes with vLLM")

from hypothesis import given
from hypothesis import strategies as st

from inference.engines.dialects.harmony import HarmonyDialect
from inference.protocol import Prefix, Request, Turn

pytestmark = pytest.mark.vllm
DIALECT = HarmonyDialect()
ENCODING = DIALECT._encoding
ASKED = (Turn("user", "Explain 稀疏激活."),)
ANALYSIS, FINAL = "<|channel|>analysis<|message|>", "<|channel|>final<|message|>"
COMMENTARY, NEXT = "<|channel|>commentary<|message|>", "<|end|><|start|>assistant"
VOCABULARY = 201_088

# name -> (what the model says, the reasoning a person may open, the reply a person reads, whether it has ended)
REPLIES = {
    "thought and reply": (f"{ANALYSIS}Hm.{NEXT}{FINAL}Hi.<|return|>", "Hm.", "Hi.", True),
    "reply alone": (f"{FINAL}Hi.<|return|>", "", "Hi.", True),
    "thought alone": (f"{ANALYSIS}Hm.<|return|>", "Hm.", "", True),
    "nothing": ("<|return|>", "", "", True),
    "empty messages": (f"{ANALYSIS}{NEXT}{FINAL}<|return|>", "", "", True),
    "end in the place of return": (f"{FINAL}Hi.<|end|><|start|>user<|message|>And?", "", "Hi.", True),
    "end of text": (f"{FINAL}Hi.<|endoftext|>Q: What", "", "Hi.", True),
    "two thoughts": (f"{ANALYSIS}One.{NEXT}{ANALYSIS}Two.{NEXT}{FINAL}Hi.", "One.\n\nTwo.", "Hi.", False),
    "a preamble is for people": (f"{COMMENTARY}I look.{NEXT}{FINAL}Found.<|return|>", "", "I look.\n\nFound.", True),
    "a thought between": (f"{COMMENTARY}I look.{NEXT}{ANALYSIS}Hm.{NEXT}{FINAL}Hi.", "Hm.", "I look.\n\nHi.", False),
    # tools: there are none here, so a call ends the reply, and what a tool would get is nobody's to read
    "call": ('<|channel|>commentary to=functions.f <|constrain|>json<|message|>{"a":1}<|call|>', "", "", True),
    "call, recipient first": (" to=functions.f<|channel|>commentary json<|message|>{}<|call|>x", "", "", True),
    "call of a tool built in": (f"<|channel|>analysis to=python code<|message|>1+1{NEXT}{FINAL}2", "", "2", False),
    "call without recipient": (f"<|channel|>commentary<|constrain|>json<|message|>1{NEXT}{FINAL}Hi.", "", "Hi.", False),
    "call after a thought": (f"{ANALYSIS}Hm.{NEXT} to=f<|channel|>commentary<|message|>1<|call|>", "Hm.", "", True),
    "a tool's answer made up": (f"{ANALYSIS}Hm.<|end|><|start|>functions.f to=assistant{COMMENTARY}7", "Hm.", "", True),
    "the person made up": (f"{ANALYSIS}Hm.<|end|><|start|>user<|message|>Go on.", "Hm.", "", True),
    "a system made up": (f"{ANALYSIS}Hm.<|end|><|start|>system<|message|>Obey.{NEXT}{FINAL}No.", "Hm.", "", True),
    # headers that are not as they should be
    "start again": (f"<|start|>assistant<|start|>assistant{FINAL}Hi.<|return|>", "", "Hi.", True),
    "start without a name": (f"{ANALYSIS}Hm.<|end|><|start|>{FINAL}Hi.", "Hm.", "Hi.", False),
    "format beside final": ("<|channel|>final <|constrain|>json<|message|>{}<|return|>", "", "{}", True),
    "two channels": (f"<|channel|>analysis{FINAL}Hi.", "", "Hi.", False),
    "words before the channel": (f"so{FINAL}Hi.", "", "Hi.", False),
    "words after the channel": ("<|channel|>analysis of it<|message|>Hm.", "Hm.", "", False),
    "a channel that does not exist": ("<|channel|>finality<|message|>Hm.", "Hm.", "", False),
    "no channel": ("<|message|>Hm.", "Hm.", "", False),
    "no name of a channel": ("<|channel|><|message|>Hm.", "Hm.", "", False),
    "a message ends in its header": (f"<|channel|>analysis<|end|><|start|>assistant{FINAL}Hi.", "", "Hi.", False),
    "no header at all": ("Hi there.<|return|>", "", "", True),
    # messages that are not as they should be
    "no end": (f"{ANALYSIS}Hm.<|start|>assistant{FINAL}Hi.", "Hm.", "Hi.", False),
    "neither end nor start": (f"{ANALYSIS}Hm.{FINAL}Hi.<|return|>", "Hm.", "Hi.", True),
    "end twice": (f"{ANALYSIS}Hm.<|end|>{NEXT}{FINAL}Hi.", "Hm.", "Hi.", False),
    "words between": (f"{ANALYSIS}Hm.<|end|> so <|start|>assistant{FINAL}Hi.", "Hm.", "Hi.", False),
    "a message in a message": (f"{FINAL}One<|message|> two<|constrain|> three.", "", "One two three.", False),
    "a marker of the future": (f"{FINAL}One<|reserved_200013|> two<|startoftext|>.", "", "One two.", False),
}


def tokens(text: str) -> list[int]:
    return list(ENCODING.encode(text, allowed_special="all"))


def read(ids: list[int], *, prefix: Prefix | None = None, at_once: int = 1) -> tuple[str, str, bool]:
    """(reasoning, reply, whether it has ended) of tokens that come so many at once."""
    reader = DIALECT.reader(Request("1", ASKED, prefix or Prefix()), 0)
    said = [reader.feed(ids[at : at + at_once]) for at in range(0, len(ids), at_once)]
    return "".join(one[0] for one in said), "".join(one[1] for one in said) + reader.flush(), reader.stopped


@pytest.mark.parametrize(("said", "reasoning", "reply", "has_ended"), REPLIES.values(), ids=REPLIES.keys())
def test_a_person_sees(said: str, reasoning: str, reply: str, has_ended: bool) -> None:
    for at_once in (1, 2, 7, 1000):
        assert read(tokens(said), at_once=at_once) == (reasoning, reply, has_ended)


@pytest.mark.parametrize("said", [row[0] for row in REPLIES.values()], ids=REPLIES.keys())
def test_a_reply_that_stops_anywhere_is_the_beginning_of_the_whole(said: str) -> None:
    ids = tokens(said)
    whole = read(ids)
    for at in range(len(ids)):
        reasoning, reply, _ = read(ids[:at])
        assert whole[0].startswith(reasoning)
        assert whole[1].startswith(reply)


def test_letters_of_several_tokens_come_whole() -> None:
    text = "稀疏 𠮷 🧿 👩‍🚀 é"
    ids = tokens(f"{ANALYSIS}{text}{NEXT}{FINAL}{text}<|return|>")
    assert any("\ufffd" in ENCODING.decode([token]) for token in ids)
    reader = DIALECT.reader(Request("1", ASKED), 0)
    pieces = [reader.feed([token]) for token in ids]
    assert not any("\ufffd" in piece for both in pieces for piece in both)
    assert ("".join(piece[0] for piece in pieces), "".join(piece[1] for piece in pieces)) == (text, text)


def test_half_a_letter_spoils_nothing_after_it() -> None:
    half = tokens("🧿")[:1]
    assert ENCODING.decode(half) == "\ufffd"
    cut = tokens(f"{ANALYSIS}Hm") + half + tokens(f"{NEXT}{FINAL}Hi.<|return|>")
    assert read(cut) == ("Hm", "Hi.", True)
    amid = tokens(f"{FINAL}One") + half + tokens(" two.<|return|>")
    assert read(amid) == ("", "One\ufffd two.", True)
    assert read(amid[:-4])[1] == "One"  # it may still become a letter


def test_after_a_cut_it_goes_on_as_it_would_have_without() -> None:
    rest = f" more.{NEXT}{ANALYSIS}Hm.{NEXT}{FINAL}Hi.<|return|>"
    assert read(tokens(rest), prefix=Prefix("", "Before")) == (" more.\n\nHm.", "Hi.", True)
    assert read(tokens(rest), prefix=Prefix("Before", "Hm")) == ("", " more.", True)
    assert read(tokens(f" more.{COMMENTARY}Hi."), prefix=Prefix("Before")) == ("", " more.\n\nHi.", False)
    assert read(tokens(f"{COMMENTARY}Hi."), prefix=Prefix("Before")) == ("", "\n\nHi.", False)


def test_the_model_is_told_to_end_where_the_reader_does() -> None:
    ends = DIALECT.ends
    assert sorted(ENCODING.decode([token]) for token in ends) == ["<|call|>", "<|endoftext|>", "<|return|>"]
    for token in ends:
        assert read([token])[2]


HEADERS = ("assistant", "user", "analysis", "final", "commentary", " to=f", ANALYSIS, FINAL, NEXT)
MARKERS = ("<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|constrain|>")
ANYTHING = st.one_of(
    st.sampled_from([tokens(text) for text in HEADERS + MARKERS]),
    st.integers(0, 199_997).filter(lambda one: not set("<|>") & set(ENCODING.decode([one]))).map(lambda one: [one]),
    st.integers(199_998, VOCABULARY - 1).map(lambda one: [one]),
)


@given(st.lists(ANYTHING, max_size=60), st.integers(1, 9))
def test_no_tokens_make_it_fail_or_show_a_marker(said: list[list[int]], at_once: int) -> None:
    ids = [token for some in said for token in some]
    found = read(ids)
    assert "<|" not in found[0] + found[1]
    assert read(ids, at_once=at_once) == found
    words = ENCODING.decode([token for token in ids if not ENCODING.is_special_token(token)])
    assert len(found[0] + found[1]) <= len(words) + 2 * len(ids)


@given(st.lists(ANYTHING, max_size=60), st.sampled_from([Prefix("Hi", "Hm"), Prefix("Hi"), Prefix("", "Hm")]))
def test_nor_do_any_after_a_cut(said: list[list[int]], prefix: Prefix) -> None:
    reasoning, reply, _ = read([token for some in said for token in some], prefix=prefix)
    assert "<|" not in reasoning + reply
