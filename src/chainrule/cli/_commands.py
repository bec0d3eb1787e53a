"""The commands and their arguments."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple

from ..runs import TASKS, number, one_of, whole
from ..words import LANGUAGES
from . import _help as words
from ._arguments import Parser, often, port, several, typed
from ._formats import FORMATS


class Command(NamedTuple):
    """A command.

    arguments  adds its own to a parser
    function   that is called, of the module with the command's name; None for one of the same name
    """

    name: str
    summary: str
    description: str
    examples: str
    arguments: Callable[[Parser], None]
    function: str | None = None

    def run(self, options: argparse.Namespace) -> int:
        """Do it; returns the exit code."""
        module = import_module(f"._{self.name}", __package__)  # here: none waits for what another one needs
        code: int = getattr(module, self.function or self.name)(options)
        return code


def _train(command: Parser) -> None:
    from ..engines import available
    from ..optimizers import BY_NAME
    from ..runs import ACTIVATIONS, INITIALS, LEARNING_RATES, READERS, Settings

    command.add_argument(
        "data", nargs="?", metavar="DATA", help="mnist (the default), FOLDER, FILE.npz or a table"
    )
    _add_table(command)
    rates = ", ".join(f"{name} {rate:g}" for name, rate in LEARNING_RATES.items())

    command.set_defaults(data_behind_hidden=None)
    command.add_argument(
        "--hidden",
        nargs="+",
        metavar="N",
        action=several(READERS["hidden"], "data_behind_hidden"),
        help="sizes of the hidden layers, one number each (50)",
    )

    def setting(name: str, text: str, metavar: str = "N") -> None:
        flag = f"--{name.replace('_', '-')}"
        command.add_argument(flag, type=typed(READERS[name]), metavar=metavar, help=text)

    setting("activation", f"behind each of them: {', '.join(ACTIVATIONS)} (relu)", metavar="NAME")
    setting("initial", f"spread of the first weights: {', '.join(INITIALS)} (auto)", metavar="NAME")
    setting("optimizer", f"update rule: {', '.join(BY_NAME)} (sgd)", metavar="NAME")
    setting("lr", f"learning rate ({rates})", metavar="X")
    setting("weight_decay", "strength of L2 regularisation (0; adamw: 0.01)", metavar="X")
    setting("batch_size", f"rows of a mini-batch ({Settings.batch_size})")
    setting("epochs", f"passes over the training data, at most ({Settings.epochs})")
    setting("target_accuracy", "stop when this share of the test data is right; 0.97 is 97 %%", metavar="X")
    setting("patience", "stop when the test loss has not improved for N epochs, and keep the best network")
    setting("seed", f"of the first parameters and the order of the data ({Settings.seed})")
    setting("engine", f"what runs the steps: auto, {', '.join(available())} (auto)", metavar="NAME")
    setting("dtype", "float32 or float64 (float32)", metavar="NAME")
    setting("precision", "bfloat16: products of matrices in that, on the xla engine", metavar="NAME")
    command.add_argument("--out", metavar="FOLDER", help="the run's folder (runs/DATA-DATE-TIME)")
    how_often = "save a checkpoint every N steps, or seconds, besides after each epoch: 500, 30s (10s)"
    command.add_argument("--checkpoint-every", type=typed(often), metavar="N", help=how_often)
    command.add_argument(
        "--tensorboard", action="store_true", help="write a log for TensorBoard into the run's folder too"
    )
    command.add_argument(
        "--resume", action="store_true", help="go on with the run in --out; --epochs may be larger"
    )


def _launch(command: Parser) -> None:
    command.add_argument(
        "-n", dest="ranks", type=typed(whole(1)), required=True, metavar="N", help="how many processes"
    )
    command.add_argument(
        "--restarts", type=typed(whole(0)), default=3, metavar="N", help="start again at most N times (3)"
    )
    positive = typed(number(lambda value: value > 0, "a number above 0"))
    frozen = "a process without a sign of life for so many seconds is frozen (30)"
    command.add_argument("--timeout", type=positive, default=30.0, metavar="S", help=frozen)
    stuck = "where no process comes any further for so many seconds, all are stuck (1800)"
    command.add_argument("--stuck-after", type=positive, default=1800.0, metavar="S", help=stuck)
    command.add_argument(
        "--elastic", action="store_true", help="where a process dies the others go on, without a restart"
    )
    command.add_argument("--hostfile", metavar="FILE", help="of mpiexec: the machines; else this one")
    command.add_argument(
        "command", nargs=argparse.REMAINDER, metavar="train …", help="the train command, with its arguments"
    )


def _eval(command: Parser) -> None:
    command.add_argument(
        "run_folder", metavar="RUN", help="the folder of a run, or a .safetensors or .onnx file"
    )
    command.add_argument(
        "data", nargs="?", metavar="DATA", help="mnist, FOLDER, FILE.npz or a table; else the data of the run"
    )


def _predict(command: Parser) -> None:
    command.add_argument(
        "run_folder", metavar="RUN", help="the folder of a run, or a .safetensors or .onnx file"
    )
    command.add_argument("file", metavar="FILE", help=".npy, IDX or a picture; of a table's run a table")
    command.add_argument(
        "--invert",
        action=argparse.BooleanOptionalAction,
        help="of a picture: dark becomes light (decided by its border)",
    )
    command.add_argument(
        "--out", metavar="FILE.csv", help="of a table's run: write all predictions to a file"
    )


def _export(command: Parser) -> None:
    command.add_argument(
        "run_folder", metavar="RUN", help="the folder of a run, or a .safetensors or .onnx file"
    )
    command.add_argument("file", metavar="FILE.onnx", help="the new file")
    command.add_argument(
        "--probabilities", action="store_true", help="put a softmax behind the scores, for probabilities"
    )


def _show(command: Parser) -> None:
    command.add_argument("run_folder", metavar="RUN", help="the folder of a run")
    command.add_argument(
        "--no-time", dest="time", action="store_false", help="do not compile and measure the step"
    )
    command.add_argument("--plain", action="store_true", help="no colours (a file never gets any)")


def _explain(command: Parser) -> None:
    _add_expression(command, "EXPRESSION or RUN")
    command.add_argument(
        "--what-if",
        action="append",
        default=[],
        metavar="NAME=CHANGE",
        help="what another input would do: x=+1, x=-1, x=*1.1, x==101; may be given several times",
    )
    command.add_argument(
        "--element", metavar="NAME[I, J]", help="follow one element of an array to the output instead"
    )
    _add_report(command)


def _draw(command: Parser) -> None:
    _add_expression(command, "EXPRESSION or RUN")
    passes = ("both", "forward", "backward")
    command.add_argument(
        "--passes",
        type=typed(one_of(passes)),
        default="both",
        metavar="NAME",
        help=f"{', '.join(passes)} (both)",
    )
    command.add_argument(
        "--step", type=typed(whole(0)), metavar="N", help="only what is known after N steps of the passes"
    )
    command.add_argument(
        "--open",
        action="append",
        metavar="LAYER",
        help="of a network: draw this layer gate by gate; all for all",
    )
    command.add_argument("--title", metavar="TEXT", help="written above the picture")
    _add_language(command)
    command.add_argument("--out", metavar="FILE", help="the picture")


def _flow(command: Parser) -> None:
    command.add_argument("run_folder", metavar="RUN", help="the folder of a run")
    command.add_argument(
        "--rows", type=typed(whole(1)), metavar="N", help="rows of the mini-batch (that of the run)"
    )
    _add_report(command)


def _check(command: Parser) -> None:
    command.add_argument("target", nargs="?", metavar="FILE.py:NAME", help="a class, an object or a function")
    command.add_argument(
        "--input",
        action="append",
        metavar="NAME=VALUE",
        help="what forward or the function gets; for each one",
    )
    command.add_argument(
        "--argument", action="append", metavar="NAME=VALUE", help="what an object of the class is made with"
    )
    command.add_argument(
        "--gradient", metavar="NAME", help="the function in FILE.py that gives its gradients"
    )
    command.add_argument(
        "--targets",
        metavar="NAMES",
        help="inputs, or arrays of the object, that have no gradient, with commas between them",
    )
    last = "it is a network's last layer: its upstream gradient is always 1"
    command.add_argument("--last", action="store_true", default=None, help=last)
    command.add_argument(
        "--tolerance",
        type=typed(number(lambda relative: 0 < relative < 1, "a number between 0 and 1")),
        metavar="T",
        help="relative error that counts as right (1e-7; in float32 1e-4)",
    )
    command.add_argument("--seed", type=typed(whole(0)), metavar="N", help="of all random numbers (0)")
    command.add_argument(
        "--time-limit",
        type=typed(number(lambda seconds: seconds > 0, "a number of seconds above 0")),
        metavar="S",
        help="seconds after which the file is stopped (10)",
    )
    command.add_argument(
        "--lang", type=typed(one_of(LANGUAGES)), metavar="NAME", help="en, or ko for Korean (en)"
    )


def _web(command: Parser) -> None:
    from ..web import PORT

    command.add_argument(
        "data",
        nargs="?",
        default="mnist",
        metavar="DATA",
        help="mnist (the default), FOLDER, FILE.npz or a table",
    )
    _add_table(command)
    command.add_argument(
        "--port", type=typed(port), default=PORT, metavar="N", help=f"0 for any that is free ({PORT})"
    )
    command.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="where to listen (127.0.0.1, this machine alone)",
    )
    command.add_argument(
        "--allow-remote",
        action="append",
        default=[],
        metavar="HOST",
        help="a name under which other machines may open the page; may be given several times",
    )
    command.add_argument(
        "--no-browser", dest="browser", action="store_false", help="print the address, open nothing"
    )
    command.add_argument("--folder", default="runs", metavar="FOLDER", help="where new runs are put (runs)")
    command.add_argument(
        "--lang",
        type=typed(one_of(LANGUAGES)),
        metavar="NAME",
        help="en, or ko for Korean (what the browser prefers)",
    )


def _add_expression(command: Parser, metavar: str) -> None:
    command.add_argument("expression", metavar=metavar, help="what is computed")
    command.add_argument("values", nargs="*", metavar="NAME=VALUE", help="a value for each input")


def _add_table(command: Parser) -> None:
    command.add_argument("--target", metavar="COLUMN", help="of a table: the column that is predicted")
    command.add_argument(
        "--task",
        type=typed(one_of(TASKS)),
        metavar="NAME",
        help=f"of a table: {' or '.join(TASKS)} (as the target has it)",
    )
    command.add_argument(
        "--drop",
        action="append",
        default=[],
        metavar="COLUMN",
        help="of a table: a column that the network shall not get; may be given several times",
    )


def _add_language(command: Parser) -> None:
    command.add_argument(
        "--lang",
        type=typed(one_of(LANGUAGES)),
        default="en",
        metavar="NAME",
        help="en, or ko for Korean (en)",
    )


def _add_report(command: Parser) -> None:
    _add_language(command)
    command.add_argument(
        "--format",
        type=typed(one_of(FORMATS)),
        default="text",
        metavar="NAME",
        help=f"{', '.join(FORMATS)} (text)",
    )
    command.add_argument("--out", metavar="FILE", help="write it to a file: .txt, .md, .html, .tex or .json")


def _nothing(command: Parser) -> None:
    """For a command without arguments of its own."""


COMMANDS = (
    Command("train", "train a network", words.TRAIN, words.TRAIN_EXAMPLES, _train),
    Command(
        "launch",
        "train with several processes, and again where one dies",
        words.LAUNCH,
        words.LAUNCH_EXAMPLES,
        _launch,
    ),
    Command("eval", "measure a trained network", words.EVAL, words.EVAL_EXAMPLES, _eval, function="evaluate"),
    Command("predict", "say what a network makes of a file", words.PREDICT, words.PREDICT_EXAMPLES, _predict),
    Command("export", "write a trained network as ONNX", words.EXPORT, words.EXPORT_EXAMPLES, _export),
    Command("show", "print the compiled step of a run", words.SHOW, words.SHOW_EXAMPLES, _show),
    Command(
        "explain", "explain an expression, gate by gate", words.EXPLAIN, words.EXPLAIN_EXAMPLES, _explain
    ),
    Command("draw", "draw an expression or a network", words.DRAW, words.DRAW_EXAMPLES, _draw),
    Command("flow", "see how gradients flow through a run", words.FLOW, words.FLOW_EXAMPLES, _flow),
    Command(
        "info", "what chainrule computes with here", words.INFO, "example\n  chainrule info --json", _nothing
    ),
    Command(
        "check",
        "check somebody's gradients, or all of chainrule's",
        words.CHECK,
        words.CHECK_EXAMPLES,
        _check,
    ),
    Command("web", "open the page: step, train, draw", words.WEB, words.WEB_EXAMPLES, _web),
)
"""In the order in which people need them."""
