"""HTTP over the runtime: one bundle, answered by one process a core, without torch."""
