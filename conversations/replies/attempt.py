"""One worker's go at one reply: fence it, write it, finish it or hand it over. Runs on the worker's loop."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace

from django.conf import settings
from redis.exceptions import RedisError

from conversations import metrics, parameters, problems
from conversations.database import in_database, persistently
from conversations.replies import held, queue
from conversations.replies.claimed import Claimed, Memory
from conversations.replies.release import Release
from conversations.replies.tickets import queue_ticket
from conversations.states import EVENT, End, State, check_move
from inference.events.items import Part, Refusal, Snapshot
from inference.events.writer import Channel, Superseded
from inference.protocol import Chunk, Engine, EngineError, Finish, Prefix, Problem, Request
from inference.runner import Abort, Aborted, Live, Withheld
from inference.worker import Worker
from moderation.matcher import Finding

RETRY_S = 0.3  # between tries while Redis is away
COUNTS = ("prompt_tokens", "completion_tokens", "ttft_ms", "reasoning_ms")  # that the end is announced with

log = logging.getLogger(__name__)

_PROBLEMS = {Problem.TOO_LONG: problems.TOO_LONG, Problem.BAD_REQUEST: problems.BAD_REQUEST}
_ENDS = {Finish.STOP: State.COMPLETE, Finish.LENGTH: State.CUT}


class Attempt:
    """One worker's go at one reply."""

    def __init__(self, worker: Worker, engine: Engine, claimed: Claimed) -> None:
        self.worker = worker
        self.engine = engine
        self.claimed = claimed
        self.reply = reply = claimed.reply
        self.options = reply.options or {}
        told, whole = self.options.get("instructions", ""), self.options.get("whole", False)
        self.memory = Memory(worker.model, claimed.said, told, whole=whole)
        self.most = reply.max_tokens or settings.REPLY_TOKENS
        self.channel: Channel = worker.writer.channel(str(reply.pk), reply.attempt, self._on_refusal)
        self.live = Live(str(reply.pk), self.channel)
        self._begin_with(self._known())  # the keeper saves it from now on, however long Redis keeps us waiting
        self.ended: State | None = None  # how this attempt ended the reply, if it did
        self.goes_on = bool(reply.continues_id or reply.inherited_tokens)  # where another broke off
        self._fenced = False  # and begun with the longest text that is known
        self._refilling = False

    async def write(self) -> None:
        """Write the reply to a final state, or raise Superseded or Aborted and leave it to another worker."""
        try:
            if end_at_once := await self._take_over():
                await self._recount()
                return await self._finish(end_at_once)
            self.channel.announce({"type": "started", "model": self.reply.model})
            last = await self._generate()
            end = End(_ENDS[last.finish or Finish.STOP])
            self.worker.caretaker.succeeded()
        except Withheld:
            end = End(State.BLOCKED)
        except EngineError as error:
            log.warning("Attempt %d failed: %s", self.reply.attempt, error)
            self.worker.caretaker.suffered(self.engine, error)
            if error.retry:
                return await self._hand_over(after_s=error.after_s)
            end = End(State.FAILED, _PROBLEMS.get(error.problem, problems.ENGINE))
        except Aborted as aborted:
            if aborted.reason is Abort.HANDED_OVER:
                return await self._hand_over(forgiven=True)
            if aborted.reason is not Abort.STOPPED:
                raise
            end = await self._stopped()
        await self._finish(end)
        return None

    async def _stopped(self) -> End:
        """What was only held back is told, unless it may not be."""
        try:
            await self.live.flush()
        except Withheld:
            return End(State.BLOCKED)
        return End(State.STOPPED)

    async def _take_over(self) -> End | None:
        """Shut out older attempts and begin with what they released; announce it when that is not what was shown.

        Returns the reply's end when that is all there is left to do.
        """
        known = self._known()
        found, kept = await self._fence(known)
        grew = len(found.text) + len(found.reasoning) > len(known.text) + len(known.reasoning)
        end = self._end_at_once(grew=grew)
        if not end:
            found = await self._announce(found, kept=kept)
        self._begin_with(found)
        self._fenced = True
        return end

    def _end_at_once(self, *, grew: bool) -> End | None:
        """Its end, if it was stopped or given up while nobody had it. ``grew``: the last attempt wrote after all."""
        if self.reply.stop_requested:
            return End(State.STOPPED)
        if queue.gives_up(self.reply) and not grew:
            return End(State.FAILED, problems.GAVE_UP)
        return None

    async def _announce(self, found: Snapshot, *, kept: bool) -> Snapshot:
        """Tell readers how it goes on, in a new epoch if that is not from what they have; the text it goes on from."""
        state, can_continue = "first", self.engine.capabilities.continues_prefix
        if self.reply.attempt > 1 or ((found.text or found.reasoning) and not can_continue):
            state = "continuing"
            if not can_continue:
                state, found = "restarted", await self._anew(found.epoch + 1)
            elif not kept:
                state, found = "rewound", replace(found, epoch=found.epoch + 1)
            if state != "continuing":
                found, _ = await self._fence(found)
            self.channel.announce({"type": "state", "state": state})
        metrics.ATTEMPTS.labels(state).inc()
        return found

    async def _anew(self, epoch: int) -> Snapshot:
        """Without a text, and without what it was to continue: whoever goes on from the row must not count that."""
        reply, nothing = self.reply, Snapshot(self.reply.attempt, epoch, b"", b"")
        fields = held.anew(reply, epoch)
        for name, value in fields.items():
            setattr(reply, name, value)
        self.most = reply.max_tokens or settings.REPLY_TOKENS
        self._begin_with(nothing)  # first, or the keeper would save what was
        await persistently(held.update, reply, fields)
        return nothing

    def _known(self) -> Snapshot:
        return Snapshot(self.reply.attempt, self.reply.epoch, self.reply.reasoning.encode(), self.reply.text.encode())

    def _said(self) -> Snapshot:
        text, reasoning = self.live.text.encode(), self.live.reasoning.encode()
        return Snapshot(self.reply.attempt, self.channel.epoch, reasoning, text)

    def _begin_with(self, found: Snapshot) -> None:
        """From now on this text is what is continued, and what the keeper saves."""
        self.channel.epoch = found.epoch
        self.channel.go_on_from(found)
        self.live.begin(
            text=found.text.decode(),
            reasoning=found.reasoning.decode(),
            prompt_tokens=self.reply.prompt_tokens,
            tokens=self.reply.completion_tokens,
            reasoning_ms=self.reply.reasoning_ms if found.reasoning else None,
        )

    async def _fence(self, known: Snapshot) -> tuple[Snapshot, bool]:
        while True:
            self.live.check()
            try:
                return await self.worker.writer.fence(self.channel, known)
            except RedisError as error:
                log.warning("It waits for Redis: %s", error, extra={"reply": self.reply.pk})
                await asyncio.sleep(RETRY_S)

    async def _generate(self) -> Chunk:
        """Write with as much of the conversation as the model's context window holds.

        An engine does not find it too long for a reply that it continues, but meets the window's end soon: the first
        attempt may have begun with less.
        """
        live = self.live
        while True:
            request = self._request(self.most - live.tokens)
            live.gate = self._gate()
            try:
                last = await live.generate(self.engine, request, self.most)
                met_the_window = last.finish is Finish.LENGTH and live.tokens < self.most
                if not (self.memory.can_shrink and request.prefix and met_the_window):
                    await live.flush()
                    return last
            except EngineError as error:
                if error.problem is not Problem.TOO_LONG or not self.memory.can_shrink:
                    raise
            await self._forget()

    def _gate(self) -> Release | None:
        """What the rules hold back goes with its gate: an engine that begins again says it again."""
        if self.claimed.matcher is None:
            return None
        before = {Part.TEXT: self.live.text, Part.REASONING: self.live.reasoning}
        return Release(self.claimed.matcher, before, self._report, broke_off=self.goes_on)

    async def _forget(self) -> None:
        """Let the model read less, and say from where it remembers."""
        await asyncio.to_thread(self.memory.shrink, self.most)
        if oldest := self.memory.oldest:
            await persistently(held.update, self.reply, {"remembered_from": oldest.position})
            self.channel.announce({"type": "context", "remembered_from": str(oldest.message)})

    async def _recount(self) -> None:
        """Count what was told by an attempt that died, when no other attempt will read it.

        What it saved was counted for the text it saved, unless a gate then held back some of what was counted.
        """
        is_saved = (self.live.text, self.live.reasoning) == (self.reply.text, self.reply.reasoning)
        was_gated = self.claimed.matcher is not None and (self.live.text or self.live.reasoning)
        if is_saved and not was_gated:
            return
        try:
            await self.live.count(self.engine, self._request(1))
        except EngineError as error:
            log.warning("Its last tokens were not counted: %s", error)

    def _request(self, max_tokens: int) -> Request:
        return Request(
            id=f"{self.live.id}-{self.reply.attempt}",
            turns=self.memory.turns,
            prefix=Prefix(self.live.text, self.live.reasoning),
            sampling=parameters.sampling(self.options, max(1, max_tokens)),
            effort=self.options.get("effort"),
        )

    async def _report(self, part: Part, findings: list[Finding]) -> None:
        """Put on record what rules found, before what stands around it is told."""
        where = "reply" if part is Part.TEXT else "reasoning"
        await persistently(held.report, self.claimed, where, findings)

    async def _finish(self, end: End) -> None:
        """Save the final state; the one caller whose attempt still holds the reply wins and announces it."""
        check_move(self.reply.state, end.state)
        fields = {
            "state": end.state,
            "problem": end.problem,
            "epoch": self.channel.epoch,
            "text": self.live.text,
            "reasoning": self.live.reasoning,
            "prompt_tokens": self.live.prompt_tokens,
            "completion_tokens": self.live.tokens,
            "ttft_ms": self._ttft_ms(),
            "reasoning_ms": self.live.reasoning_ms,
        }
        if await persistently(held.end, self.reply, fields):
            level = logging.WARNING if end.state is State.CUT else logging.INFO
            log.log(level, "It is %s: %d tokens, attempt %d.", end.state, self.live.tokens, self.reply.attempt)
            metrics.REPLIES.labels(end.state.value).inc()
            self.ended = end.state
            event = {"type": EVENT[end.state], "cursor": self.live.cursor, "problem": end.problem}
            counts = {name: fields[name] for name in COUNTS if fields[name] is not None or name == "ttft_ms"}
            self.channel.announce(event | counts, last=True)

    async def _hand_over(self, *, forgiven: bool = False, after_s: float = 0.0) -> None:
        """Save what was written and let go of the reply, so that the next worker need not wait for a lease to lapse.

        Unless ``forgiven``, an attempt without a new byte is barren: the more, the longer an ``after_s`` is waited for.
        """
        with suppress(Aborted):  # who goes on finds a stop in the row
            await self.live.pause(after_s * self.reply.barren)
        text, reasoning = self.live.text, self.live.reasoning
        grew = (text, reasoning) != (self.reply.text, self.reply.reasoning)
        fields = {
            "epoch": self.channel.epoch,
            "text": text,
            "reasoning": reasoning,
            "barren": 0 if grew or forgiven else self.reply.barren,
            "prompt_tokens": self.live.prompt_tokens,
            "completion_tokens": self.live.tokens,
            "reasoning_ms": self.live.reasoning_ms,
            "lease_until": None,
        }
        if await persistently(held.update, self.reply, fields):
            await in_database(queue_ticket, self.reply.model)

    def _ttft_ms(self) -> int | None:
        if self.reply.ttft_ms is not None or self.live.first_text_at is None:
            return self.reply.ttft_ms
        return max(0, round((self.live.first_text_at - self.reply.created_at.timestamp()) * 1000))

    def _on_refusal(self, why: Refusal) -> None:
        if why is Refusal.SUPERSEDED:
            self.live.abort(Abort.SUPERSEDED)
        elif self._fenced and not self._refilling:
            self._refilling = True
            self.worker.spawn(self._refill())

    async def _refill(self) -> None:
        """Redis came back with less than we told it. If the reply is still ours, give it all of the text again."""
        try:
            if not await persistently(held.is_mine, self.reply):
                raise Superseded("the row has a newer attempt")
            given = self._said()
            await self._fence(given)
            self.channel.repeat(self._said(), after=given)  # what was said meanwhile was refused too
            self.channel.sync()
        except Superseded:
            self.live.abort(Abort.SUPERSEDED)
        except Aborted:
            pass
        finally:
            self._refilling = False
