"""Every error of the package, by code: what was expected, what was found, what to do.

Write `raise ValueError(Errors.RNNN.format(...))`, as spaCy does with its own codes. A new code goes
into the section of the part that raises it: of the component in `component`, of commands in
`commands`. Codes ascend within a section, and no two of them are alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from .commands import CommandErrors
from .component import ComponentErrors


class Errors(ComponentErrors, CommandErrors):
    """All errors by code; each is filled by its `format`."""


def check_least(name: str, value: float, least: float) -> None:
    """Check that a number is not too small.

    name (str): Name of the setting, for the message.
    value (float): Its value.
    least (float): The smallest allowed value.
    RAISES (ValueError): If the value is smaller.
    """
    if value < least:
        raise ValueError(Errors.R123.format(name=name, least=least, found=value))


def check_named(known: Iterable[str], setting: str, name: str) -> None:
    """Check that a name is one of those allowed.

    known (Iterable[str]): The names allowed.
    setting (str): What the name is given for, for the message.
    name (str): The name.
    RAISES (ValueError): If the name is not one of them.
    """
    names = list(known)
    if name not in names:
        raise ValueError(Errors.R062.format(setting=setting, found=name, names=", ".join(names)))


def import_extra(package: str, extra: str, what: str) -> Any:
    """Import a package that is installed with an extra of spacy-rin.

    package (str): The package to import.
    extra (str): The extra that installs it, as in pip install "spacy-rin[extra]".
    what (str): What needs the package, for the message.
    RETURNS (Module): The package.
    RAISES (ValueError): If it is not installed.
    """
    try:
        return import_module(package)
    except ImportError:
        raise ValueError(Errors.R065.format(what=what, package=package, extra=extra)) from None
