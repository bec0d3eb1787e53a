"""What the commands say of themselves: descriptions and examples for --help."""

from __future__ import annotations

EXAMPLE = """example
  chainrule train mnist --target-accuracy 0.97

chainrule COMMAND --help says more about a command."""

TRAIN = """Train a network, and watch it learn.

The data are one of
  mnist     60,000 + 10,000 handwritten digits, which come with the package
  FOLDER    four IDX files, named as those of MNIST are, plain or .gz; or shards, which may be larger than memory:
            train-x-000.npy, train-t-000.npy, … and test-x-000.npy, test-t-000.npy, or IDX files in as many pieces
  FILE.npz  NumPy arrays x_train, t_train, x_test and t_test; t_… are class numbers or one-hot rows
  a table   a CSV file (UTF-8, UTF-16, CP949 or Windows-1252; commas, semicolons, tabs or bars), a Parquet file, or a
            folder of Parquet files, which may be larger than memory; with --target COLUMN. Columns are typed,
            categories encoded, numbers standardised, missing values filled in, a fifth of the rows kept for the test
            (of a folder only where no file is called test….parquet); what was done is said. A target of numbers is
            regression, all others are classification; without other wishes it is Adam, with mini-batches of 32 rows,
            and more epochs
Pixels (uint8) are divided by 255; all other numbers of arrays are taken as they are."""

TRAIN_EXAMPLES = """examples
  chainrule train mnist --target-accuracy 0.97
  chainrule train mnist --hidden 256 128 --optimizer adam --epochs 10 --out runs/deep
  chainrule train --resume --out runs/deep --epochs 20
  chainrule train penguins.csv --target species --out runs/penguins

The run's folder gets run.json (how it was started), network.safetensors (the trained network), history.json and
learning-curve.svg (what it learned), checkpoint.safetensors (for --resume; the two before it stay beside it), and of a
table preprocessing.json (how its rows become numbers). After Ctrl-C, kill -9 or a power cut --resume goes on as if
nothing had happened, to the last bit.

exit code  0 done; 1 target not reached, numbers that are not finite, or what was learned could not be saved;
           2 wrong input; 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP"""

LAUNCH = """Train with several processes, of which each takes its rows of every mini-batch: the losses are those of one.

mpiexec of the extra 'mpi', or of the machine's own MPI, starts them (of the xla engine this command itself does). Where
one dies or is frozen, all are started again from the last checkpoint, and nothing before it is lost."""

LAUNCH_EXAMPLES = """examples
  chainrule launch -n 4 train mnist --out runs/four
  chainrule launch -n 4 --elastic --timeout 10 train mnist --epochs 50
  mpiexec -n 4 chainrule train mnist --out runs/four   (without restarts)

exit code  that of the training, 1 where no restarts are left, 143 SIGTERM, 130 Ctrl-C"""

EVAL = """Measure a trained network on test data: loss, accuracy, and how many of each class it gets right."""

EVAL_EXAMPLES = """examples
  chainrule eval runs/deep
  chainrule eval runs/deep other-digits/ --json"""

PREDICT = """Say which class a network takes each input for, and how probable that is; or which number it predicts.

FILE is one of
  .npy      one row of numbers, or many: (numbers,), (rows, numbers), (rows, height, width), …
  IDX       a file of images as MNIST has them, plain or .gz
  picture   PNG, JPEG, …: turned to grey and fitted into the network's square. It should show one light sign on dark
            ground, as MNIST does; if its border is light, it is inverted first. Needs pip install 'chainrule[image]'
Pixels (uint8) are divided by 255; all other numbers are taken as they are. Of a run that was trained on a table, FILE
is another table, CSV or Parquet, with the same columns in any order; the target need not be there."""

PREDICT_EXAMPLES = """examples
  chainrule predict runs/deep drawing.png
  chainrule predict runs/deep rows.npy --json
  chainrule predict runs/penguins new.csv"""

EXPORT = """Write a trained network into an ONNX file, which other programs run: onnxruntime, browsers, phones. It takes
any number of rows, in the dtype of the run; pixels go in as x / 255. Needs pip install 'chainrule[onnx]'."""

EXPORT_EXAMPLES = """examples
  chainrule export runs/deep digits.onnx
  chainrule export runs/deep digits.onnx --probabilities
  chainrule eval digits.onnx mnist"""

SHOW = """Print a whole training step of a run (forward pass, backward pass, update) as the one function that the fused
engine compiles, and for each statement the arrays in it, its share of the time, its floating-point operations and the
bytes that it reads and writes. The time is taken with random data, in the first thread if there are several."""

SHOW_EXAMPLES = """examples
  chainrule show runs/deep
  chainrule show runs/deep --no-time --plain > step.txt"""

