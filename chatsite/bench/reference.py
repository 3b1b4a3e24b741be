"""The article that this site answers: its question and its figures, which are claims of its author.

"GPT-OSS-20B推理速度实测，响应快到1.5秒内", a report in Chinese on a page over vLLM, on two RTX 4090D of 24 GB each.
"""

from dataclasses import dataclass

SOURCE = "GPT-OSS-20B推理速度实测，响应快到1.5秒内"
QUESTION = "请用不超过100字解释‘稀疏激活’的概念"
REQUESTS = 50  # in a row, of which the first and the last five do not count
USERS = 5  # at once, as separate sessions
TTFT_S, RATE = 0.327, 42.6  # of its own system: seconds to the first token, tokens a second of a 256-token answer


@dataclass(frozen=True, slots=True)
class Claimed:
    """One row of its table. None is what it does not say."""

    engine: str
    model: str
    hardware: str
    ttft_ms: float
    e2e_s: float
    ttft_ms_deviation: float | None = None
    e2e_s_deviation: float | None = None
    tokens_per_s: float | None = None
    users_e2e_s: float | None = None  # five at once
    start_s: float | None = None


CLAIMS = (
    Claimed(
        "vLLM",
        "gpt-oss-20b, FP16, tensor parallel 2",
        "2 x RTX 4090D",
        TTFT_S * 1000,
        1.42,
        ttft_ms_deviation=18,
        e2e_s_deviation=0.04,
        tokens_per_s=RATE,
        users_e2e_s=1.51,
        start_s=78,
    ),
    Claimed("llama.cpp", "LLaMA-2-13B, GGUF Q4_K_M", "M2 Ultra", 890, 2.6),
    Claimed("Transformers + FlashAttention", "Qwen-14B, FP16", "A10", 610, 2.1),
    Claimed("OpenAI API", "GPT-4 Turbo", "cloud", 210, 1.28),
)
