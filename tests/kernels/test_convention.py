"""Every kernel is compiled the one way, keeps NaN, and is compiled before the first cycle."""

from __future__ import annotations

import ast
import importlib
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import FunctionType

import pytest
from numba.core.dispatcher import Dispatcher

import twin.kernels

REPOSITORY = Path(__file__).parents[2]
NOT_KERNELS = {"_cache", "_jit", "_tables"}
NAMES = sorted(module.name for module in pkgutil.iter_modules(twin.kernels.__path__) if module.name not in NOT_KERNELS)
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("NUMBA_DISABLE", "COV"))}


def source(name: str) -> ast.Module:
    return ast.parse((REPOSITORY / "twin" / "kernels" / f"{name}.py").read_text(encoding="utf-8"))


def functions(name: str) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(source(name)) if isinstance(node, ast.FunctionDef)]


def kernels() -> dict[str, Dispatcher]:
    found: dict[str, Dispatcher] = {}
    for name in NAMES:
        module = importlib.import_module(f"twin.kernels.{name}")
        for key, value in vars(module).items():
            if isinstance(value, Dispatcher) and value.py_func.__module__ == module.__name__:
                found[f"{name}.{key}"] = value
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_function_is_a_kernel_by_the_one_decorator(name: str) -> None:
    module = importlib.import_module(f"twin.kernels.{name}")
    for function in functions(name):
        (decorator,) = (ast.unparse(decorator) for decorator in function.decorator_list)
        assert decorator in ("kernel", "fused_kernel", "inlined_kernel"), function.name
        assert not isinstance(getattr(module, function.name), FunctionType), function.name


@pytest.mark.parametrize("kernel", kernels().values(), ids=kernels().keys())
def test_a_kernel_keeps_nan_lets_threads_run_and_is_cached(kernel: Dispatcher) -> None:
    options = kernel.targetoptions
    assert options["fastmath"] in (False, {"contract"})  # neither flag lets a NaN be forgotten
    assert options["nopython"] is True
    assert options["nogil"] is True
    assert options["error_model"] == "numpy"
    assert kernel.stats.cache_path


def test_no_kernel_names_fastmath_or_numba_for_itself() -> None:
    for name in NAMES:
        for node in ast.walk(source(name)):
            assert not (isinstance(node, ast.keyword) and node.arg == "fastmath"), name
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert "numba" not in ast.unparse(node), name


def test_kernels_raise_nothing_print_nothing_and_keep_no_state() -> None:
    forbidden = (ast.Raise, ast.Try, ast.With, ast.Global, ast.Nonlocal, ast.Assert, ast.Lambda, ast.Await)
    for name in NAMES:
        for function in functions(name):
            for node in ast.walk(function):
                assert not isinstance(node, forbidden), f"{name}.{function.name}: {ast.unparse(node)}"
                if isinstance(node, ast.Call):
                    called = ast.unparse(node.func)
                    assert called != "print", f"{name}.{function.name}"
                    assert not called.startswith("np."), f"{name}.{function.name} allocates with {called}"


def test_module_globals_of_kernels_are_plain_constants() -> None:
    for name in NAMES:
        module = importlib.import_module(f"twin.kernels.{name}")
        for node in source(name).body:
            if isinstance(node, ast.Assign):
                targets = [
                    leaf.id for target in node.targets for leaf in ast.walk(target) if isinstance(leaf, ast.Name)
                ]
                for target in targets:
                    assert isinstance(getattr(module, target), int | float | tuple), f"{name}: {ast.unparse(node)}"


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


SIGNATURES = """
import json
from dataclasses import fields
import numpy as np
from tests.kernels.test_convention import kernels
from tests.support.facilities import small_facility
from tests.support.states import CHW, H1, a_scene
from tests.unit.estimate.builders import Picture
from controllers.decide.memory import DecideMemory
from controllers.decide.predictive import Predictive
from twin.model.warm import warm

def counts():
    return {name: len(kernel.signatures) for name, kernel in kernels().items()}

warm(small_facility())
before = counts()
scene = a_scene()
for part in (scene.state.halls, scene.state.ups):
    for field in fields(part):  # as a real state comes: read-only
        getattr(part, field.name).setflags(write=False)
Predictive().decide(scene.task, DecideMemory())
scene.guarded({H1: 22.1, CHW: 10.1})
_, memory = Picture().estimated()
Picture().estimated(memory, 60.0)
print(json.dumps([before, counts()]))
"""


def test_after_warming_up_no_cycle_compiles_anything() -> None:
    before, after = json.loads(run(SIGNATURES))
    assert {name: n for name, n in after.items() if n != before[name]} == {}
    assert {name: n for name, n in after.items() if n > 1} == {}
    assert before["settle.settle_batch"] == before["outage.seconds_after_failure"] == before["outage.step_halls"] == 1


def test_without_the_compiler_the_same_figures_come_out() -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
            *sorted(str(path) for path in Path(__file__).parent.glob("test_*.py") if path.name != Path(__file__).name),
        ],
        cwd=REPOSITORY, env=ENVIRONMENT | {"NUMBA_DISABLE_JIT": "1"}, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_without_the_compiler_kernels_are_plain_python() -> None:
    code = "from types import FunctionType; from twin.kernels.settle import settle_batch as k; print(type(k).__name__)"
    assert run(code, NUMBA_DISABLE_JIT="1").strip() == "function"
    assert run(code).strip() != "function"
