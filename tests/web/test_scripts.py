"""The page's scripts put together: every module is there once, behind what it imports."""

from __future__ import annotations

import posixpath
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

import chainrule
from chainrule.web._scripts import bundles

STATIC = Path(chainrule.__file__).parent / "web" / "static"
TEXTS = {file.relative_to(STATIC).as_posix(): file.read_text("utf-8") for file in STATIC.rglob("*.js")}
BUNDLES = bundles(TEXTS)

# A page of which every part says in which order it came to life.
SMALL = {
    "vendor/log.js": "const log = [];\nexport { log as default, log };\n",
    "lib/count.js": 'import { log } from "../vendor/log.js";\n\nlog.push("count");\n'
    "let n = 0;\nexport function next() {\n  n += 1;\n  return n;\n}\nexport const START = n;\n",
    "lib/parts.js": 'export { next, START } from "./count.js";\n',
    "graph/view.js": 'import list from "../vendor/log.js";\nimport { next as following } from "../lib/parts.js";\n\n'
    "list.push(`graph ${following()}`);\nexport class GraphView {}\n",
    "train/view.js": 'import { log } from "../vendor/log.js";\nimport { next } from "../lib/count.js";\n'
    'import { only } from "../lib/later.js";\n\nlog.push(`train ${next()} ${only}`);\n'
    "export async function TrainView() {}\n",
    "digit/view.js": 'import { only } from "../lib/later.js";\n\nexport const DigitView = only;\n',
    "lib/later.js": 'import { log } from "../vendor/log.js";\n\nlog.push("later");\nexport const only = 7;\n',
    "app.js": 'import { log } from "./vendor/log.js";\nimport { next } from "./lib/count.js";\n\n'
    "log.push(`app ${next()}`);\n"
    'const views = ["graph", "train", "digit"];\n'
    'const load = { graph: () => import("./graph/view.js"), train: () => import("./train/view.js"), '
    'digit: () => import("./digit/view.js") };\n'
    "const found = views.map(async (view) => log.push(...Object.keys(await load[view]())));\n"
    'Promise.all(found).then(() => console.log(log.join(" | ")));\n',
}


def test_every_module_of_the_page_is_there_once():
    parts = Counter(part for text in BUNDLES.values() for part in re.findall(r"^// (\S+\.js)$", text, re.M))
    own = {name for name in TEXTS if not name.startswith("vendor/")}
    assert parts == Counter(dict.fromkeys(own, 1))


@pytest.mark.parametrize("name", sorted(BUNDLES))
def test_a_module_stands_behind_what_it_imports(name):
    parts = re.findall(r"^// (\S+\.js)$", BUNDLES[name], re.M)
    for place, part in enumerate(parts):
        written = re.findall(r'^(?:import|export) .* from "([^"]+)";$', TEXTS[part], re.M)
        imported = {posixpath.normpath(posixpath.join(posixpath.dirname(part), path)) for path in written}
        assert not imported.intersection(parts[place:])


def test_there_is_one_script_for_each_view():
    assert sorted(BUNDLES) == ["app.js", "digit/view.js", "source/view.js", "train/view.js"]


@pytest.mark.parametrize("name", sorted(BUNDLES))
def test_nothing_is_left_that_is_not_understood(name):
    """A module in another form than the plain one would keep its import or export within its block."""
    head, *_, last = [line for line in BUNDLES[name].splitlines() if re.match(r"\s*(import|export)\b", line)]
    inside = BUNDLES[name].partition("\n{\n")[2].rpartition("\n}\n")[0]
    assert not re.findall(r"^\s*(?:import|export)\b(?!\().*$", inside, re.M)
    assert head.startswith("import * as _vendor_preact")
    assert last.startswith("export ")


def test_together_they_run_as_they_do_apart(tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node.js")
    found = []
    for folder, texts in (("apart", SMALL), ("together", SMALL | bundles(SMALL))):
        for name, text in texts.items():
            file = tmp_path / folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (tmp_path / folder / "package.json").write_text('{"type": "module"}')
        done = subprocess.run([node, tmp_path / folder / "app.js"], capture_output=True, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        found.append(sorted(done.stdout.strip().split(" | ")))
    apart, together = found
    assert [word for word in apart if not word[-1].isdigit()] == [
        "DigitView",
        "GraphView",
        "TrainView",
        "count",
        "later",
    ]
    # Which view is there first, and so counts first, is the network's affair.
    without_counts = [[re.sub(" [123]", "", word) for word in words] for words in (together, apart)]
    assert without_counts[0] == without_counts[1]
