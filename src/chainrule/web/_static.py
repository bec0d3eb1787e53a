"""The page's own files.

A path is looked up among those that were there at the start, so no path that somebody sends ever reaches the disk.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

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

_LATER = ("digit/", "source/", "train/", "vendor/uplot")  # views that the page does not open with


def routes(language: str | None) -> list[Route]:
    """The page at / and its files below /static/.

    language   of a reader who has not chosen one; None leaves it to the browser
    """
    files = {
        file.relative_to(FOLDER).as_posix(): (file, _MEDIA[file.suffix])
        for file in FOLDER.rglob("*")
        if file.suffix in _MEDIA
    }

    async def static(request: Request) -> Response:
        try:
            file, media = files[request.path_params["path"]]
        except KeyError:
            raise HTTPException(404) from None
        return _answer(request, file.read_bytes(), media)

    # Scripts name each other; told of all at once, the browser need not read one to learn of the next.
    first = (name for name in files if name.endswith(".js") and not name.startswith(_LATER))
    scripts = ", ".join(f"</static/{name}>; rel=modulepreload" for name in first)

    async def index(request: Request) -> Response:
        text = (FOLDER / "index.html").read_bytes()
        if language:
            text = text.replace(
                b'<html lang="en"', f'<html lang="{language}" data-lang="{language}"'.encode(), 1
            )
        return _answer(request, text, "text/html", link=scripts)

    return [Route("/", index), Route("/static/{path:path}", static)]


def _answer(request: Request, content: bytes, media: str, **headers: str) -> Response:
    """The file, or the word that the browser's copy is still good."""
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    # The browser asks each time, for another version of chainrule has the same addresses.
    headers |= {"etag": tag, "cache-control": "no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media, headers=headers)
