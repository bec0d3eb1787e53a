"""The commands and their arguments."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import __version__
from ..engines import available
from ..explain import LANGUAGES
from ..optimizers import BY_NAME
from ._arguments import Parser, one_of, several, whole
from ._check import check
from ._draw import draw
from ._eval import evaluate
from ._explain import FORMATS, explain
from ._flow import flow
from ._info import info
from ._predict import predict
from ._settings import ACTIVATIONS, LEARNING_RATES, READERS, Settings
from ._show import show
from ._train import train

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[Parser]

Run = Callable[[argparse.Namespace], int]

_EXAMPLE = """example
  chainrule train mnist --target-accuracy 0.97

chainrule COMMAND --help says more about a command."""

_TRAIN = """Train a network for classification, and watch it learn.

The data are one of
  mnist     60,000 + 10,000 handwritten digits, which come with the package
  FOLDER    four IDX files, named as those of MNIST are, plain or .gz
  FILE.npz  NumPy arrays x_train, t_train, x_test and t_test; t_… are class numbers or one-hot rows
Pixels (uint8) are divided by 255; all other numbers are taken as they are."""

_TRAIN_EXAMPLES = """examples
  chainrule train mnist --target-accuracy 0.97
  chainrule train mnist --hidden 256 128 --optimizer adam --epochs 10 --out runs/deep
  chainrule train --resume --out runs/deep --epochs 20

The run's folder gets run.json (how it was started), network.safetensors (the trained network), history.json and
learning-curve.svg (what it learned), checkpoint.safetensors (for --resume). After Ctrl-C, kill -9 or a power cut
--resume goes on as if nothing had happened, to the last bit.

exit code  0 done, 1 target not reached or numbers that are not finite, 2 wrong input, 130 Ctrl-C"""

_EVAL = (
    """Measure a trained network on test data: loss, accuracy, and how many of each class it gets right."""
)

_EVAL_EXAMPLES = """examples
  chainrule eval runs/deep
  chainrule eval runs/deep other-digits/ --json"""

_PREDICT = """Say which class a network takes each input for, and how probable that is.

FILE is one of
  .npy      one row of numbers, or many: (numbers,), (rows, numbers), (rows, height, width), …
  IDX       a file of images as MNIST has them, plain or .gz
  picture   PNG, JPEG, …: turned to grey and fitted into the network's square. It should show one light sign on dark
            ground, as MNIST does; if its border is light, it is inverted first. Needs pip install 'chainrule[image]'
Pixels (uint8) are divided by 255; all other numbers are taken as they are."""

_PREDICT_EXAMPLES = """examples
  chainrule predict runs/deep drawing.png
  chainrule predict runs/deep rows.npy --json"""

_SHOW = """Print a whole training step of a run (forward pass, backward pass, update) as the one function that the fused
engine compiles, and for each statement the arrays in it, its share of the time, its floating-point operations and the
bytes that it reads and writes. The time is taken with random data, in the first thread if there are several."""

_SHOW_EXAMPLES = """examples
  chainrule show runs/deep
  chainrule show runs/deep --no-time --plain > step.txt"""

_EXPRESSION = """EXPRESSION is made of numbers, names (Korean ones too), + - * / **, @ and functions such as exp(x). Statements stand
behind each other, as in "z = x*m; L = z*t"; the last one is what is explained. Behind it comes a value for each input:
x=100, or X=[[1,2],[3,4]] for an array."""

_EXPLAIN = f"""Explain backpropagation through an expression gate by gate, with the numbers: forward pass, backward pass, the chain from
the output to each input, the check by numerical derivatives, and what the gradients mean.

{_EXPRESSION}"""

_EXPLAIN_EXAMPLES = """examples
  chainrule explain "L = 0.5*(x*m*t - 219)**2" x=100 m=2 t=1.1
  chainrule explain "총액 = 사과 * 개수 * 소비세" 사과=100 개수=2 소비세=1.1 --lang ko
  chainrule explain "L = 0.5*(x*m*t - 219)**2" x=100 m=2 t=1.1 --what-if x=+1 --what-if t=+0.01
  chainrule explain "L = sum((X @ W)**2)" X=[[1,2]] W=[[3],[4]] --element "W[1, 0]" --out w.html"""

_DRAW = f"""Draw the computation graph of an expression, values above the lines and gradients below them; or the network of a run,
layer by layer. The picture's name says its form: .svg, .png, .pdf, .dot (Graphviz), .mmd (Mermaid), .tex (TikZ) or .json.
Without --out it is printed as SVG.

{_EXPRESSION}"""

_DRAW_EXAMPLES = """examples
  chainrule draw "L = 0.5*(x*m*t - 219)**2" x=100 m=2 t=1.1 --out apple.svg
  chainrule draw "총액 = 사과 * 개수 * 소비세" 사과=100 개수=2 소비세=1.1 --lang ko --out 사과.png
  chainrule draw runs/deep --open Affine1 --out network.svg"""

_FLOW = """Say for each layer of a trained network how large its activations and its gradients are on a mini-batch, how many units are
saturated or dead, and how large an update is beside the weights; with a verdict, and what to do."""

_FLOW_EXAMPLES = """examples
  chainrule flow runs/deep
  chainrule flow runs/deep --lang ko --out flow.png"""

_INFO = """Say what chainrule computes with on this machine: versions, the BLAS library and the kernels it chose,
threads, which engines can be used, or why not, and where the fused one keeps what it has compiled."""

_CHECK = """Prove and measure all gradients: every gate's rules against symbolic derivatives and numerical gradients,
every layer, and the lesson's two-layer network. Takes some seconds; exit code 1 if anything is wrong."""


