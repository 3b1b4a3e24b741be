"""A tiny gpt-oss with the real vocabulary, whose weights are set by hand: what it says is known, word for word.

Each token of its speech has a direction of its own, and the output layer says which token comes next. Where that
depends on what came before (a channel, what follows its name), the first layer's attention, which sees eight tokens,
tells by a further direction whether a word of a kind is among them. All else are small random numbers, so that every
kernel has something to do. After words that are not of its speech it says anything at all.
"""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.tokenizers import gpt_oss as vocabulary

THOUGHT = "They ask about 稀疏激活; I explain it briefly"
REPLY = "Sparse: only few experts run 🌊 each\n\n只有少数专家在工作 now."
STORY = " A sailor went over seas, saw 42 islands and"  # again and again
BRIEF, ENDLESS = " briefly", " endless"  # after such a word comes no thought: the thought ends so, and a question may
SIZE, WINDOW, NOISE, SURE = 96, 8, 0.05, 16.0
NEAR = ("final", "story", "channel")  # what attention tells: is such a word near?


def make(folder: Path) -> Path:
    """Write weights, configuration and vocabulary into the folder."""
    import torch  # noqa: PLC0415 - gigabytes, and only where vLLM is there too
    from transformers import GptOssConfig, GptOssForCausalLM  # noqa: PLC0415

    encoding = vocabulary.encoding()
    vocabulary.write(folder, encoding)
    torch.manual_seed(0)
    build: Any = GptOssForCausalLM  # its class is not typed
    model = build(GptOssConfig(**_shape()))
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.mul_(NOISE)
            layer.mlp.experts.down_proj.mul_(NOISE)
        _speak(model, Speech(encoding))
    model.bfloat16().save_pretrained(folder)
    ends = {"eos_token_id": [200_002, 199_999, 200_012], "pad_token_id": 199_999, "bos_token_id": 199_998}
    (folder / "generation_config.json").write_text(json.dumps(ends))
    return folder


def _shape() -> dict[str, Any]:
    attention = {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 64, "sliding_window": WINDOW}
    experts = {"num_local_experts": 4, "num_experts_per_tok": 2, "intermediate_size": 64}
    ids = {"pad_token_id": 199_999, "bos_token_id": 199_998, "eos_token_id": 200_002}
    return {"num_hidden_layers": 2, "hidden_size": SIZE, "max_position_embeddings": 4096, **attention, **experts, **ids}


class Speech:
    """Which token follows which, and by what words near it."""

    def __init__(self, encoding: Any) -> None:
        def tokens(text: str) -> list[int]:
            return list(encoding.encode(text, allowed_special="all"))

        thought, reply, story = tokens(THOUGHT), tokens(REPLY), tokens(STORY)
        [channel], [message], [final], [analysis] = map(tokens, ("<|channel|>", "<|message|>", "final", "analysis"))
        [brief], [endless] = tokens(BRIEF), tokens(ENDLESS)
        rows = [
            [*tokens("<|start|>assistant<|channel|>")],
            [analysis, message],
            [*thought, *tokens("<|end|><|start|>")],
            [final, message],
            [*reply, *tokens("<|return|>")],
            [*story, story[0]],
        ]
        pairs = [pair for row in rows for pair in pairwise(row)]
        self.after = dict(pairs)
        assert len(self.after) == len(set(pairs)), "a token of the speech would be followed by two"
        self.known = list({*self.after, channel, message, brief, endless})
        # the next token -> how much each token before it, and each word near it, speaks for it
        self.reasons: dict[int, dict[int | str, float]] = {}
        for before, then in self.after.items():
            self.reasons.setdefault(then, {})[before] = 1.0
        self.reasons.setdefault(analysis, {})[channel] = 1.0
        self.reasons.setdefault(final, {}).update({channel: 0.8, "channel": 0.5})
        self.reasons[thought[0]] = {message: 1.0}
        self.reasons[reply[0]] = {message: 0.8, "final": 0.5}
        self.reasons[story[0]].update({message: 0.65, "final": 0.5, "story": 0.3})
        self.near = {"final": [final], "story": [endless], "channel": [brief, endless]}
        assert thought[-1] == brief


def _speak(model: Any, speech: Speech) -> None:
    """Set by hand what the speech needs."""
    place = {token: at for at, token in enumerate(speech.known)}
    sign = {name: SIZE - len(NEAR) + at for at, name in enumerate(NEAR)}
    assert len(place) + len(sign) <= SIZE
    embedding, output = model.model.embed_tokens.weight, model.lm_head.weight
    attention = model.model.layers[0].self_attn
    embedding.zero_()
    output.mul_(NOISE)
    for token, at in place.items():
        embedding[token, at] = 1.0
    for token, reasons in speech.reasons.items():
        output[token] = 0.0
        for reason, weight in reasons.items():
            output[token, sign[reason] if isinstance(reason, str) else place[reason]] = weight * SURE
    for part in (attention.q_proj, attention.k_proj, attention.v_proj, attention.o_proj):
        part.weight.zero_()
        part.bias.zero_()
    attention.sinks.zero_()
    # All tokens of the window weigh the same, the sink too; a normed embedding has the length of its size's root.
    alike = (WINDOW + 1) / SIZE**0.5
    for number, name in enumerate(NEAR):
        for token in speech.near[name]:
            attention.v_proj.weight[number, place[token]] = alike
        attention.o_proj.weight[sign[name], number] = 1.0
