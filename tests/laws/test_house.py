"""The house rules, held by reading the source: sizes, names, imports, documentation, what may not occur.

Every exception is in a table of this file, with its reason. A table entry that is no longer needed fails
too: the tables only ever shrink.
"""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "regard"
TESTS = ROOT / "tests"
MODULES = sorted(path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py"))
PYTHON = [
    *(f"src/regard/{name}" for name in MODULES),
    *(p.relative_to(ROOT).as_posix() for p in TESTS.rglob("*.py")),
]

PASSES_KEYWORDS = {"config.py": "a configuration is made of keywords, and pydantic checks each of them"}
WITHOUT_TESTS = {
    "models/protocols.py": "only protocols and records: what they promise is tested where it is kept",
}
LONG_TUPLES = {
    "losses/softmax.py: backward": "torch asks for one gradient for each argument of forward",
    "nn/kernels/softmax.py: backward": "torch asks for one gradient for each argument of forward",
    "losses/sampled.py: backward": "torch asks for one gradient for each argument of forward",
}
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "print", "torch.load", "torch.save"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(module: str) -> ast.Module:
    return ast.parse((SOURCE / module).read_text(), filename=module)


def functions(module: str) -> Iterator[Function]:
    return (node for node in ast.walk(tree(module)) if isinstance(node, Function))


def parameters(function: Function) -> list[str]:
    every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [argument.arg for argument in every if argument.arg not in {"self", "cls"}]


def definitions(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements define: functions, classes, assigned names."""
    for node in body:
        if isinstance(node, Function | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def is_command(function: Function) -> bool:
    """Tell whether a function is a command: its parameters are the options of the command line."""
    return any(ast.unparse(decorator).startswith("app.command(") for decorator in function.decorator_list)


def is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def exported(module: str) -> list[str] | None:
    for node in tree(module).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets
        ):
            return [str(name) for name in ast.literal_eval(node.value)]
    return None


@pytest.mark.parametrize("file", PYTHON)
def test_a_file_has_at_most_300_lines(file: str) -> None:
    assert len((ROOT / file).read_text().splitlines()) <= 300


@pytest.mark.parametrize("module", MODULES)
def test_a_function_has_at_most_60_lines_and_8_parameters(module: str) -> None:
    for function in functions(module):
        assert function.end_lineno is not None
        # A command's signature and docstring are its options and its help: only what it does is counted
        first = function.body[1].lineno if is_command(function) else function.lineno
        assert function.end_lineno - first < 60, f"{function.name} is too long"
        if not is_command(function):
            assert len(parameters(function)) <= 8, f"{function.name} has too many parameters"


@pytest.mark.parametrize("module", MODULES)
def test_no_boolean_is_passed_by_position(module: str) -> None:
    for function in functions(module):
        positional = [*function.args.posonlyargs, *function.args.args]
        for argument in positional if not is_command(function) else []:
            kind = ast.unparse(argument.annotation) if argument.annotation else ""
            assert kind != "bool", f"{function.name}({argument.arg})"


@pytest.mark.parametrize("module", [name for name in MODULES if name not in PASSES_KEYWORDS])
def test_no_keywords_are_passed_through(module: str) -> None:
    for function in functions(module):
        assert function.args.kwarg is None, f"{function.name}(**{function.args.kwarg.arg})"


@pytest.mark.parametrize("module", MODULES)
def test_nothing_that_runs_data_as_code_occurs(module: str) -> None:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & FORBIDDEN_MODULES
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in FORBIDDEN_MODULES
        elif isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in FORBIDDEN_CALLS or reads_only_tensors(node), node.lineno


def reads_only_tensors(call: ast.Call) -> bool:
    """Tell whether a file of foreign weights is read by the reader that runs no code; our own are safetensors."""
    safely = [keyword for keyword in call.keywords if keyword.arg == "weights_only"]
    return (
        ast.unparse(call.func) == "torch.load"
        and len(safely) == 1
        and isinstance(safely[0].value, ast.Constant)
        and safely[0].value.value is True
    )


@pytest.mark.parametrize("module", MODULES)
def test_imports_are_absolute_and_of_public_names(module: str) -> None:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            if (node.module or "").split(".")[0] == "regard":
                private = [part for part in (node.module or "").split(".") if is_private(part)]
                private += [alias.name for alias in node.names if is_private(alias.name)]
                assert not private, f"line {node.lineno}: {private} are private to another file"
                assert "*" not in {alias.name for alias in node.names}


@pytest.mark.parametrize("module", MODULES)
def test_no_private_attribute_of_another_object_is_used(module: str) -> None:
    nodes = list(ast.walk(tree(module)))
    own = {"self", "cls", "super()"} | {node.name for node in nodes if isinstance(node, ast.ClassDef)}
    made = {
        node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    made |= {node.name for node in nodes if isinstance(node, Function)}
    for node in nodes:
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            whose = ast.unparse(node.value)
            assert whose in own or node.attr in made, f"line {node.lineno}: {whose}.{node.attr}"


@pytest.mark.parametrize("module", MODULES)
def test_an_except_names_what_it_catches(module: str) -> None:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"line {node.lineno}: bare except"
            swallowed = all(isinstance(inner, ast.Pass) for inner in node.body)
            assert not (swallowed and ast.unparse(node.type) in {"Exception", "BaseException"}), node.lineno


@pytest.mark.parametrize("module", MODULES)
def test_no_tuple_longer_than_two_is_returned(module: str) -> None:
    for function in functions(module):
        if f"{module}: {function.name}" in LONG_TUPLES:
            continue
        kind = function.returns
        if isinstance(kind, ast.Subscript) and ast.unparse(kind.value) == "tuple":
            parts = kind.slice.elts if isinstance(kind.slice, ast.Tuple) else [kind.slice]
            assert len(parts) <= 2, f"{function.name} returns a tuple of {len(parts)}: make it a record"
        for node in ast.walk(function):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
                assert len(node.value.elts) <= 2, f"{function.name}, line {node.lineno}"


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_documented(module: str) -> None:
    assert ast.get_docstring(tree(module)), "the module docstring is the map"
    for node in tree(module).body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name
            for inner in getattr(node, "body", []):
                if (
                    isinstance(node, ast.ClassDef)
                    and isinstance(inner, Function)
                    and not inner.name.startswith("_")
                ):
                    assert ast.get_docstring(inner), f"{node.name}.{inner.name}"


def is_empty(module: str) -> bool:
    """Tell whether a module has only a docstring and imports."""
    return not any(True for _ in definitions(tree(module).body))


@pytest.mark.parametrize("module", [name for name in MODULES if not is_empty(name)])
def test_all_lists_what_others_may_use(module: str) -> None:
    listed = exported(module)
    assert listed is not None, "__all__ is missing"
    assert len(listed) == len(set(listed))
    made = {node.name for node in tree(module).body if isinstance(node, Function | ast.ClassDef)}
    commands = {node.name for node in functions(module) if is_command(node)}  # typer calls them
    assert {name for name in made - commands if name[0] != "_"} <= set(listed), "public and not listed"
    defined = set(definitions(tree(module).body))
    if "__getattr__" in made:  # names that are imported when they are asked for
        room = importlib.import_module(".".join(["regard", *Path(module).parent.parts]))
        defined |= {name for name in listed if hasattr(room, name)}
    assert set(listed) <= defined, "listed and not defined"


def test_every_module_with_code_has_its_test_file() -> None:
    wanted = {
        module: TESTS / Path(module).parent / f"test_{Path(module).stem}.py"
        for module in MODULES
        if not is_empty(module) and Path(module).name != "__init__.py"
    }
    missing = {module for module, path in wanted.items() if not path.is_file()}
    assert missing == set(WITHOUT_TESTS), f"differs: {missing ^ set(WITHOUT_TESTS)}"


def test_every_test_file_mirrors_a_module() -> None:
    free = {"laws", "journey"}
    for path in TESTS.rglob("test_*.py"):
        place = path.relative_to(TESTS)
        if place.parts[0] not in free:
            module = place.parent / f"{place.stem.removeprefix('test_')}.py"
            assert (SOURCE / module).is_file(), f"{place} tests no module"


def test_importing_regard_is_quick_and_takes_nothing_heavy() -> None:
    code = (
        "import sys, time; start = time.perf_counter(); import regard; spent = time.perf_counter() - start;"
        "heavy = {'torch', 'polars', 'numpy', 'pydantic', 'typer'} & set(sys.modules);"
        "assert not heavy, heavy; sys.stdout.write(str(spent))"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        for _ in range(5)
    ]
    assert min(float(run.stdout) for run in runs) < 0.3


def test_the_rooms_are_entered_in_one_direction_only() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    if not tool.is_file():
        pytest.skip("import-linter is not installed here: pip install 'regard[dev]'")
    run = subprocess.run(
        [tool, "--no-cache", "--no-logo"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_exception_is_still_needed() -> None:
    assert all(any(f.args.kwarg for f in functions(module)) for module in PASSES_KEYWORDS)
    for place in LONG_TUPLES:
        module, name = place.split(": ")
        assert name in {function.name for function in functions(module)}
