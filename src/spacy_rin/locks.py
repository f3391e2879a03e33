"""A path → its file, open and locked, so that two runs never write the same thing.

The lock is the operating system's: `flock`, or on Windows a locked byte. It ends with the process,
however that ends. So a file that a killed run has left is free for the next run.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from io import FileIO
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# How the systems say that another has the lock.
TAKEN = {errno.EAGAIN, errno.EACCES, errno.EDEADLK}
# The byte that is locked on Windows. Nothing reads or writes that far.
FAR = 2**30


class LockedFile(FileIO):
    """A file that is open, without a buffer, for reading and writing. It is made if need be.

    Once it is locked, read and write it by this object alone: another run may put another file in
    the place of its path.

    path (Path): The file.
    wait (bool): Whether to wait for another run that has it; otherwise that is an error.
    RAISES (BlockingIOError): If another run has it.
    RAISES (OSError): If it can't be opened.
    """

    is_locked: bool  # False on a file system that has no locks

    def __init__(self, path: Path, wait: bool = False) -> None:
        while True:
            super().__init__(path, "r+b", opener=_open)
            try:
                self.is_locked = self._lock(wait)
                # The run that had it may have removed it at its end, after it was opened here.
                if self._is_at(path):
                    self.path = path
                    return
            except BaseException:
                self.close()
                raise
            self.close()

    def size(self) -> int:
        """RETURNS (int): The number of bytes."""
        return os.fstat(self.fileno()).st_size

    def release(self) -> None:
        """Close the file, and remove it if it is empty."""
        is_empty = not self.size()
        if sys.platform == "win32":  # which removes no open file
            self.close()
        if is_empty:
            # Another run may have it by now.
            with suppress(PermissionError):
                if self.closed or self._is_at(self.path):
                    self.path.unlink(missing_ok=True)
        self.close()

    def _lock(self, wait: bool) -> bool:
        try:
            if sys.platform == "win32":
                self.seek(FAR)
                msvcrt.locking(self.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
                self.seek(0)
            else:
                fcntl.flock(self.fileno(), fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            if error.errno in TAKEN:
                raise BlockingIOError(error.errno, error.strerror) from None
            return False
        return True

    def _is_at(self, path: Path) -> bool:
        try:
            return os.path.samestat(os.fstat(self.fileno()), os.stat(path))
        except FileNotFoundError:
            return False


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o666)
