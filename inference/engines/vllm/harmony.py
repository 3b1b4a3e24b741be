"""gpt-oss speaks harmony: reasoning in the channel "analysis", the reply in "final", both parsed from token ids."""

from datetime import UTC, datetime
from typing import Any

# vLLM's own dependency (oss-harmony); whoever imports this module runs vLLM.
from openai_harmony import (
    Conversation,
    DeveloperContent,
    HarmonyEncodingName,
    HarmonyError,
    Message,
    ReasoningEffort,
    Role,
    StreamableParser,
    SystemContent,
    load_harmony_encoding,
)

from inference.engines import healing
from inference.engines.stopping import StopFilter
from inference.engines.vllm.dialect import Opening, Skip
from inference.protocol import EngineError, Request

ANALYSIS = "<|channel|>analysis<|message|>"
FINAL = "<|channel|>final<|message|>"
NEXT = "<|end|><|start|>assistant"
TEXT_CHANNELS = {"final", "commentary"}


class HarmonyDialect:
    """The library renders turns as plain text, so what people type is never read for markers."""

    reasoning = True

    def __init__(self) -> None:
        self._encoding = load_harmony_encoding(HarmonyEncodingName.HARMONY_GPT_OSS)

    def open(self, request: Request) -> Opening:
        conversation = Conversation.from_messages([self._system(request), *self._turns(request)])
        ids: list[int] = list(self._encoding.render_conversation_for_completion(conversation, Role.ASSISTANT))
        prefix = request.prefix
        if not prefix:
            return Opening(ids)
        said = self._markers(_header(request))
        if prefix.text and prefix.reasoning:
            said += self._words(prefix.reasoning) + self._markers(NEXT + FINAL)
        kept, again = healing.split(prefix.text or prefix.reasoning)
        said += self._words(kept)
        resaid = len(self._words(again))
        return Opening(ids + said, again, resaid, len(said) + resaid)

    def reader(self, request: Request, skip: int) -> "HarmonyReader":
        header = self._markers(_last_header(request))
        return HarmonyReader(self._encoding, header, request.sampling.stop, skip)

    def sampling(self) -> dict[str, Any]:
        return {"detokenize": False, "stop_token_ids": self._encoding.stop_tokens_for_assistant_actions()}

    def _system(self, request: Request) -> Message:
        effort = ReasoningEffort((request.effort or "medium").capitalize())
        content = SystemContent.new().with_reasoning_effort(effort)
        today = datetime.now(UTC).date().isoformat()
        return Message.from_role_and_content(Role.SYSTEM, content.with_conversation_start_date(today))

    def _turns(self, request: Request) -> list[Message]:
        instructions = "\n\n".join(turn.text for turn in request.turns if turn.role == "system")
        result = []
        if instructions:
            content = DeveloperContent.new().with_instructions(instructions)
            result.append(Message.from_role_and_content(Role.DEVELOPER, content))
        for turn in request.turns:
            if turn.role == "user":
                result.append(Message.from_role_and_content(Role.USER, turn.text))
            elif turn.role == "assistant":
                result.append(Message.from_role_and_content(Role.ASSISTANT, turn.text).with_channel("final"))
        return result

    def _markers(self, text: str) -> list[int]:
        return list(self._encoding.encode(text, allowed_special="all"))

    def _words(self, text: str) -> list[int]:
        return list(self._encoding.encode(text, disallowed_special=()))


def _header(request: Request) -> str:
    """The marker before the first thing the prefix says."""
    return ANALYSIS if request.prefix.reasoning else FINAL


def _last_header(request: Request) -> str:
    """The marker of the channel in which the prefix ends; empty without a prefix."""
    if request.prefix.text:
        return FINAL
    return ANALYSIS if request.prefix.reasoning else ""


class HarmonyReader:
    """Follows the channels of one reply. Only what stands inside a message is shown; markers never are."""

    def __init__(self, encoding: Any, opening: list[int], stop: tuple[str, ...], skip: int) -> None:
        self._encoding = encoding
        self._parser = StreamableParser(encoding, role=Role.ASSISTANT)
        self._stop = StopFilter(stop)
        self._skip = Skip(skip)
        for token in opening:
            self._parser.process(token)

    @property
    def stopped(self) -> bool:
        return self._stop.stopped

    def feed(self, token_ids: list[int]) -> tuple[str, str]:
        reasoning, said = "", ""
        for token in token_ids:
            channel, piece = self._process(token)
            if channel == "analysis":
                reasoning += piece
            elif channel in TEXT_CHANNELS:
                said += self._stop.feed(piece)
        return reasoning, said

    def flush(self) -> str:
        return self._stop.flush()

    def _process(self, token: int) -> tuple[str | None, str]:
        try:
            self._parser.process(token)
        except HarmonyError as error:
            raise EngineError("The model broke the harmony format.", retry=True) from error
        # Inside a message the parser takes a misplaced marker for text.
        if self._encoding.is_special_token(token) or self._parser.current_recipient:
            return None, ""
        return self._parser.current_channel, self._skip.rest(self._parser.last_content_delta or "")