EXPRESSION = """EXPRESSION is made of numbers, names (Korean ones too), + - * / **, @ and functions such as exp(x).
Statements stand behind each other, as in "z = x*m; L = z*t"; the last one is what counts. Behind it comes a value for
each input: x=100, or "X=[[1, 2], [3, 4]]" for an array."""

EXPLAIN = f"""Explain an expression, or what moved a prediction.

RUN is the folder of a run that was trained on a table; behind it come columns and values, island=Dream, and those that
are left out count as missing. Which column moved the prediction, and by how much, is said for each; --what-if
mass_kg=+0.5 says what another value would do.

Of an expression, explain backpropagation gate by gate, with the numbers: forward pass, backward pass, the chain from
the output to each input, the check by numerical derivatives, and what the gradients mean.

{EXPRESSION}"""

EXPLAIN_EXAMPLES = """examples
  chainrule explain "L = 0.5*(x*m*t - 219)**2" x=100 m=2 t=1.1
  chainrule explain "총액 = 사과 * 개수 * 소비세" 사과=100 개수=2 소비세=1.1 --lang ko
  chainrule explain "L = 0.5*(x*m*t - 219)**2" x=100 m=2 t=1.1 --what-if x=+1 --what-if t=+0.01
  chainrule explain "L = sum((X @ W)**2)" "X=[[1, 2]]" "W=[[3], [4]]" --element "W[1, 0]" --out w.html
  chainrule explain runs/penguins bill_length_mm=39.1 island=Torgersen --lang ko"""

DRAW = f"""Draw the computation graph of an expression, values above the lines and gradients below them; or the network
of a run, layer by layer. The picture's name says its form: .svg, .png, .pdf, .dot (Graphviz), .mmd (Mermaid), .tex
(TikZ) or .json. Without --out it is printed as SVG.

{EXPRESSION}"""

DRAW_EXAMPLES = """examples
  chainrule draw "L = 0.5*(x*m*t - 219)**2" x=100 m=2 t=1.1 --out apple.svg
  chainrule draw "총액 = 사과 * 개수 * 소비세" 사과=100 개수=2 소비세=1.1 --lang ko --out 사과.png
  chainrule draw runs/deep --open Affine1 --out network.svg"""

FLOW = """Say for each layer of a trained network how large its activations and its gradients are on a mini-batch, how
many units are saturated or dead, and how large an update is beside the weights; with a verdict, and what to do."""

FLOW_EXAMPLES = """examples
  chainrule flow runs/deep
  chainrule flow runs/deep --lang ko --out flow.png"""

INFO = """Say what chainrule computes with on this machine: versions, the BLAS library and the kernels it chose,
threads, which engines can be used, or why not, and where the fused one keeps what it has compiled."""

CHECK = """Check the gradients of somebody's own code against numerical ones. FILE.py:NAME is one of
  a class or an object  with forward(x) and backward(dout), or with loss(x, t), gradient(x, t) and params
  a function            of NumPy's functions alone, or with --gradient NAME, or one that returns (value, gradients)
  a function            without parameters that makes one of these

VALUE is one of
  (3,4)         random numbers of this shape
  (3,):int10    random whole numbers below 10, as class numbers are
  (3,):onehot10 the same as one-hot rows of floats; an input that has no gradient
  1.5           or [[1, 2], [3, 4]]: these numbers; 5 stays a whole number, [0, 2]:int does so in an array
  "relu"        or true, false, null: as in JSON
VALUE without NAME= is the next in order.

The file runs in a process of its own, in its own folder, and is stopped after the time limit; what it prints goes to
stderr. That guards against mistakes, not against malice: run what you do not trust in a container.

Without FILE.py:NAME everything in chainrule is proved and measured: every gate's rules against symbolic derivatives and
numerical gradients, every layer, and the lesson's two-layer network. Takes some seconds."""

CHECK_EXAMPLES = """examples
  chainrule check my_layers.py:MyAffine --argument "W=(4,2)" --argument "b=(2,)" --input "x=(3,4)"
  chainrule check net.py:TwoLayerNet --argument 4 --argument 5 --argument 3 --input "x=(2,4)" --input "t=(2,):int3"
  chainrule check rosenbrock.py:f --gradient df --input "[1.5,-2]" --json
  chainrule check

exit code  0 all right, 1 a gradient is wrong, 2 wrong input or the code raised, 3 the time limit"""

WEB = """Serve a page for the browser, and open it: step through backpropagation gate by gate, train a network and watch
it learn, draw digits, read the compiled step. All of it is computed by chainrule on this machine; the page asks no
other one for anything.

The address holds a key that is new each time, so nobody else on this machine can use the page. Runs that are started
on the page are folders like those of chainrule train, and can be resumed with it. Needs pip install 'chainrule[web]'"""

WEB_EXAMPLES = """examples
  chainrule web
  chainrule web other-digits/ --lang ko --folder class/runs
  chainrule web --port 0 --no-browser --json
  chainrule web --host 0.0.0.0 --allow-remote lab7.example.org"""