def parser() -> Parser:
    """The parser of the whole command line; ``run`` in what it gives is the command's function."""
    top = Parser(
        prog="chainrule",
        description="Backpropagation that can be seen, checked and proved.",
        epilog=_EXAMPLE,
    )
    top.add_argument("--version", action="version", version=f"chainrule {__version__}")
    top.set_defaults(run=lambda options: _help(top))
    commands = top.add_subparsers(metavar="COMMAND", parser_class=Parser)
    _add_train(commands)
    _add_eval(commands)
    _add_predict(commands)
    _add_show(commands)
    _add_explain(commands)
    _add_draw(commands)
    _add_flow(commands)
    _command(
        commands,
        "info",
        info,
        "what chainrule computes with here",
        _INFO,
        "example\n  chainrule info --json",
    )
    _command(
        commands, "check", check, "prove and measure all gradients", _CHECK, "example\n  chainrule check"
    )
    return top


def _help(top: Parser) -> int:
    top.print_help()
    return 0


def _command(
    commands: Commands, name: str, run: Run, summary: str, description: str, examples: str
) -> Parser:
    command = commands.add_parser(name, help=summary, description=description, epilog=examples)
    command.set_defaults(run=run)
    command.add_argument("--json", action="store_true", help="print one JSON object, for a program to read")
    return command


def _add_train(commands: Commands) -> None:
    command = _command(commands, "train", train, "train a network", _TRAIN, _TRAIN_EXAMPLES)
    command.add_argument("data", nargs="?", metavar="DATA", help="mnist (the default), FOLDER or FILE.npz")
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
        command.add_argument(flag, type=READERS[name], metavar=metavar, help=text)

    setting("activation", f"behind each of them: {', '.join(ACTIVATIONS)} (relu)", metavar="NAME")
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
    command.add_argument("--out", metavar="FOLDER", help="the run's folder (runs/DATA-DATE-TIME)")
    command.add_argument(
        "--resume", action="store_true", help="go on with the run in --out; --epochs may be larger"
    )


def _add_eval(commands: Commands) -> None:
    command = _command(commands, "eval", evaluate, "measure a trained network", _EVAL, _EVAL_EXAMPLES)
    command.add_argument("run_folder", metavar="RUN", help="the folder of a run, or a .safetensors file")
    command.add_argument(
        "data", nargs="?", metavar="DATA", help="mnist, FOLDER or FILE.npz; else the data of the run"
    )


def _add_predict(commands: Commands) -> None:
    command = _command(
        commands, "predict", predict, "classify what is in a file", _PREDICT, _PREDICT_EXAMPLES
    )
    command.add_argument("run_folder", metavar="RUN", help="the folder of a run, or a .safetensors file")
    command.add_argument("file", metavar="FILE", help=".npy, IDX or a picture")
    command.add_argument(
        "--invert",
        action=argparse.BooleanOptionalAction,
        help="of a picture: dark becomes light (decided by its border)",
    )


def _add_show(commands: Commands) -> None:
    command = _command(commands, "show", show, "print the compiled step of a run", _SHOW, _SHOW_EXAMPLES)
    command.add_argument("run_folder", metavar="RUN", help="the folder of a run")
    command.add_argument(
        "--no-time", dest="time", action="store_false", help="do not compile and measure the step"
    )
    command.add_argument("--plain", action="store_true", help="no colours (a file never gets any)")


def _add_explain(commands: Commands) -> None:
    command = _command(
        commands, "explain", explain, "explain an expression, gate by gate", _EXPLAIN, _EXPLAIN_EXAMPLES
    )
    _add_expression(command, "EXPRESSION")
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


def _add_draw(commands: Commands) -> None:
    command = _command(
        commands, "draw", draw, "draw an expression or a network", _DRAW, _DRAW_EXAMPLES
    )
    _add_expression(command, "EXPRESSION or RUN")
    passes = ("both", "forward", "backward")
    command.add_argument(
        "--passes", type=one_of(passes), default="both", metavar="NAME", help=f"{', '.join(passes)} (both)"
    )
    command.add_argument(
        "--step", type=whole(0), metavar="N", help="only what is known after N steps of the passes"
    )
    command.add_argument(
        "--open", action="append", metavar="LAYER", help="of a network: draw this layer gate by gate; all for all"
    )
    command.add_argument("--title", metavar="TEXT", help="written above the picture")
    _add_language(command)
    command.add_argument("--out", metavar="FILE", help="the picture")


def _add_flow(commands: Commands) -> None:
    command = _command(commands, "flow", flow, "see how gradients flow through a run", _FLOW, _FLOW_EXAMPLES)
    command.add_argument("run_folder", metavar="RUN", help="the folder of a run")
    command.add_argument("--rows", type=whole(1), metavar="N", help="rows of the mini-batch (that of the run)")
    _add_report(command)


def _add_expression(command: Parser, metavar: str) -> None:
    command.add_argument("expression", metavar=metavar, help="what is computed")
    command.add_argument("values", nargs="*", metavar="NAME=VALUE", help="a value for each input")


def _add_language(command: Parser) -> None:
    command.add_argument(
        "--lang", type=one_of(LANGUAGES), default="en", metavar="NAME", help="en, or ko for Korean (en)"
    )


def _add_report(command: Parser) -> None:
    _add_language(command)
    command.add_argument(
        "--format", type=one_of(FORMATS), default="text", metavar="NAME", help=f"{', '.join(FORMATS)} (text)"
    )
    command.add_argument("--out", metavar="FILE", help="write it to a file: .txt, .md, .html, .tex or .json")
