"""Any language, through the local gateway. Python's own library is enough: python3 gateway.py http://127.0.0.1:8787/v1"""

import json
import sys
import urllib.request

base = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8787/v1"
models = json.load(urllib.request.urlopen(f"{base}/models"))["data"]
body = {
    "model": models[0]["id"],
    "messages": [{"role": "user", "content": "Who can read this?"}],
    "max_tokens": 64,
}
request = urllib.request.Request(
    f"{base}/chat/completions",
    data=json.dumps(body).encode(),
    headers={"content-type": "application/json"},
)
with urllib.request.urlopen(request) as response:
    answer = json.load(response)
    print(answer["choices"][0]["message"]["content"])
    print("cost:", response.headers["x-cocoon-cost-nano"], "nanotons, receipt", response.headers["x-cocoon-receipt-id"])
