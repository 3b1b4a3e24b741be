"""How a conversation becomes token ids and a reply is read from them, for engines that give and take tokens."""

from typing import Any

from inference.engines.dialects.dialect import Dialect
from inference.engines.dialects.vocabulary import Vocabulary


def dialect_of(tokenizer: Any, vocabulary: Vocabulary, *, harmony: bool) -> Dialect:
    """The format that a model speaks."""
    # Imported here: only gpt-oss needs harmony's library, which the engines' packages bring.
    if harmony:
        from inference.engines.dialects.harmony import HarmonyDialect  # noqa: PLC0415

        return HarmonyDialect()
    from inference.engines.dialects.template import TemplateDialect  # noqa: PLC0415

    return TemplateDialect(tokenizer, vocabulary)
