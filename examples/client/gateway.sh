#!/bin/sh
# A stream through the local gateway: sh gateway.sh [base URL]
base="${1:-http://127.0.0.1:8787/v1}"
model=$(curl -sf "$base/models" | sed 's/.*"id":"\([^"]*\)".*/\1/')
curl -sN "$base/chat/completions" -H 'content-type: application/json' -d "{
  \"model\": \"$model\",
  \"messages\": [{ \"role\": \"user\", \"content\": \"Who can read this?\" }],
  \"max_tokens\": 64, \"stream\": true, \"stream_options\": { \"include_usage\": true }
}"
