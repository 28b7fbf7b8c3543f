from __future__ import annotations

import os
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from sandbox.simulation.__main__ import main
from sandbox.simulation.lifecycle import run_lifecycle
from sandbox.simulation.runner import run_seeds

from .mutations import MUTATIONS

LIFECYCLES = 1000
CHUNK = 125
FOUND_SOMETHING = (
    478,
    3_822,
    6_820,
    17_715,
    18_675,
    19_006,
    20_533,
    22_372,
    28_127,
    31_962,
    42_131,
    45_165,
    45_411,
    1_001_006_063,
    1_002_005_434,
    1_002_013_135,
    1_002_021_825,
    1_003_052_786,
    1_004_041_915,
    1_005_017_511,
    1_005_021_140,
    1_005_035_297,
    1_006_018_669,
    1_006_056_792,
    1_006_064_732,
    1_007_004_101,
    1_007_018_787,
    1_008_026_684,
    1_008_059_547,
    1_008_061_334,
    1_008_065_474,
    1_008_073_538,
    1_010_005_384,
    1_010_010_313,
    1_011_000_917,
    1_011_021_241,
    1_013_026_602,
    1_013_056_077,
    1_013_078_419,
    1_013_088_718,
    1_014_061_366,
    1_014_085_259,
    1_016_015_129,
    1_016_039_233,
    1_016_069_192,
    1_016_078_133,
    1_017_032_014,
    1_018_059_941,
    1_018_096_505,
    1_018_104_954,
    1_018_149_531,
    1_019_013_291,
    1_022_009_674,
    1_022_014_668,
    1_022_040_990,
    1_022_044_001,
    1_022_051_288,
    1_023_005_507,
    1_023_023_369,
    1_023_028_875,
    1_023_034_223,
    1_023_047_859,
    1_024_106_744,
    1_024_108_410,
    1_024_110_196,
    1_024_156_171,
)
"""What was wrong with the monitor, or with its judge, did not show in thousands of others."""
GRACE_IGNORED = next(mutation for mutation in MUTATIONS if mutation.name == "grace is ignored")

app = typer.Typer()
app.command()(main)


@pytest.mark.parametrize("first", range(1, LIFECYCLES + 1, CHUNK))
def test_every_invariant_holds_in_every_lifecycle(first: int) -> None:
    figures = run_seeds(range(first, first + CHUNK))
    assert figures.violations == []
    assert figures.lifecycles == CHUNK


@pytest.mark.parametrize("seed", FOUND_SOMETHING)
def test_every_invariant_holds_in_lifecycles_that_have_found_something(seed: int) -> None:
    assert run_seeds(range(seed, seed + 1)).violations == []


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_a_seed_gives_the_same_trace_in_every_process(hash_seed: str) -> None:
    replay = [sys.executable, "-m", "sandbox.simulation", "--replay", "7"]
    done = subprocess.run(
        replay, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": hash_seed}
    )
    _, trace = run_lifecycle(7, traced=True)
    assert len(trace) > 10
    assert "\n".join(trace) in done.stdout


def test_a_broken_invariant_is_named_in_the_trace_of_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    GRACE_IGNORED.patch(monkeypatch)
    results = [CliRunner().invoke(app, ["--replay", str(seed)]) for seed in range(1, 20)]
    broken = next(result for result in results if result.exit_code == 1)
    assert "BROKEN" in broken.output
    assert "grace_is_given_in_full" in broken.output


def test_many_lifecycles_end_with_their_figures() -> None:
    result = CliRunner().invoke(app, ["--lifecycles", "40", "--seed", "1", "--jobs", "2"])
    assert result.exit_code == 0
    assert "40 lifecycles" in result.output
    assert "every invariant holds in every lifecycle" in result.output
