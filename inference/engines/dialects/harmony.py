"""gpt-oss speaks harmony: reasoning in the channel "analysis", the reply in "final", both parsed from token ids."""

import codecs
from datetime import UTC, datetime

# oss-harmony, vLLM's own dependency.
from openai_harmony import (
    Conversation,
    DeveloperContent,
    HarmonyEncodingName,
    Message,
    ReasoningEffort,
    Role,
    SystemContent,
    load_harmony_encoding,
)

from inference.engines import healing
from inference.engines.dialects.channels import Channels, Part, markers
from inference.engines.dialects.dialect import Opening, Skip
from inference.engines.stopping import StopFilter
from inference.protocol import Request

ANALYSIS = "<|channel|>analysis<|message|>"
FINAL = "<|channel|>final<|message|>"
NEXT = "<|end|><|start|>assistant"
END_OF_TEXT = "<|endoftext|>"
PARAGRAPH = "\n\n"
UTF8 = codecs.getincrementaldecoder("utf-8")


class HarmonyDialect:
    """The library renders turns as plain text, so what people type is never read for markers."""

    reasoning = True

    def __init__(self) -> None:
        self._encoding = load_harmony_encoding(HarmonyEncodingName.HARMONY_GPT_OSS)
        self._names = markers(self._encoding)
        # Once: the library takes a millisecond for text with markers.
        self._markers: dict[str, list[int]] = {
            text: self._encoding.encode(text, allowed_special="all")
            for text in ("", ANALYSIS, FINAL, NEXT + FINAL, END_OF_TEXT)
        }
        self.ends = [
            *self._encoding.stop_tokens_for_assistant_actions(),
            *self._encoding.encode(END_OF_TEXT, allowed_special="all"),
        ]

    def open(self, request: Request) -> Opening:
        conversation = Conversation.from_messages([self._system(request), *self._turns(request)])
        ids: list[int] = list(self._encoding.render_conversation_for_completion(conversation, Role.ASSISTANT))
        prefix = request.prefix
        if not prefix:
            return Opening(ids)
        said = [*self._markers[_header(request)]]
        if prefix.text and prefix.reasoning:
            said += self._words(prefix.reasoning) + self._markers[NEXT + FINAL]
        kept, again = healing.split(prefix.text or prefix.reasoning)
        said += self._words(kept)
        resaid = len(self._words(again))
        return Opening(ids + said, again, resaid, len(said) + resaid)

    def reader(self, request: Request, skip: int) -> "HarmonyReader":
        header = self._markers[_last_header(request)]
        return HarmonyReader(Channels(self._encoding, self._names), header, request.sampling.stop, skip)

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

    def __init__(self, channels: Channels, opening: list[int], stop: tuple[str, ...], skip: int) -> None:
        self._channels = channels
        for token in opening:
            channels.feed(token)
        self._stop = StopFilter(stop)
        self._skip = Skip(skip)
        self._decoder = UTF8("replace")
        # The message that last said something in a part: the next one begins a paragraph of its own.
        self._last = {self._channels.part: self._channels.message}

    @property
    def stopped(self) -> bool:
        return self._stop.stopped or self._channels.ended

    def feed(self, token_ids: list[int]) -> tuple[str, str]:
        reasoning, said = "", ""
        for token in token_ids:
            piece = self._piece(token)
            if piece and self._channels.part is Part.REASONING:
                reasoning += piece
            elif piece:
                said += self._stop.feed(piece)
        return reasoning, said

    def flush(self) -> str:
        return self._stop.flush()

    def _piece(self, token: int) -> str:
        message = self._channels.message
        piece = self._decoder.decode(self._channels.feed(token))
        if message != self._channels.message:
            self._decoder.reset()  # of a character that its message did not end
        piece = self._skip.rest(piece)
        if not piece:
            return ""
        part, message = self._channels.part, self._channels.message
        is_next = self._last.get(part, message) != message
        self._last[part] = message
        return f"{PARAGRAPH}{piece}" if is_next else piece
