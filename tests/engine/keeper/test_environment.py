from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from engine.engine_path import PACKAGE_ROOT, python_path
from engine.keeper.worker_process import environment, system_interval
from engine.protocol import Spec


def spec(threads: int) -> Spec:
    return Spec("id", "xor", {}, 1, "", "torch", threads, "auto", 0.0)


def test_the_number_of_threads_is_set_and_idle_threads_sleep() -> None:
    env = environment(spec(3), "cpu", {}, cores=8)
    assert {env[name] for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")} == {"3"}
    assert env["OMP_WAIT_POLICY"] == "PASSIVE"
    assert env["OPENBLAS_THREAD_TIMEOUT"] == "4"


def test_the_data_folder_is_that_of_the_spec_whatever_the_service_was_started_with() -> None:
    base = {"DLTUI_DATA": "/of/the/service"}
    assert environment(replace(spec(1), data="/mine"), "cpu", base, 1)["DLTUI_DATA"] == "/mine"
    assert "DLTUI_DATA" not in environment(replace(spec(1), data=""), "cpu", base, 1)


def test_a_spec_of_version_1_uses_the_data_folder_of_the_service() -> None:
    base = {"DLTUI_DATA": "/of/the/service"}
    assert environment(spec(1), "cpu", base, 1)["DLTUI_DATA"] == "/of/the/service"


def test_how_often_a_run_measures_what_it_uses_is_that_of_its_spec_else_of_the_service() -> None:
    assert system_interval(spec(1)) == {}
    assert system_interval(replace(spec(1), system_seconds=0.0)) == {"DLTUI_SYSTEM_SECONDS": "0"}
    assert system_interval(replace(spec(1), system_seconds=2.5)) == {"DLTUI_SYSTEM_SECONDS": "2.5"}


def test_tensorflow_has_the_same_threads_and_deterministic_settings() -> None:
    env = environment(spec(3), "cpu", {}, cores=8)
    assert (env["TF_NUM_INTRAOP_THREADS"], env["TF_NUM_INTEROP_THREADS"]) == ("3", "1")
    assert (env["TF_ENABLE_ONEDNN_OPTS"], env["TF_DETERMINISTIC_OPS"]) == ("1", "1")
    assert env["KERAS_BACKEND"] == "tensorflow"
    assert env["TF_CPP_MIN_LOG_LEVEL"] == "3"
    assert environment(spec(3), "GPU-12ab", {}, cores=8)["TF_CPP_MIN_LOG_LEVEL"] == "1"


def test_zero_threads_means_all_cores() -> None:
    assert environment(spec(0), "cpu", {}, cores=8)["OMP_NUM_THREADS"] == "8"


def test_a_worker_on_the_cpu_sees_no_gpu_and_another_one_sees_its_own() -> None:
    base = {"CUDA_VISIBLE_DEVICES": "0,1"}
    assert environment(spec(1), "cpu", base, 1)["CUDA_VISIBLE_DEVICES"] == ""
    assert environment(spec(1), "GPU-12ab", base, 1)["CUDA_VISIBLE_DEVICES"] == "GPU-12ab"


def test_what_the_user_set_is_kept() -> None:
    env = environment(spec(1), "cpu", {"HTTPS_PROXY": "http://proxy", "PYTHONPATH": "/a"}, 1)
    assert env["HTTPS_PROXY"] == "http://proxy"
    assert env["PYTHONPATH"].split(os.pathsep) == [str(PACKAGE_ROOT), "/a"]


def test_an_installed_engine_needs_no_path_that_would_shadow_the_standard_library() -> None:
    assert python_path({}, Path("/x/lib/python3.11/site-packages")) == ""
