"""ONNX: networks to files and back, and chainrule as a backend of onnx; `chainrule.onnx` is where people import them.

Reading: `_model` (bytes as plain Python), `_load` (which output, what learns, what is constant), `_network`, whose
layers (`_stages`) run operators (`_run`, `_registry`) that are functions made of gates. Writing: `_recorded` (the gates
of a network, for any number of rows), `_operators` (gates as operators), `_writer`, `_export`. Both read `_pairs`.
"""

from ._export import save
from ._load import load, loaded
from ._network import OnnxNetwork

__all__ = ["OnnxNetwork", "load", "loaded", "save"]
