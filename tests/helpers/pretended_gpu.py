"""A GPU that is none: arrays and tensors of the CPU which refuse whatever a GPU would refuse.

No GPU is needed to find code that mixes devices. Inside `pretended_gpu()`, thinc's current ops make
`GpuArray`s, which stand for cupy's arrays: numpy cannot read them, and they cannot be combined with
numpy's. Tensors that are moved to "cuda" are marked. They say that they are there, numpy cannot
read them, and an operation on marked and unmarked ones is an error. All values are computed by the
CPU, so that results can be compared with those of a run without it.

What it cannot show: kernels that do not exist on a GPU, their precision, and speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import thinc.backends
import thinc.util
import torch
from numpy.lib.mixins import NDArrayOperatorsMixin
from thinc.api import CupyOps, NumpyOps, get_current_ops, set_current_ops
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from spacy_rin.nn import row_maximum

GPU = torch.device("cuda:0")


class GpuArray(NDArrayOperatorsMixin):
    """Stands for cupy.ndarray. Results are GpuArrays, also those without a dimension."""

    def __init__(self, array: Any) -> None:
        self._array = np.asarray(array)

    def get(self) -> np.ndarray:
        return self._array.copy()

    def toDlpack(self) -> object:
        return self._array.__dlpack__()

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("Implicit conversion of a GPU's array to numpy: `ops.to_numpy` is explicit")

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        return _onto_gpu(getattr(ufunc, method)(*_off_gpu(args), **_off_gpu(kwargs)))

    def __array_function__(self, function: Any, _: Any, args: Any, kwargs: Any) -> Any:
        return _onto_gpu(function(*_off_gpu(args), **_off_gpu(kwargs)))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(self._array, name)
        return _checked(found) if callable(found) else _onto_gpu(found)

    def __getitem__(self, index: Any) -> GpuArray:
        return GpuArray(self._array[_index(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self._array[_index(index)] = _off_gpu(value)

    def __iter__(self) -> Iterator[GpuArray]:
        return map(GpuArray, self._array)

    def __len__(self) -> int:
        return len(self._array)

    def __bool__(self) -> bool:
        return bool(self._array)

    def __float__(self) -> float:
        return float(self._array)

    def __int__(self) -> int:
        return int(self._array)

    def __index__(self) -> int:
        return self._array.__index__()

    def tolist(self) -> Any:
        return self._array.tolist()

    def item(self) -> Any:
        return self._array.item()


class _Module:
    """Stands for the module cupy: numpy's functions, on GpuArrays."""

    ndarray = GpuArray

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if isinstance(found, ModuleType):
            return _Module(found)
        return _checked(found) if callable(found) and not isinstance(found, type) else found

    def save(self, file: Any, array: Any) -> None:
        """An array of numpy's is saved too."""
        np.save(file, array.get() if isinstance(array, GpuArray) else array)

    def split(self, array: GpuArray, places: Any) -> list[GpuArray]:
        """Places of numpy's are read by cupy too."""
        return _onto_gpu(np.split(_off_gpu(array), _index(places)))

    def asarray(self, data: Any, dtype: Any = None) -> GpuArray:
        """Nothing is copied that is there already; numpy's arrays are."""
        array = data._array if isinstance(data, GpuArray) else np.array(_off_gpu(data, copies=True))
        return GpuArray(array.astype(dtype or array.dtype, copy=False))

    def array(self, data: Any, dtype: Any = None, copy: bool = True) -> GpuArray:
        return GpuArray(self.asarray(data, dtype).get())


class PretendedOps(CupyOps):
    """thinc's operations on GpuArrays: those of the base class, and those of numpy's kernels."""

    xp = _Module(np)

    def asarray(self, data: Any, dtype: Any = None) -> GpuArray:
        if isinstance(data, torch.Tensor) and data.is_cuda:
            data = thinc.util.torch2xp(data)
        return self.xp.asarray(data, dtype)

    def scatter_add(self, table: GpuArray, indices: Any, values: Any) -> None:
        NumpyOps().scatter_add(_off_gpu(table), _index(indices), _off_gpu(values))

    def to_numpy(self, data: Any, *, byte_order: str | None = None) -> np.ndarray:
        array = data if isinstance(data, np.ndarray) else data.get()
        return array.astype(array.dtype.newbyteorder(byte_order)) if byte_order else array


