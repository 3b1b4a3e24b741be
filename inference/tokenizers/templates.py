"""What a chat template adds to the texts of a conversation, by the family it is of."""

# a marker that only its templates have -> tokens around a turn, tokens of a prompt beside its turns
FAMILIES = {
    "<|channel|>": (6, 72),  # harmony: its own system message, what frames instructions, the beginning of the reply
    "<|im_start|>": (6, 4),  # ChatML: the beginning of the reply
}
OTHER = (8, 16)
UNASKED = 32  # a system prompt of the template's own, where the conversation has none


def family(template: str) -> str:
    """The marker of the family that a template is of; empty for one not known here."""
    return next((marker for marker in FAMILIES if marker in template), "")


def overhead(marker: str, *, system: bool) -> tuple[int, int]:
    """Tokens around one turn, and tokens of a prompt that belong to no turn, at most."""
    turn, prompt = FAMILIES.get(marker, OTHER)
    return turn, prompt if system else prompt + UNASKED
