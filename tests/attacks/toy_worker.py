"""A worker without TextAttack: what a text tells it to do is what it does.

Arguments: a folder in which every task leaves a line. Texts: "die" ends the process whenever it
comes, "die once" the first time only, "slow" takes a while.
"""

import json
import os
import sys
import time
from pathlib import Path

folder = Path(sys.argv[1])
for line in sys.stdin:
    task = json.loads(line)
    seen = folder / f"{task['row']}.log"
    first = not seen.exists()
    with seen.open("a") as log:
        log.write(f"{os.getpid()}\n")
    if task["text"] == "die" or (task["text"] == "die once" and first):
        print("out of luck", file=sys.stderr)
        os._exit(3)
    time.sleep(0.05 if task["text"].startswith("slow") else 0)
    outcome = {
        "row": task["row"],
        "kind": "succeeded",
        "text": f"changed {task['seed']}",
        "queries": 1 + task["row"],
        "note": "",
    }
    print(json.dumps(outcome), flush=True)
