"""What answers with styles, scripts and pictures say of them."""

from wsgiref.headers import Headers


def never_sniffed(headers: Headers, path: str, url: str) -> None:
    """A file is what its name says, whatever a browser finds in it."""
    headers["X-Content-Type-Options"] = "nosniff"
