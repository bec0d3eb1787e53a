"""``chainrule web``."""

from __future__ import annotations

import argparse
import sys

from ..web import Address, serve
from ._screen import complain, print_json
from ._table_options import table_options

_REMOTE = """note: other machines can reach this page, and its address is the only key to it; without a server with a
      certificate in front, whoever can listen on the network can read that key"""


def web(options: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C."""

    def announce(address: Address) -> None:
        if options.json:
            facts = {"url": address.url, "host": address.host, "port": address.port}
            print_json({**facts, "data": options.data, "folder": options.folder})
        else:
            print(f"{address.url}\n  data  {options.data}\n  runs  {options.folder}\n  stop  Ctrl-C")
        sys.stdout.flush()  # a program may wait for the address
        if address.remote:
            complain(_REMOTE)

    state = serve(
        options.data,
        port=options.port,
        host=options.host,
        allow_remote=options.allow_remote,
        folder=options.folder,
        options=table_options(options),
        language=options.lang,
        open_browser=options.browser,
        announce=announce,
    )
    resume = state.worker.told().get("resume")
    if resume and not options.json:
        print(f"\n  go on  {resume}")
    return 0
