"""What a pickle may name: what is told to the user as an attack, and the plain containers that are built."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from core.readers.unpickle.values import Global, Inert, Opaque, PickledDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

Builder: TypeAlias = "Callable[..., Any]"
"""Builds a value from the arguments that a pickle gives; a TypeError or ValueError says that they are wrong."""
Builders = Mapping[tuple[str, str], Builder]
"""By module and name, exactly as the pickle spells them."""

# Modules through which pickles are known to run commands, read files or reach the network (the lists of picklescan,
# fickling and modelscan). No checkpoint needs them, so that one which names them is told for what it is. Names that
# are on no list are harmless all the same: whatever a pickle names is never imported.
_REFUSED_MODULES = frozenset(
    {
        *("os", "posix", "nt", "posixpath", "ntpath", "subprocess", "commands", "popen2", "pty", "shutil", "sys"),
        *("runpy", "importlib", "imp", "pkgutil", "zipimport", "pip", "ensurepip", "venv", "distutils"),
        *("socket", "ssl", "http", "httplib", "urllib", "urllib2", "requests", "aiohttp", "ftplib", "smtplib"),
        *("telnetlib", "webbrowser", "xmlrpc", "_posixsubprocess", "_winapi", "winreg", "fileinput", "linecache"),
        *("ctypes", "_ctypes", "cffi", "pickle", "_pickle", "cPickle", "marshal", "shelve", "sqlite3"),
        *("pdb", "bdb", "pydoc", "doctest", "cProfile", "timeit", "codeop"),
    }
)
_REFUSED_BUILTINS = frozenset(
    {
        *("eval", "exec", "execfile", "compile", "open", "file", "input", "raw_input", "__import__", "breakpoint"),
        *("setattr", "delattr", "globals", "locals", "vars", "apply", "reload", "exit", "quit", "help", "memoryview"),
        *("map", "filter", "reduce", "property", "type.__subclasses__", "object.__subclasses__"),
    }
)
_REFUSED = (
    "joblib.load",
    "dill.load",
    "dill.loads",
    "cloudpickle.load",
    "cloudpickle.loads",
    "multiprocessing.util",
    "code.interact",
    "code.InteractiveInterpreter",
    "torch.hub",
    "torch.load",
    "torch.serialization.load",
    "torch.jit.load",
    "torch.jit.unsupported_tensor_ops",
    "torch.utils.cpp_extension",
    "torch.utils.collect_env",
    "torch.utils.bottleneck",
    "torch.utils._config_module",
    "torch.utils.data.datapipes.utils.decoder",
    "torch._inductor.codecache",
    "torch._dynamo.guards",
    "torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression",
    "torch.distributed.run",
    "torch.multiprocessing",
    "torch.ops.load_library",
    "torch.classes.load_library",
    "numpy.load",
    "numpy.testing._private.utils.runstring",
    "numpy.f2py",
    "operator.attrgetter",
    "operator.methodcaller",
    "_operator.attrgetter",
    "_operator.methodcaller",
    "functools.reduce",
    "_functools.reduce",
    "logging.config",
    "transformers.utils.hub",
    "types.FunctionType",
    "types.CodeType",
)
_OLD_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg", "exceptions": "builtins"}


def found(module: str, name: str) -> Global:
    """A global as it is called today: Python 2 had other names for some modules."""
    return Global(_OLD_MODULES.get(module, module), name)


def is_refused(wanted: Global) -> bool:
    """Whether a checkpoint that names this is an attack, or as good as one."""
    module, name = wanted.module, wanted.name
    parts = name.split(".")
    if module.partition(".")[0] in _REFUSED_MODULES or not _REFUSED_MODULES.isdisjoint(parts[:-1]):
        return True
    if module == "builtins":
        return name in _REFUSED_BUILTINS or parts[0] in _REFUSED_BUILTINS or any(part[:2] == "__" for part in parts)
    if any(part.startswith("__") for part in parts):
        return True
    full = f"{module}.{name}."
    return any(full.startswith(f"{start}.") for start in _REFUSED)


def is_refused_attribute(owner: object, name: object) -> bool:
    """Whether `getattr(owner, name)` looks for more than the member of an enumeration or a bound method."""
    return not (isinstance(owner, (Global, Inert)) and isinstance(name, str) and not name.startswith("_"))


def _dict(*args: Any) -> PickledDict:
    if not args or args[0] is None:
        return PickledDict()
    given = args[0]
    if isinstance(given, PickledDict):
        return PickledDict(list(given.keys), list(given.values))
    pairs = [(key, value) for key, value in given]
    return PickledDict([key for key, _ in pairs], [value for _, value in pairs])


def _default_dict(*args: Any) -> PickledDict:
    return _dict(*args[1:])


def _list(*args: Any) -> list[Any]:
    given = args[0] if args else ()
    return given if isinstance(given, list) else list(given) if isinstance(given, tuple) else []


def _encode(text: Any, *_: Any) -> Any:
    """`_codecs.encode(text, "latin1")`: how protocol 2 writes bytes."""
    if isinstance(text, Opaque):
        return text
    return text.encode("latin-1", "replace")


def _bytes(*args: Any) -> Any:
    return args[0] if args and isinstance(args[0], (bytes, Opaque)) else b""


def _number(*args: Any) -> Any:
    return args[0] if args and isinstance(args[0], (bool, int, float)) else 0


CONTAINERS: Builders = {
    ("collections", "OrderedDict"): _dict,
    ("collections", "Counter"): _dict,
    ("collections", "defaultdict"): _default_dict,
    ("builtins", "dict"): _dict,
    ("types", "MappingProxyType"): _dict,
    ("builtins", "list"): _list,
    ("builtins", "tuple"): lambda *args: tuple(_list(*args)),
    ("builtins", "set"): _list,
    ("builtins", "frozenset"): _list,
    ("collections", "deque"): _list,
    ("builtins", "bytearray"): _bytes,
    ("builtins", "bytes"): _bytes,
    ("builtins", "int"): _number,
    ("builtins", "float"): _number,
    ("builtins", "bool"): _number,
    ("_codecs", "encode"): _encode,
}
