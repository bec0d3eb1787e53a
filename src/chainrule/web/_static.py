"""The page's own files, scripts put together.

A path is looked up among those that were there at the start, so no path that somebody sends ever reaches the disk.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ._scripts import MAIN, VENDOR, bundles

FOLDER = Path(__file__).parent / "static"

# Said here, since what Windows has registered for .js may be no script, and the browser must not guess.
_MEDIA = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}


def routes(language: str | None) -> list[Route]:
    """The page at / and its files below /static/.

    language   of a reader who has not chosen one; None leaves it to the browser
    """
    files = {
        file.relative_to(FOLDER).as_posix(): (file, _MEDIA[file.suffix])
        for file in FOLDER.rglob("*")
        if file.suffix in _MEDIA
    }

    @cache
    def scripts() -> dict[str, str]:
        return bundles(
            {name: file.read_text("utf-8") for name, (file, _) in files.items() if file.suffix == ".js"}
        )

    async def static(request: Request) -> Response:
        name = request.path_params["path"]
        try:
            file, media = files[name]
        except KeyError:
            raise HTTPException(404) from None
        together = scripts().get(name) if media == _MEDIA[".js"] else None
        return _answer(request, file.read_bytes() if together is None else together.encode(), media)

    # Told of all at once, the browser need not read one to learn of the next.
    first = ", ".join(f"</static/{name}>; rel=modulepreload" for name in (MAIN, f"{VENDOR}preact.js"))

    async def index(request: Request) -> Response:
        text = (FOLDER / "index.html").read_bytes()
        if language:
            text = text.replace(
                b'<html lang="en"', f'<html lang="{language}" data-lang="{language}"'.encode(), 1
            )
        return _answer(request, text, "text/html", link=first)

    return [Route("/", index), Route("/static/{path:path}", static)]


def _answer(request: Request, content: bytes, media: str, **headers: str) -> Response:
    """The file, or the word that the browser's copy is still good."""
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    # The browser asks each time, for another version of chainrule has the same addresses.
    headers |= {"etag": tag, "cache-control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media, headers=headers)