def _kernel(name: str) -> Callable[..., Any]:
    def run(_: PretendedOps, *args: Any, **kwargs: Any) -> Any:
        lengths = kwargs.get("lengths", args[-1] if args and "reduce" in name else None)
        if isinstance(lengths, GpuArray) and lengths.dtype != "int32":
            raise TypeError(f"{name} of a GPU wants lengths of int32, not {lengths.dtype}")
        found = getattr(NumpyOps(), name)(*_off_gpu(args), **_off_gpu(kwargs))
        return _onto_gpu(found)

    return run


for _name in (vars(CupyOps).keys() | vars(NumpyOps).keys()) - vars(PretendedOps).keys():
    if not _name.startswith("_") and callable(getattr(NumpyOps, _name)):
        setattr(PretendedOps, _name, _kernel(_name))


class _Marks(TorchFunctionMode):
    """Which tensors are on the GPU, and what Python's interface says of them."""

    def __init__(self) -> None:
        super().__init__()
        # While it has a weak reference, the memory of a storage's object is not used again.
        self._storages: dict[int, StorageWeakRef] = {}
        # Whether what torch makes of nothing, inside a function of its own, is on the GPU. So it is
        # in backward passes, which no function of Python's has called.
        self.makes_there = True

    def mark(self, value: Any) -> Any:
        for tensor in tree_leaves(value):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                self._storages[storage._cdata] = StorageWeakRef(storage)
        return value

    def has(self, tensor: torch.Tensor) -> bool:
        return tensor.untyped_storage()._cdata in self._storages

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        tensor = args[0] if args and isinstance(args[0], torch.Tensor) else None
        if tensor is not None:
            if func == torch.Tensor.device.__get__:
                return GPU if self.has(tensor) else torch.device("cpu")
            if func == torch.Tensor.is_cuda.__get__:
                return self.has(tensor)
            if func in (torch.Tensor.numpy, torch.Tensor.__array__) and self.has(tensor):
                raise TypeError("can't convert cuda:0 device type tensor to numpy")
            if func in (torch.Tensor.to, torch.Tensor.cpu, torch.Tensor.cuda):
                return self._move(func, tensor, args[1:], kwargs)
        there = any(isinstance(leaf, torch.Tensor) and self.has(leaf) for leaf in tree_leaves(args))
        if device := kwargs.get("device"):
            kwargs["device"] = "cpu"
            there = torch.device(device).type == "cuda"
        before, self.makes_there = self.makes_there, there
        try:
            found = func(*args, **kwargs)
            return self.mark(found) if device and there else found
        finally:
            self.makes_there = before

    def _move(self, func: Any, tensor: torch.Tensor, args: Any, kwargs: dict[str, Any]) -> Any:
        """`to`, `cpu` and `cuda`: whatever says a device decides, and the type is changed too."""
        targets = [value for value in (*args, *kwargs.values()) if isinstance(value, torch.device)]
        targets += [torch.device(value) for value in (*args,) if isinstance(value, str)]
        types = [value for value in (*args, *kwargs.values()) if isinstance(value, torch.dtype)]
        to_gpu = self.has(tensor)
        if func != torch.Tensor.to or targets:
            to_gpu = func == torch.Tensor.cuda or (
                func == torch.Tensor.to and targets[0].type == "cuda"
            )
        moved = tensor.to(types[0]) if types else tensor
        if to_gpu == self.has(moved):
            return moved
        moved = moved.clone()
        if to_gpu:
            return self.mark(moved)
        self._storages.pop(moved.untyped_storage()._cdata, None)
        return moved


