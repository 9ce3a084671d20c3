"""Any language, through the local gateway. Python's own library is enough: python3 chat.py http://127.0.0.1:8787/v1"""

import json
import os
import sys
import urllib.error
import urllib.request

base = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:8787/v1")
key = os.environ.get("OPENAI_API_KEY", "unused")


def ask(path, body=None):
    request = urllib.request.Request(
        f"{base}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json", "authorization": f"Bearer {key}"},
    )
    try:
        with urllib.request.urlopen(request) as response:
            return json.load(response), response.headers
    except urllib.error.HTTPError as refused:
        error = json.load(refused)["error"]
        sys.exit(f"{refused.code} {error['code']}: {error['message']}")


models, _ = ask("/models")
chats = [model["id"] for model in models["data"] if "chat" in model["capabilities"]]
answer, headers = ask(
    "/chat/completions",
    {
        "model": chats[0],
        "messages": [{"role": "user", "content": "Who can read this?"}],
        "max_tokens": 64,
    },
)
print(answer["choices"][0]["message"]["content"])
print("cost:", headers["x-cocoon-cost-nano"], "nanotons, receipt", headers["x-cocoon-receipt-id"])
