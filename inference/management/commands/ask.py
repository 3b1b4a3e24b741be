"""``manage.py ask "…"``: a reply in the terminal, without web server, queue or database."""

import asyncio
import sys
import time
from contextlib import aclosing
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from inference import catalog, engines, serving, weights
from inference.model import Model
from inference.protocol import Chunk, Engine, EngineError, Request, Sampling, Turn

INTERRUPTED = 130  # what a shell expects of a command that Ctrl-C ended


class Command(BaseCommand):
    help = "Ask the model and watch its reply. Ctrl-C stops it."
    requires_system_checks: list[str] = []  # noqa: RUF012 - Django's own declaration

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("question", help="what to ask; - reads it from standard input")
        parser.add_argument("--model", default="", help="a name from the catalog (the default of this site)")
        parser.add_argument("--system", help="a system prompt instead of the model's own")
        parser.add_argument("--max-tokens", type=int, default=settings.REPLY_TOKENS, help="at most (%(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        question = sys.stdin.read() if options["question"] == "-" else options["question"]
        try:
            name = options["model"]
            model = catalog.load(settings.CATALOG).get(name) if name else serving.model()
            weights.prepare(model, settings.CACHE_DIR, self._say)
            engine = engines.build(model, settings.CACHE_DIR)
            system = model.system if options["system"] is None else options["system"]
            request = Request("ask", _turns(system, question), sampling=Sampling(options["max_tokens"]))
            asyncio.run(self._answer(engine, model, request))
        except (catalog.CatalogError, weights.WeightsError, EngineError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self._say("\nStopped.")
            sys.exit(INTERRUPTED)

    async def _answer(self, engine: Engine, model: Model, request: Request) -> None:
        self._say(f"Loading {model.label} ({model.engine})")
        began = time.monotonic()
        try:
            await engine.start()
            self._say(f"Ready after {time.monotonic() - began:.1f} s")
            await self._speak(engine, request)
        finally:
            await engine.close()

    async def _speak(self, engine: Engine, request: Request) -> None:
        began, first, last = time.monotonic(), 0.0, Chunk()
        async with aclosing(engine.stream(request)) as chunks:
            async for chunk in chunks:
                first = first or time.monotonic()
                if chunk.reasoning:
                    self.stderr.write(self.style.NOTICE(chunk.reasoning), ending="")
                self.stdout.write(chunk.text, ending="")
                self.stdout.flush()
                last = chunk
        self.stdout.write("")
        speed = last.completion_tokens / max(time.monotonic() - first, 1e-6)
        self._say(
            f"{last.finish}: {last.prompt_tokens} tokens read, {last.completion_tokens} written, "
            f"the first after {first - began:.2f} s, {speed:.0f} a second"
        )

    def _say(self, sentence: str) -> None:
        """Progress goes to standard error, so that the reply alone can be piped on."""
        self.stderr.write(sentence, self.style.SQL_FIELD)
        self.stderr.flush()


def _turns(system: str, question: str) -> tuple[Turn, ...]:
    asked = Turn("user", question)
    return (Turn("system", system), asked) if system else (asked,)
