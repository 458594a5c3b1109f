"""The breaks of tier eks, one file for each file of its checks; what it shares with tier asg is broken there."""

import importlib
import pkgutil

from rehearsal.breaks import asg

__all__ = ["asg"]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
