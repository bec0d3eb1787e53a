"""Interop: chainrule beside the tools that people have. Each is a package of its own, imported only when it is used."""

__all__: list[str] = []
