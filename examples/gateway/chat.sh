#!/bin/sh
# A stream through the local gateway: sh chat.sh [base URL] [model]
base="${1:-${OPENAI_BASE_URL:-http://127.0.0.1:8787/v1}}"
key="authorization: Bearer ${OPENAI_API_KEY:-unused}"
model="${2:-tiny-llama}"
curl -sN "$base/chat/completions" -H "$key" -H 'content-type: application/json' -d "{
  \"model\": \"$model\",
  \"messages\": [{ \"role\": \"user\", \"content\": \"Who can read this?\" }],
  \"max_tokens\": 64, \"stream\": true, \"stream_options\": { \"include_usage\": true }
}"
