"""One file for each verb, and what verbs share; every hand-over is one immutable value."""
