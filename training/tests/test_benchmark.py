"""The benchmark's table on two gloo ranks: every row is there, and its figures are of one another."""

import os
import subprocess
import sys

from test_distributed import free_port


def test_two_ranks_print_the_columns(tmp_path):
    reference = tmp_path / "published.csv"
    reference.write_text("kind,model,gpu,precision,n_gpus,throughput,throughput_unit,date\nthroughput,waveglow,T4,mixed,1,55000,samples/s,\nloss,x,,,,,,\n")
    here, port, workers = os.path.dirname(os.path.abspath(__file__)), free_port(), []
    for rank in range(2):
        env = {**os.environ, "OMP_NUM_THREADS": "1", "WORLD_SIZE": "2", "RANK": str(rank), "LOCAL_RANK": str(rank),
               "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        args = [sys.executable, "-m", "tacoglow_train", "benchmark", "--config", "tiny", "--precisions", "fp32,fp16", "--batch", "2",
                "--seconds", "0.3", "--device", "cpu", "--reference", str(reference)]
        workers.append(subprocess.Popen(args, env=env, cwd=os.path.join(here, ".."), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    (said, error), (other, _) = (w.communicate(timeout=240) for w in workers)
    assert [w.returncode for w in workers] == [0, 0], error
    assert other == ""  # only the first rank speaks
    head, *lines = said.splitlines()
    assert head.split() == ["network", "device", "precision", "ranks", "batch", "items/s", "ms/step", "against", "fp32", "scaling"]
    rows = [line.replace("CPU, 1 thread(s)", "CPU").split() for line in lines[:4]]
    assert [(r[0], r[2], r[3], r[4]) for r in rows] == [(n, p, "2", "2") for n in ("tacotron2", "waveglow") for p in ("fp32", "fp16")]
    for row, base in zip(rows, (rows[0], rows[0], rows[2], rows[2])):
        rate, ratio, scaling = float(row[5].replace(",", "")), float(row[7]), float(row[9])
        assert abs(ratio - rate / float(base[5].replace(",", ""))) < 0.01
        assert 0.05 < scaling < 20  # two ranks against one: what the cores allow, and a busy machine is no fault
    crop, seconds = 16 * 256 * 2 * 2, float(rows[2][6]) / 1000
    assert abs(float(rows[2][5].replace(",", "")) * seconds / crop - 1) < 0.01
    assert "scaling at 8: 7.24" in said and "waveglow  T4  mixed  1  55000" in said
