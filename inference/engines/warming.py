"""A first reply before the first real one, which should not pay for what is made on first use."""

from contextlib import aclosing

from inference.protocol import Engine, Request, Sampling, Turn


async def warm_up(engine: Engine) -> None:
    """Say two tokens and drop them."""
    request = Request("warm-up", (Turn("user", "Hello"),), sampling=Sampling(max_tokens=2))
    async with aclosing(engine.stream(request)) as chunks:
        async for _ in chunks:
            pass
