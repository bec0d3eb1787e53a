"""Training on the page: one run at a time, watched while it learns."""

from ._routes import routes
from ._worker import Worker

__all__ = ["Worker", "routes"]
