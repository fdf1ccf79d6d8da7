"""What the nodes of an ONNX graph say of themselves."""

from typing import Any

from onnx import NodeProto, helper


def attribute(node: NodeProto, name: str, otherwise: Any = None) -> Any:
    """The value of an attribute, or what holds where it is not written."""
    found = [helper.get_attribute_value(a) for a in node.attribute if a.name == name]
    return found[0] if found else otherwise
