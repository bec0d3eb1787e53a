"""A trained network with the preprocessing of its table: it takes raw rows and answers in words or units."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets import Prepared, Preprocessing
from ..errors import ArgumentError, CheckpointError, DataError
from ..graph import Variable
from ..networks import Network
from ..training import RunFolder
from ..words import Language
from ._data import Array
from ._influence import Influence, influence, recorded
from ._network import load_network, probabilities
from ._result import Result, measured


class TableModel:
    """A network that predicts a column of a table from the others.

    network        that was trained on what the preprocessing made
    preprocessing  `load_table` gives it with its arrays
    raises         ArgumentError when the two do not fit each other

    Rows are whatever `chainrule.datasets.read_table` takes: a path, a data frame, a list of dictionaries, or one
    dictionary. Columns are found by name.

    >>> fruit = {"grams": [90, 110, 1200, 1500] * 10, "kind": ["plum", "plum", "melon", "melon"] * 10}
    >>> table = cr.load_table(fruit, target="kind")
    >>> net = cr.Sequential(cr.Affine(table.inputs, table.outputs))
    >>> history = cr.Trainer(net, cr.Adam(0.1), batch_size=8).fit(table.x_train, table.t_train, epochs=20)
    >>> TableModel(net, table.preprocessing).predict([{"grams": 1000}, {"grams": 80}])
    array(['melon', 'plum'], dtype=object)
    """

    def __init__(self, network: Network, preprocessing: Preprocessing) -> None:
        outputs = list(network.sizes.values())[-1]
        if (network.input_size, outputs) != (len(preprocessing.inputs), preprocessing.target.outputs):
            raise ArgumentError(
                f"the network takes {network.input_size} numbers and gives {outputs}; the table has "
                f"{len(preprocessing.inputs)}, and its target needs {preprocessing.target.outputs}",
                fix="Affine(table.inputs, …) as the first layer, Affine(…, table.outputs) as the last",
            )
        self.network, self.preprocessing = network, preprocessing

    def prepare(self, rows: Any, *, targets: bool = False) -> Prepared:
        """Rows as the network takes them, and in words what was made of missing values and the like.

        raises   DataError, see `Preprocessing.transform`
        """
        return self.preprocessing.transform(rows, dtype=self.network.dtype, targets=targets)

    def predict(self, rows: Any) -> Array:
        """The class of each row by its name, or its number in the units of the target; shape (rows,).

        raises   DataError for a column that is not there, or a cell that is not of its kind
        """
        return self.answers(self.network.predict(self.prepare(rows).x))

    def answers(self, scores: Array) -> Array:
        """What the scores of the network, shape (rows, outputs), say: names of classes, or numbers in units."""
        target = self.preprocessing.target
        if target.task == "regression":
            return target.in_units(scores)
        names: Array = np.array(target.classes, object)[scores.argmax(axis=1)]
        return names

    def probabilities(self, rows: Any) -> Array:
        """The probability of each class, in the order of ``preprocessing.target.classes``; shape (rows, classes).

        raises   ArgumentError for regression; DataError as `predict`
        """
        if self.preprocessing.target.task == "regression":
            raise ArgumentError(
                "probabilities are of classes; this network predicts numbers", fix="predict(rows)"
            )
        return probabilities(self.network, self.prepare(rows).x)

    def evaluate(self, rows: Any) -> Result:
        """How right it is on rows whose targets are known.

        raises   DataError when the column of targets is not there, or not in every row
        """
        prepared = self.prepare(rows, targets=True)
        assert prepared.t is not None, "asked for"
        return measured(self.network, prepared.x, prepared.t, self.preprocessing.target)

    def record(self, row: Any) -> Variable:
        """The prediction of one row as a variable: to be explained, drawn, or asked what if.

        returns  the probability of the class that is predicted, called P(class), or the number in its units; leaves of
                 its graph are the columns that are no categories, by their names and in their own units
        raises   as `explain`

        ``cr.what_if(model.record(row), grams=+10)`` says what 10 grams more would do.
        """
        return recorded(self.network, self.preprocessing, self.preprocessing.read(row)).output

    def explain(self, row: Any, *, lang: Language = "en") -> Influence:
        """Which columns moved the prediction of one row: gradients in the units of each column, and what if.

        raises   ArgumentError when it is not one row; DataError as `predict`
        """
        return influence(self.network, self.preprocessing, row, lang=lang)


def load_run(path: str | os.PathLike[str]) -> TableModel:
    """The model of a run that was trained on a table.

    path     the folder of the run, as ``chainrule train data.csv --target NAME`` prints it
    raises   CheckpointError when there is none, it is damaged, or its data were no table

    >>> try:
    ...     load_run("runs/nothing")
    ... except CheckpointError as error:
    ...     print(error.what)
    there is no run in runs/nothing: it has no run.json
    """
    folder = RunFolder(path)
    folder.read_about()
    if not folder.preprocessing.exists():
        what = f"the run in {Path(path)} was not trained on a table: it has no {folder.preprocessing.name}"
        raise CheckpointError(what, fix="chainrule.load(…/network.safetensors) for the network alone")
    try:
        preprocessing = Preprocessing.from_json(folder.read_preprocessing())
        return TableModel(load_network(str(path), classes=False), preprocessing)
    except (DataError, ArgumentError) as error:
        raise CheckpointError(
            f"{folder.preprocessing} is damaged: {error.what}", fix="start a new run"
        ) from None