class _Check(TorchDispatchMode):
    """Every operation, also of backward passes: results are where the tensors are."""

    # These may read a tensor of the CPU beside those of a GPU: copies, and indices.
    FREE = ("aten.copy_", "aten._to_copy", "aten.index", "aten._index_put", "aten.lift_fresh")

    def __init__(self, marks: _Marks) -> None:
        super().__init__()
        self.marks = marks

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        there = [tensor for tensor in tensors if self.marks.has(tensor)]
        elsewhere = [t for t in tensors if t.dim() and not self.marks.has(t)]
        name = str(func)
        is_free = name.startswith(self.FREE) and not name.startswith(
            ("aten.index_select", "aten.index_add", "aten.index_copy", "aten.index_fill")
        )
        if there and elsewhere and not is_free:
            shapes = [tuple(tensor.shape) for tensor in elsewhere]
            raise RuntimeError(f"{name}: tensors on cuda:0, and on the CPU those of shape {shapes}")
        found = func(*args, **kwargs)
        is_there = there or (not tensors and self.marks.makes_there)
        return self.marks.mark(found) if is_there and not name.startswith("aten.copy_") else found


@contextmanager
def pretended_gpu(capability: tuple[int, int] = (9, 0)) -> Iterator[_Marks]:
    """Pretend that there is a GPU and that it is in use, as after `spacy.require_gpu()`."""
    marks = _Marks()
    read = torch.utils.dlpack.from_dlpack

    def from_dlpack(data: Any) -> torch.Tensor:
        tensor = read(data)
        # A numpy array is given as it is, a GpuArray as the capsule that it made.
        return tensor if isinstance(data, np.ndarray) else marks.mark(tensor)

    def backward(*args: Any) -> Any:
        with marks:  # torch leaves it while it runs a backward pass
            return backward_of_rows(*args)

    backward_of_rows = row_maximum._RowMaximum.backward
    before = get_current_ops()
    set_current_ops(PretendedOps())
    try:
        with (
            patch.multiple(
                thinc.util,
                has_cupy=True,
                cupy=PretendedOps.xp,
                cupy_from_dlpack=lambda capsule: GpuArray(read(capsule).numpy()),
            ),
            # thinc's Adam asks an array for its ops
            patch.object(thinc.backends, "CupyOps", PretendedOps),
            patch.object(row_maximum._RowMaximum, "backward", staticmethod(backward)),
            patch.object(torch.utils.dlpack, "from_dlpack", from_dlpack),
            patch.object(torch.cuda, "current_device", lambda: 0),
            patch.object(torch.cuda, "get_device_capability", lambda device=None: capability),
            patch.object(torch.cuda, "get_device_name", lambda device=None: "pretended"),
            _Check(marks),
            marks,
        ):
            yield marks
    finally:
        set_current_ops(before)


def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: _onto_gpu(function(*_off_gpu(args), **_off_gpu(kwargs)))


def _onto_gpu(value: Any) -> Any:
    """Wrap the arrays of a result, and the numbers of numpy's that cupy returns as arrays."""
    if isinstance(value, (np.ndarray, np.generic)):
        return GpuArray(value)
    if type(value) in (tuple, list):
        return type(value)(map(_onto_gpu, value))
    return value


def _off_gpu(value: Any, copies: bool = False) -> Any:
    """Take the arrays out of GpuArrays; one of numpy's beside them is an error."""
    if isinstance(value, GpuArray):
        return value._array
    if isinstance(value, np.ndarray) and value.ndim and not copies:
        raise TypeError("Unsupported type <class 'numpy.ndarray'>: `ops.asarray` copies it")
    if isinstance(value, torch.Tensor):
        raise TypeError("Unsupported type <class 'torch.Tensor'>: `torch2xp` converts it")
    return tree_map(lambda v: _off_gpu(v, copies), value) if type(value) in _NESTS else value


_NESTS = (tuple, list, dict)


def _index(index: Any) -> Any:
    """cupy takes indices of numpy too."""
    if isinstance(index, tuple):
        return tuple(map(_index, index))
    return index._array if isinstance(index, GpuArray) else index
