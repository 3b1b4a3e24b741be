"""The shape of gpt-oss-20b without weights, for a GPU: ``python -m tests.engines.gpt_oss_shape FOLDER``.

Writes a folder of configuration and vocabulary, and a catalog with an entry that makes the weights up. Such a model
says anything, and stock vLLM sends every token of it to the same experts: its speed means nothing.
"""

import json
import sys
from pathlib import Path

from tests.tokenizers import gpt_oss as vocabulary

UNQUANTIZED = ["model.layers.*.self_attn", "model.layers.*.mlp.router", "model.embed_tokens", "lm_head"]
NAME = "gpt-oss-20b-shape"
ENTRY = """\
[[model]]
name = "{name}"
label = "gpt-oss 20B without weights"
engine = "vllm"
gpus = 1
context_window = 8192
slots = 64
weights = {{ path = {folder} }}

[model.options]
gpu_memory_utilization = 0.85
format = "template"

[model.options.arguments]
load_format = "dummy"
compilation_config = {{ cudagraph_capture_sizes = [1, 2, 4, 8, 16, 24, 32, 48, 64] }}
"""


def write(out: Path) -> None:
    """``out``/catalog.toml, and what it leads to."""
    from transformers import GptOssConfig  # noqa: PLC0415 - seconds, and it comes with vLLM

    folder = out / NAME
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary.write(folder, vocabulary.encoding())
    quantized = {"quant_method": "mxfp4", "modules_to_not_convert": UNQUANTIZED}
    ids = {"pad_token_id": 199_999, "eos_token_id": 200_002}
    layers = {"num_hidden_layers": 24, "num_local_experts": 32}
    config = GptOssConfig.from_dict({**layers, **ids, "quantization_config": quantized})
    config.architectures = ["GptOssForCausalLM"]
    config.save_pretrained(folder)
    (out / "catalog.toml").write_text(entry(folder))


def entry(folder: Path) -> str:
    """The catalog."""
    return ENTRY.format(name=NAME, folder=json.dumps(str(folder.resolve())))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
