"""Item 9: many workers, one of them killed, and all is done once."""

import os
import signal

import pytest

from scanward.deid.keyed import Project
from scanward.deid.pool import processes
from scanward.deid.profiles import READY_MADE
from scanward.deid.run import Job, Result, serial
from scanward.deid.sources import find

from .test_command import files, study

PROJECT = Project("many", b"m" * 32)


def job(folder) -> Job:
    folder.mkdir(exist_ok=True)
    return Job(READY_MADE["research"], PROJECT, str(folder))


def total(results) -> Result:
    whole = Result()
    for result in results:
        whole.add(result)
    return whole


def same(one, other) -> bool:
    return files(one) == files(other) and all((one / f).read_bytes() == (other / f).read_bytes() for f in files(one))


def test_worker_processes_give_what_one_process_gives(tmp_path):
    study(tmp_path / "in", 5, 4)
    batches = find(tmp_path / "in")
    total(serial(job(tmp_path / "one"), batches))
    result = total(processes(job(tmp_path / "two"), batches, 2))
    assert len(result.written) == 20 and same(tmp_path / "one", tmp_path / "two")


def test_a_killed_worker_process_loses_nothing(tmp_path):
    study(tmp_path / "in", 5, 8)
    batches = find(tmp_path / "in")
    results, killed = [], False
    for result in processes(job(tmp_path / "out"), batches, 2):
        results.append(result)
        if not killed:
            import multiprocessing

            child = multiprocessing.active_children()[0]
            os.kill(child.pid, signal.SIGKILL)
            killed = True
    assert len(files(tmp_path / "out")) == 40
    assert sum(len(r.written) for r in results) == 40


def test_a_dask_cluster_with_a_killed_worker_does_all_once(tmp_path):
    distributed = pytest.importorskip("distributed")
    from scanward.deid.cluster import with_client

    study(tmp_path / "in", 5, 8)
    batches = find(tmp_path / "in")
    total(serial(job(tmp_path / "one"), batches))
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        results = []
        for result in with_client(job(tmp_path / "many"), batches, client):
            results.append(result)
            if len(results) == 1:
                os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
    paths = [written.path for result in results for written in result.written]
    assert len(paths) == len(set(paths)) == 40
    assert same(tmp_path / "one", tmp_path / "many")
