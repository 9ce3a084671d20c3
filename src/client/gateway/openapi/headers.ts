/** Every header of an answer that is more than HTTP's own; pages may read the same ones. */
export const RESPONSE_HEADERS: Readonly<Record<string, string>> = {
  'retry-after': 'Seconds until a repetition makes sense; with 429 and 503.',
  'retry-after-ms': 'The same in milliseconds, which the SDKs of OpenAI prefer.',
  'x-cocoon-cost-nano':
    'What the answer cost, in nanotons; JSON answers only, streams tell it in their last chunk.',
  'x-cocoon-receipt-id': 'Names the receipt, and the evidence, of this answer.',
  'x-cocoon-simulated': 'Present when the network is a simulation, which keeps nothing secret.',
  'x-cocoon-worker': 'Account hash of the Worker contract that answered, in hex.',
  'x-ratelimit-limit-requests': 'Requests that the key may send in its time.',
  'x-ratelimit-remaining-requests': 'How many of them are left.',
  'x-ratelimit-reset-requests': 'When all of them are there again, such as 1m30s.',
  'x-request-id': 'Names this request; on every answer.',
  'x-should-retry': 'false when a repetition would fare no better; the SDKs of OpenAI obey it.',
};
