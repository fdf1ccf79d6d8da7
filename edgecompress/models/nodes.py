"""What is asked of ONNX graphs and their nodes everywhere."""

from typing import Any

from onnx import ModelProto, NodeProto, helper

MICROSOFT = "com.microsoft"  # the domain of onnxruntime's own operators


def copy_of(graph: ModelProto) -> ModelProto:
    """A graph of its own, to be changed."""
    return ModelProto.FromString(graph.SerializeToString())


def attribute(node: NodeProto, name: str, otherwise: Any = None) -> Any:
    """The value of an attribute, or what holds where it is not written."""
    found = [helper.get_attribute_value(a) for a in node.attribute if a.name == name]
    return found[0] if found else otherwise
