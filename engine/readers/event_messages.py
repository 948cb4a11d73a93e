"""The messages of TensorBoard's event files, by the numbers of the fields that are read."""

from __future__ import annotations

from engine.readers.message_classes import message_classes

MESSAGES: dict[str, dict[int, str]] = {
    "Event": {
        1: "wall_time double", 2: "step int64", 3: "file_version bytes", 5: "summary Summary",
        7: "session_log SessionLog",
    },
    "SessionLog": {1: "status int32"},
    "Summary": {1: "value *SummaryValue"},
    "SummaryValue": {
        1: "tag bytes", 2: "simple_value float", 4: "image Image", 5: "histo Histogram", 8: "tensor Tensor",
        9: "metadata Metadata",
    },
    "Image": {1: "height int32", 2: "width int32", 4: "encoded bytes"},
    "Histogram": {
        1: "min double", 2: "max double", 3: "num double", 4: "sum double", 6: "limits *double",
        7: "counts *double",
    },
    "Metadata": {1: "plugin_data PluginData"},
    "PluginData": {1: "plugin_name bytes", 2: "content bytes"},
    "Tensor": {
        1: "dtype int32", 2: "shape TensorShape", 4: "content bytes", 5: "floats *float",
        6: "doubles *double", 7: "ints *int32", 8: "strings *bytes", 10: "longs *int64",
        11: "booleans *bool", 13: "halves *int32", 16: "uints *uint32", 17: "ulongs *uint64",
    },
    "TensorShape": {2: "dim *Dimension"},
    "Dimension": {1: "size int64"},
    "HParams": {2: "experiment HParamsExperiment", 3: "session_start SessionStart"},
    "HParamsExperiment": {1: "name bytes"},
    "SessionStart": {1: "hparams *HParam", 4: "group bytes", 5: "start_time double"},
    "HParam": {1: "name bytes", 2: "value HParamValue"},
    "HParamValue": {2: "number double", 3: "text bytes", 4: "boolean bool"},
}  # fmt: skip
SESSION_START = 1
"""the status of a SessionLog behind which a restarted training writes its steps again"""

TENSOR_TYPES: dict[int, tuple[str, str]] = {
    1: ("<f4", "floats"), 2: ("<f8", "doubles"), 3: ("<i4", "ints"), 4: ("u1", "ints"), 5: ("<i2", "ints"),
    6: ("i1", "ints"), 9: ("<i8", "longs"), 10: ("?", "booleans"), 14: ("bfloat16", "halves"),
    17: ("<u2", "ints"), 19: ("<f2", "halves"), 22: ("<u4", "uints"), 23: ("<u8", "ulongs"),
}  # fmt: skip
"""dtype -> its type in `content`, and the field that has its numbers otherwise"""
TEXT_TENSOR = 7
"""the dtype of text"""

_classes = message_classes("events", MESSAGES)
Event = _classes["Event"]
Metadata = _classes["Metadata"]
HParams = _classes["HParams"]
