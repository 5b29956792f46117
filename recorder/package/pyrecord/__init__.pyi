from os import PathLike
from types import TracebackType
from typing import Callable, Iterable, Optional, Type, TypeVar, Union, overload

_Path = Union[str, "PathLike[str]"]
_Function = TypeVar("_Function", bound=Callable[..., object])

class RecordingError(RuntimeError): ...

class Result:
    path: str
    events: int
    file_bytes: int
    message: str
    def __init__(self, path: str, events: int, file_bytes: int, message: str) -> None: ...

def start(
    path: Optional[_Path] = ...,
    *,
    include: Union[str, Iterable[str]] = ...,
    exclude: Union[str, Iterable[str]] = ...,
    include_function: Union[str, Iterable[str]] = ...,
    exclude_function: Union[str, Iterable[str]] = ...,
    events: Union[None, str, Iterable[str]] = ...,
    max_text: Optional[int] = ...,
    max_items: Optional[int] = ...,
    max_depth: Optional[int] = ...,
    max_objects: Optional[int] = ...,
    values: bool = ...,
    redact: bool = ...,
    forks: bool = ...,
    force: bool = ...,
) -> str: ...
def stop() -> Result: ...
def mark(text: str) -> bool: ...
def current() -> Optional[str]: ...

class recording:
    path: Optional[str]
    result: Optional[Result]
    def __init__(
        self,
        path: Optional[_Path] = ...,
        *,
        include: Union[str, Iterable[str]] = ...,
        exclude: Union[str, Iterable[str]] = ...,
        include_function: Union[str, Iterable[str]] = ...,
        exclude_function: Union[str, Iterable[str]] = ...,
        events: Union[None, str, Iterable[str]] = ...,
        max_text: Optional[int] = ...,
        max_items: Optional[int] = ...,
        max_depth: Optional[int] = ...,
        max_objects: Optional[int] = ...,
        values: bool = ...,
        redact: bool = ...,
        forks: bool = ...,
        force: bool = ...,
    ) -> None: ...
    def __enter__(self) -> "recording": ...
    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None: ...

@overload
def record(function: _Function) -> _Function: ...
@overload
def record(
    function: None = ...,
    *,
    path: Optional[_Path] = ...,
    include: Union[str, Iterable[str]] = ...,
    exclude: Union[str, Iterable[str]] = ...,
    include_function: Union[str, Iterable[str]] = ...,
    exclude_function: Union[str, Iterable[str]] = ...,
    events: Union[None, str, Iterable[str]] = ...,
    max_text: Optional[int] = ...,
    max_items: Optional[int] = ...,
    max_depth: Optional[int] = ...,
    max_objects: Optional[int] = ...,
    values: bool = ...,
    redact: bool = ...,
    forks: bool = ...,
    force: bool = ...,
) -> Callable[[_Function], _Function]: ...
