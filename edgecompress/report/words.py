"""What the measurements are called, and what each of them means, in the words of a user."""

_TITLES = {
    "latency_ratio": "speed-up",
    "latency_p50_ms": "median latency",
    "latency_p95_ms": "95th percentile of latency",
    "throughput_per_s": "throughput",
    "cold_start_ms": "cold start",
    "peak_rss_bytes": "peak memory",
    "size_bytes": "size",
    "size_ratio": "size against the teacher",
    "parity_max_abs": "largest logit difference",
    "parity_flip_rate": "flips against the network",
    "batch_flip_rate": "flips in batches",
    "isa_flip_rate": "flips on other processors",
    "worst_class_recall": "recall of the worst class",
    "easy_accuracy": "accuracy on easy texts",
    "hard_accuracy": "accuracy on hard texts",
    "probability_loyalty_matched": "probability loyalty at matched temperature",
    "label_loyalty_when": "label loyalty",
    "slice_accuracy": "accuracy of a slice",
    "slice_accuracy_drop": "drop of accuracy of a slice",
    "slice_label_loyalty": "label loyalty of a slice",
    "ood_auroc": "out-of-distribution AUROC",
}

_MEANINGS = {
    "accuracy": "share of rows whose label the candidate gets right",
    "accuracy_drop": "accuracy of the teacher minus accuracy of the candidate, on the same rows",
    "worst_class_recall": "share found of the class that is found least often",
    "negative_flip_rate": "share of rows that the teacher gets right and the candidate does not",
    "positive_flip_rate": "share of rows that the candidate gets right and the teacher does not",
    "label_loyalty": "share of rows on which the candidate picks the label its teacher picks",
    "probability_loyalty": "how close the two distributions over labels are; 1 is equal",
    "probability_loyalty_matched": "the same, once the candidate is as sure as its teacher",
    "label_loyalty_when": "label loyalty on the rows that the teacher gets right, or wrong",
    "retrain_floor": "label loyalty of the teacher trained again from another seed",
    "loyalty_over_floor": "label loyalty minus the retrain floor, on the same rows",
    "slice_accuracy": "share of rows of this kind whose label the candidate gets right",
    "slice_accuracy_drop": "accuracy of the teacher minus that of the candidate, on such rows",
    "slice_label_loyalty": "share of such rows on which both pick the same label",
    "latency_ratio": "time of the teacher over time of the candidate, text by text",
    "latency_p50_ms": "half of all texts are answered within this time",
    "latency_p95_ms": "19 of 20 texts are answered within this time",
    "cold_start_ms": "time from starting a fresh process to its first answer",
    "peak_rss_bytes": "most memory that a fresh process held until its first answer",
    "size_bytes": "bytes of the file that holds the weights",
    "size_ratio": "bytes of model.onnx over bytes of the teacher's weights",
    "parameters": "numbers that the graph stores",
    "parity_max_abs": "largest difference of any logit between network and shipped graph",
    "parity_flip_rate": "share of rows that network and shipped graph answer differently",
    "batch_flip_rate": "share of rows answered differently in a padded batch than alone",
}


def title(name: str) -> str:
    """The words for a measurement: "label loyalty" for label_loyalty."""
    return _TITLES.get(name, name.replace("_", " "))


def meaning(name: str) -> str:
    """One sentence; empty for a measurement that explains itself."""
    return _MEANINGS.get(name, "")
