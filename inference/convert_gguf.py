"""Turn a GGUF file into a folder for vLLM and Transformers: ``python -m inference.convert_gguf FILE.gguf FOLDER``."""

import sys
from pathlib import Path


def convert(source: Path, folder: Path) -> None:
    """Write weights in bfloat16 and the tokenizer of ``source`` into ``folder``."""
    say("Loading the libraries")
    # Heavy libraries, and optional ones: this module is only ever run as its own process.
    import torch  # noqa: PLC0415
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig  # noqa: PLC0415

    say("Reading the tokenizer")
    where = str(source.parent)
    AutoTokenizer.from_pretrained(where, gguf_file=source.name).save_pretrained(folder)
    say("Reading the weights")
    model = AutoModelForCausalLM.from_pretrained(
        where, gguf_file=source.name, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
    )
    say("Writing the weights")
    model.save_pretrained(folder)


def say(step: str) -> None:
    """One line a caller recognises among what libraries print."""
    print(f"STEP {step}", flush=True)  # noqa: T201 - this is the process's way to report


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
