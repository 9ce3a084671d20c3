import type { ErrorCode } from '../../src/protocol/errors';

/** For lies that change nothing: the caller gets the answer, and one bill. */
export const NO_EFFECT = 'no effect';

/** One lie, and the name under which the client refuses it. */
export interface Attack {
  id: string;
  liar: 'router' | 'worker';
  lie: string;
  refusal: ErrorCode | typeof NO_EFFECT;
  /** Why the worker is left out of the directory; for lies that end before a word is sent. */
  because?: string;
}

type Row = [id: string, lie: string, refusal: Attack['refusal'], because?: string];

const NOBODY = 'no_attested_worker';
const UNSIGNED = 'the offer is not signed by its key';
const TOO_DEAR = 'the router asks for more than the worker or the policy lets it have';

const OF_ROUTERS: Row[] = [
  ['swapped-key', "puts its own key in place of a worker's", NOBODY, UNSIGNED],
  ['swapped-certificate', "puts its own sealing key in place of a worker's", NOBODY, UNSIGNED],
  ['own-signature', "signs a worker's offer itself", NOBODY, 'the statement is for another key'],
  [
    'own-worker',
    'makes up a worker of its own, keys, statement and certificate',
    NOBODY,
    'the key is not admitted',
  ],
  ['forged-price', 'forges a price table', NOBODY, UNSIGNED],
  ['forged-fee', 'asks for a larger share than the worker lists', NOBODY, TOO_DEAR],
  ['forged-recipient', 'asks for its share for somebody who is not listed', NOBODY, TOO_DEAR],
  ['other-network', 'serves the directory of another network', 'router_unreachable'],
  ['other-registry', 'serves the directory of another registry', 'router_unreachable'],
  ['older-book', 'downgrades the version of the directory', 'router_unreachable'],
  ['older-offer', 'downgrades the version of an offer', NOBODY, UNSIGNED],
  ['old-offer', 'serves the offer and the certificate of yesterday', NOBODY, 'the statement is out of date'],

  ['cut-between-frames', 'cuts a reply after any of its frames', 'stream_truncated'],
  ['cut-within-frames', 'cuts a reply within any of its frames', 'stream_truncated'],
  ['drops-a-chunk', 'drops any chunk of an answer', 'reply_unauthentic'],
  ['drops-the-final-chunk', 'drops the final chunk', 'reply_unauthentic'],
  ['drops-the-head', 'drops the head of a reply', 'reply_unauthentic'],
  ['drops-the-record', 'drops the record of what the job cost', 'reply_unauthentic'],
  ['doubles-a-frame', 'doubles any chunk', 'reply_unauthentic'],
  ['reorders-chunks', 'swaps any two chunks', 'reply_unauthentic'],
  ['changes-the-nonce', 'changes the nonce of a reply', 'reply_unauthentic'],
  ['renames-a-chunk', 'calls any chunk something else', 'reply_unauthentic'],
  ['changes-a-chunk', 'changes one bit of any chunk', 'reply_unauthentic'],
  ['changes-the-receipt', 'changes one bit of a receipt', 'receipt_bad_signature'],
  ['cuts-the-receipt', 'cuts a receipt', 'receipt_bad_signature'],
  ['two-heads', 'sends two heads', 'reply_unauthentic'],
  ['unknown-frame', 'sends a frame of an unknown kind', 'stream_truncated'],
  ['endless-frame', 'announces a frame of four gigabytes', 'stream_truncated'],
  ['reply-twice', 'sends the same reply twice', NO_EFFECT],
  ['replays-another-job', "replays the reply to the client's last job", 'reply_unauthentic'],
  ['gives-anothers-reply', "gives one client another client's reply", 'reply_unauthentic'],
  ['old-receipt', 'puts an older receipt in place of the new one', 'receipt_bad_proof'],
  [
    'receipt-of-another-line',
    "puts the receipt of another line in place of this one's",
    'receipt_wrong_line',
  ],
  ['answers-itself', 'answers itself, in the open', 'reply_unauthentic'],
  ['seals-itself', 'answers itself, sealed with keys of its own', 'reply_unauthentic'],
  ['plain-frames', 'answers itself, in the open, as if it were sealed', 'stream_truncated'],
  ['accuses-the-worker', 'says that the worker overcharged', 'router_unreachable'],
  ['asks-for-money', 'says that the escrow is empty, and where to send money', 'router_unreachable'],
  ['blames-the-request', 'says that the request is malformed', 'router_unreachable'],
  ['blames-the-ticket', 'says that a good ticket has expired', 'ticket_expired'],
  ['accuses-in-a-frame', 'ends a reply with an accusation of the worker', 'worker_failed'],
  ['error-with-status-200', 'sends an error made to look like an answer', 'reply_unauthentic'],
  ['runs-it-and-says-busy', 'has a job run and says that it failed', 'worker_failed'],
  ['older-job', 'downgrades the version of a job', 'ticket_malformed'],
  ['changed-request', 'changes one bit of a request', 'channel_open_failed'],
];

const OF_WORKERS: Row[] = [];

/** The recorded attack suite: docs/attacks.md is made of it, and each row is a test. */
export const ATTACKS: readonly Attack[] = [
  ...OF_ROUTERS.map((row) => attackOf('router', row)),
  ...OF_WORKERS.map((row) => attackOf('worker', row)),
];

function attackOf(liar: Attack['liar'], [id, lie, refusal, because]: Row): Attack {
  return { id, liar, lie, refusal, ...(because !== undefined && { because }) };
}
