"""The health check of the target `runtime`: exit code 0 as long as the server is alive.

Asks without urllib, which would send the question to whatever proxy the environment names.
"""

import sys
from http.client import HTTPConnection

server = HTTPConnection("127.0.0.1", 8000, timeout=2)
server.request("GET", "/healthz")
sys.exit(server.getresponse().status != 200)
