"""Make the pictures of the documents anew: run each document and keep the drawings that it saves.

python scripts/pictures.py

A document saves a picture with a command or code that it shows, and links it from docs/pictures under the same name.
The tests run the documents too, and fail when a picture there is another one (tests/test_documents.py).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"


def main() -> int:
    """Run every document in a folder of its own; 1 if one of them fails."""
    failed = False
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    for document in [ROOT / "README.md", ROOT / "README.ko.md", *sorted((ROOT / "docs").glob("*.md"))]:
        with TemporaryDirectory() as folder:
            command = [sys.executable, str(ROOT / "tests" / "_documents.py"), str(document)]
            done = subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": path})
            failed |= bool(done.returncode)
            for picture in sorted(Path(folder).glob("*.svg")):
                (PICTURES / picture.name).write_bytes(picture.read_bytes())
                print(f"{picture.name} of {document.name}")
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
