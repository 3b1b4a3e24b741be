"""Each of several models has GPUs of its own, and the settings name which models there are."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from inference import catalog, gpu, machine, placement, serving
from inference.model import Model
from tests.engines.subjects import CATALOG, model

VISIBLE = "CUDA_VISIBLE_DEVICES"


@pytest.fixture
def gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A machine with so many GPUs, as the driver lists them."""

    def have(count: int, visible: str | None = None) -> None:
        for number in range(count):
            (tmp_path / f"0000:0{number}:00.0").mkdir()
        monkeypatch.setattr(machine.devices, "__defaults__", (tmp_path,))
        monkeypatch.delenv(VISIBLE, raising=False)
        if visible is not None:
            monkeypatch.setenv(VISIBLE, visible)

    return have


def served(name: str, gpus: int = 0, parallel: int = 0) -> Model:
    one = CATALOG.get("gpt-oss-20b")
    return replace(one, name=name, gpus=gpus, options={**one.options, "tensor_parallel_size": parallel})


def placed(*models: Model) -> list[str | None]:
    return [environment.get(VISIBLE) for environment in placement.environments(models).values()]


def test_a_model_alone_has_what_the_machine_has(gpus: Any) -> None:
    gpus(2)
    assert placement.environments([served("a", gpus=1)]) == {"a": {}}


def test_no_two_models_share_a_gpu(gpus: Any) -> None:
    gpus(4)
    assert placed(served("a", 1, 1), served("b", 2, 2), served("c", 1, 1)) == ["0", "1,2", "3"]


def test_what_is_left_widens_those_that_leave_it_open(gpus: Any) -> None:
    gpus(4)
    assert placed(served("a", 1), served("b", 1, 1), served("c", 1)) == ["0,1", "2", "3"]
    assert placed(served("a", 1), served("b", 1)) == ["0,1", "2,3"]


def test_more_tensor_parallelism_than_gpus_counts(gpus: Any) -> None:
    gpus(3)
    assert placed(served("a", 1, 2), served("b", 1)) == ["0,1", "2"]


def test_a_model_without_gpus_sees_none(gpus: Any) -> None:
    gpus(2)
    assert placed(served("a", 1), CATALOG.get("smollm2-135m")) == ["0,1", ""]
    assert placement.environments([served("a", 1), model("scripted")])["a"]["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"


def test_layers_of_llama_cpp_on_a_gpu_need_one(gpus: Any) -> None:
    gpus(1)
    layered = model("llamacpp", gpu_layers=20)
    assert placed(layered, model("scripted")) == ["0", ""]


def test_transformers_on_a_gpu_needs_one(gpus: Any) -> None:
    gpus(2)
    assert placed(model("transformers", device="cuda"), model("scripted")) == ["0", ""]
    assert placed(model("transformers"), model("scripted")) == ["", ""]


def test_without_any_gpu_nothing_is_said(gpus: Any) -> None:
    gpus(0)
    assert placement.environments([CATALOG.get("smollm2-135m"), model("scripted")]) == {
        "smollm2-135m": {},
        "scripted": {},
    }


def test_the_gpus_that_this_site_may_use_are_shared_out(gpus: Any) -> None:
    gpus(8, visible="GPU-aa, GPU-bb,5")
    assert placed(served("a", 1, 1), served("b", 2, 2)) == ["GPU-aa", "GPU-bb,5"]


def test_too_many_are_refused_by_name(gpus: Any) -> None:
    gpus(2)
    with pytest.raises(catalog.CatalogError) as no:
        placement.environments([served("big", 1, 2), model("scripted"), served("small", 1)])
    assert str(no.value) == ("big needs 2, small needs 1: 3 GPU(s) together, found 2. Name fewer in CHATSITE_MODEL.")


def test_memory_is_read_of_the_models_own_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the worker of one model would rebuild its engine because another's GPU is full."""
    used = {0: 10, 1: 90, "GPU-bb": 50}
    library = SimpleNamespace(
        NVMLError=KeyError,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: used[index],
        nvmlDeviceGetHandleByUUID=lambda name: used[name],
        nvmlDeviceGetName=lambda handle: f"GPU with {handle}",
        nvmlDeviceGetMemoryInfo=lambda handle: SimpleNamespace(used=handle, total=100),
    )
    monkeypatch.setattr(gpu, "_library", lambda: library)
    for visible, share in (("0", 0.1), ("1", 0.9), ("0,1", 0.9), ("GPU-bb", 0.5), ("GPU-b", None), ("", None)):
        monkeypatch.setenv(VISIBLE, visible)
        assert gpu.memory_share() == share
    monkeypatch.delenv(VISIBLE)
    assert gpu.memory_share() == 0.9
    assert [(one.name, one.used_mb * 2**20) for one in gpu.devices()] == [("GPU with 10", 10), ("GPU with 90", 90)]


# --- Which models ----------------------------------------------------------------------------------------------------


def test_several_names_make_several_models_the_first_the_default(settings: Any) -> None:
    settings.MODEL = " scripted , smollm2-135m,"
    serving.models.cache_clear()
    try:
        assert serving.names() == ("scripted", "smollm2-135m")
        assert serving.model().name == serving.model("scripted").name == "scripted"
        assert serving.model("smollm2-135m").engine == "llamacpp"
        with pytest.raises(serving.NotServedError, match=r"'gpt-oss-20b' is served here. Served: scripted, smollm2"):
            serving.model("gpt-oss-20b")
    finally:
        serving.models.cache_clear()


def test_a_list_with_a_mistake_is_refused() -> None:
    with pytest.raises(catalog.CatalogError, match="Did you mean 'scripted'"):
        CATALOG.served("smollm2-135m,skripted")
    with pytest.raises(catalog.CatalogError, match="CHATSITE_MODEL names 'scripted' twice"):
        CATALOG.served("scripted,smollm2-135m,scripted")


def test_no_name_is_the_one_that_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "gpus", lambda: 0)
    assert [one.name for one in CATALOG.served()] == ["smollm2-135m"]
