"""Networks: layers in a row with a loss behind them.

>>> from chainrule.layers import Affine, ReLU
>>> from chainrule.networks import Sequential
>>> net = Sequential(Affine(2, 3), ReLU(), Affine(3, 2))
>>> sorted(net.gradient(np.array([[1.0, 2.0]]), np.array([1])))
['W1', 'W2', 'b1', 'b2']
"""

from ._deep_conv_net import DeepConvNet
from ._files import load
from ._network import Network
from ._sequential import Sequential
from ._simple_conv_net import SimpleConvNet
from ._two_layer_net import TwoLayerNet

__all__ = ["DeepConvNet", "Network", "Sequential", "SimpleConvNet", "TwoLayerNet", "load"]
