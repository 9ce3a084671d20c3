import type { Link } from '../../src/client/verify/refusal';
import type { ErrorCode } from '../../src/protocol/errors';

/** For lies that change nothing: the caller gets the answer, and one bill. */
export const NO_EFFECT = 'no effect';

/** One lie, and the name under which the client refuses it. */
export interface Attack {
  id: string;
  liar: 'router' | 'worker';
  lie: string;
  refusal: ErrorCode | typeof NO_EFFECT;
  /** For lies that end before a word is sent: the link at which the client's verification of the worker breaks, and the first words of why. */
  link?: Link;
  because?: string;
}

type Row = [id: string, lie: string, refusal: Attack['refusal'], link?: Link, because?: string];

const NOBODY = 'no_attested_worker';
const UNPROVEN = 'attestation_refused';
const UNSIGNED = 'the offer is not signed by its key';
const TOO_DEAR = 'the router asks for more than the worker or the policy lets it have';

const OF_ROUTERS: Row[] = [
  ['swapped-key', "puts its own key in place of a worker's", NOBODY, 'offer', UNSIGNED],
  ['swapped-certificate', "puts its own sealing key in place of a worker's", NOBODY, 'offer', UNSIGNED],
  ['own-signature', "signs a worker's offer itself", NOBODY, 'contract', 'the key is not admitted'],
  [
    'own-worker',
    'makes up a worker of its own, keys, statement and certificate',
    NOBODY,
    'contract',
    'the key is not admitted',
  ],
  ['forged-price', 'forges a price table', NOBODY, 'offer', UNSIGNED],
  ['forged-fee', 'asks for a larger share than the worker lists', NOBODY, 'fee', TOO_DEAR],
  ['forged-recipient', 'asks for its share for somebody who is not listed', NOBODY, 'fee', TOO_DEAR],
  ['other-network', 'serves the directory of another network', 'router_unreachable'],
  ['other-registry', 'serves the directory of another registry', 'router_unreachable'],
  ['older-book', 'downgrades the version of the directory', 'router_unreachable'],
  ['older-offer', 'downgrades the version of an offer', NOBODY, 'offer', UNSIGNED],
  [
    'old-offer',
    'serves the offer and the certificate of yesterday',
    UNPROVEN,
    'statement',
    'the statement is not the one that the contract recorded',
  ],

  ['no-evidence', 'shows no quote', UNPROVEN, 'evidence', 'the router shows none'],
  [
    'evidence-of-another',
    "shows another worker's statement and quote",
    UNPROVEN,
    'evidence',
    'it is of another statement',
  ],
  [
    'quote-of-another',
    "shows another worker's quote",
    UNPROVEN,
    'evidence',
    'the quote does not bind the statement',
  ],
  [
    'older-evidence',
    'downgrades the version of evidence',
    UNPROVEN,
    'evidence',
    'what the router shows is no evidence',
  ],
  [
    'older-quote',
    'changes the version of a quote',
    UNPROVEN,
    'evidence',
    'the quote does not bind the statement',
  ],
  ['changed-measurement', 'changes what a quote measured', UNPROVEN, 'quote', 'quote-signature'],
  ['changed-signature', 'changes the signature of a quote', UNPROVEN, 'quote', 'quote-signature'],
  ['endless-evidence', 'sends evidence without end', UNPROVEN, 'evidence', 'the router shows none'],
  ['no-collateral', "passes none of Intel's collateral on", UNPROVEN, 'collateral', 'the router shows none'],
  ['forged-collateral', "forges Intel's list of good machines", UNPROVEN, 'collateral', 'tcb-info-signature'],
  ['old-collateral', "passes on Intel's collateral of last year", UNPROVEN, 'collateral', 'tcb-info-date'],
  [
    'collateral-of-others',
    'passes on collateral of other machines',
    UNPROVEN,
    'collateral',
    'it is about another family of machines',
  ],
  ['endless-collateral', 'sends collateral without end', UNPROVEN, 'collateral', 'the router shows none'],

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

  ['holds-a-reply', 'holds a reply and sends it when nobody waits any more', 'router_unreachable'],
  ['silent-in-a-reply', 'falls silent in the middle of a reply', 'stream_truncated'],
  ['slow-error', 'sends an error whose text never comes', 'router_unreachable'],
  ['endless-signs-of-life', 'sends signs of life for ever', 'stream_truncated'],
  ['endless-reply', 'sends a reply without end', 'reply_unauthentic'],
  ['old-price', 'goes back to an older, dearer price table', NO_EFFECT],
  ['splits-its-view', 'shows one client an older, dearer price table than another router shows', NO_EFFECT],
  ['runs-it-again-and-again', 'has every worker run a job and says of each that it failed', 'worker_failed'],
  ['frames-in-another-type', 'calls a sealed reply something else', 'reply_unauthentic'],

  ['redirects-the-directory', 'redirects whoever asks for the directory', 'router_unreachable'],
  ['redirects-a-job', 'redirects a job', 'router_unreachable'],
  ['endless-directory', 'sends a directory without end', 'router_unreachable'],
  ['packed-directory', 'packs twenty megabytes into a small directory', 'router_unreachable'],
  ['packed-reply', 'packs ninety megabytes into a small reply', 'reply_unauthentic'],
  ['endless-error', 'sends an error without end', 'router_unreachable'],
  ['endless-headers', 'sends headers without end', 'router_unreachable'],
  ['resets-a-reply', 'resets the connection in the middle of a reply', 'stream_truncated'],
];

const OF_WORKERS: Row[] = [
  [
    'wrong-statement',
    'shows a statement that its contract never recorded',
    UNPROVEN,
    'statement',
    'the statement is not the one that the contract recorded',
  ],
  [
    'statement-of-another',
    "shows another worker's statement",
    UNPROVEN,
    'statement',
    'the statement is for another Worker contract',
  ],
  [
    'statement-of-another-network',
    'shows a statement for another network',
    UNPROVEN,
    'statement',
    'the statement is for another network',
  ],
  [
    'older-algorithms',
    'downgrades the algorithms of the channel',
    UNPROVEN,
    'statement',
    'the statement names algorithms that this client does not speak',
  ],
  [
    'expired-statement',
    'shows a statement that has expired',
    UNPROVEN,
    'statement',
    'the statement is out of date',
  ],
  [
    'expired-certificate',
    'shows a sealing key whose certificate has expired',
    UNPROVEN,
    'certificate',
    'the HPKE certificate is out of date',
  ],
  [
    'certificate-of-another',
    'shows a certificate for another statement',
    UNPROVEN,
    'certificate',
    'the HPKE certificate is for another statement',
  ],
  [
    'expired-key',
    'works on with a key whose admission has run out',
    NOBODY,
    'contract',
    'the admission of the key has run out',
  ],
  [
    'key-not-admitted',
    'works with a key that was never admitted',
    NOBODY,
    'contract',
    'the key is not admitted',
  ],
  [
    'other-image',
    'names another image than it runs',
    UNPROVEN,
    'image',
    'the image is not the one that the contract recorded',
  ],
  [
    'revoked-image',
    'runs an image that was revoked',
    UNPROVEN,
    'image',
    "the image is not on the registry's list",
  ],
  ['blocked-machine', 'runs on a machine that was blocked', UNPROVEN, 'platform', 'the machine is blocked'],
  [
    'other-model',
    'sells other weights under a known name',
    UNPROVEN,
    'statement',
    'the models are not those of the statement',
  ],
  ['older-worker-offer', 'downgrades the version of its offer', NOBODY, 'offer', UNSIGNED],

  ['fee-above-price', 'bills more than its prices make', 'receipt_overcharged'],
  ['fee-above-ticket', 'bills more than the ticket allows', 'receipt_overcharged'],
  ['unknown-ask', 'bills by prices that it never offered', 'receipt_overcharged'],
  ['dearer-ask', 'bills by older, higher prices', 'receipt_overcharged'],
  ['tokens-above-maximum', 'bills more tokens than were allowed', 'receipt_overcharged'],
  ['tokens-above-answer', 'bills more tokens than its answer says', 'receipt_overcharged'],
  ['prompt-above-answer', 'bills a longer prompt than its answer says', 'receipt_overcharged'],
  ['cached-billed-as-fresh', 'bills as fresh what its answer calls cached', 'receipt_overcharged'],
  ['cached-never-sent', 'bills more cached tokens than were sent', 'record_mismatch'],
  ['reasoning-above-tokens', 'states more reasoning than tokens', 'record_mismatch'],
  ['audio-invented', 'bills audio that was never sent', 'receipt_overcharged'],
  ['record-of-another-ticket', 'sends the record of another ticket', 'record_mismatch'],
  ['record-of-another-request', 'sends the record of another request', 'record_mismatch'],
  ['record-of-another-answer', 'sends the record of another answer', 'record_mismatch'],
  ['record-of-another-model', 'sends the record of another model', 'record_mismatch'],
  ['record-of-another-image', 'sends the record of another image', 'record_mismatch'],
  ['record-not-in-receipt', 'sends a record that its receipt does not count', 'receipt_bad_proof'],
  ['other-root', 'signs for another list of jobs', 'receipt_bad_proof'],
  ['jobs-never-ordered', 'signs for jobs that were never ordered', 'receipt_bad_proof'],
  ['receipt-above-tickets', 'signs for more than all tickets allow', 'receipt_overcharged'],
  ['receipt-above-cap', 'signs for more than the line holds', 'receipt_over_cap'],
  ['receipt-below-job', 'signs for less than its own job', 'receipt_stale'],
  ['receipt-for-other-line', 'signs for another line', 'receipt_wrong_line'],
  ['receipt-for-other-escrow', 'signs for another escrow', 'receipt_wrong_domain'],
  ['receipt-by-other-key', 'signs with another key', 'receipt_bad_signature'],
  ['conflicting-receipts', 'signs two histories of one line', 'receipt_conflicting'],
  ['receipt-takes-back', 'takes back what an earlier receipt counted', 'receipt_stale'],

  ['tokens-never-delivered', 'reports tokens that it never delivered', 'receipt_overcharged'],
  ['reasoning-invented', 'reports reasoning that it never delivered', 'receipt_overcharged'],
  ['answer-of-nothing', 'answers nothing and bills a long answer', 'receipt_overcharged'],
  ['cut-and-billed-whole', 'cuts its answer and bills all of it', 'receipt_overcharged'],
  ['usage-that-shrinks', 'bills a usage that it corrected downwards', 'receipt_overcharged'],
  ['usage-taken-back', 'takes its usage back and bills a longer prompt', 'receipt_overcharged'],
  ['billed-failure', 'bills an answer that it did not give', 'receipt_overcharged'],
  ['billed-refusal', 'bills a refusal', 'receipt_overcharged'],
  ['asks-for-payment', 'says that the escrow is empty, and where to send money', 'worker_failed'],
  ['sends-elsewhere', 'sends the caller elsewhere', 'worker_failed'],
  ['status-without-body', 'answers with a status that no body can have', 'worker_failed'],
  ['header-that-breaks-out', 'answers with a header that no answer can have', 'worker_failed'],
  ['no-stream', 'answers in one piece where a stream was asked for', 'worker_failed'],
  ['no-json', 'answers with something else than JSON', 'worker_failed'],
  ['ends-early', 'ends a stream without saying that it is whole', 'worker_failed'],
  ['done-but-no-bill', 'says that its answer is whole and sends no bill', 'stream_truncated'],
  ['hidden-done', 'hides an early end in an event', 'worker_failed'],
  ['almost-done', 'writes the end of a stream a little differently', 'worker_failed'],
  ['own-cost', 'writes its own price into its answer', NO_EFFECT],
  ['endless-event', 'sends an event without end', 'worker_failed'],

  ['audit-hides-a-job', 'hides a job in an audit', 'audit_mismatch'],
  ['audit-counts-twice', 'counts a job twice in an audit', 'receipt_overcharged'],
  ['audit-makes-up-a-ticket', 'makes up a ticket in an audit', 'audit_mismatch'],
  ['audit-changes-a-record', 'changes a record in an audit', 'audit_mismatch'],
  ['audit-swaps-tickets', 'swaps tickets in an audit', 'audit_mismatch'],
  ['audit-reorders-jobs', 'hands over jobs in another order', 'audit_mismatch'],
  [
    'audit-above-ticket',
    'shows a job in an audit that cost more than its ticket allows',
    'receipt_overcharged',
  ],
  ['audit-of-scraps', 'hands over scraps in an audit', 'audit_mismatch'],
];

/** The recorded attack suite: docs/attacks.md is made of it, and each row is a test. */
export const ATTACKS: readonly Attack[] = [
  ...OF_ROUTERS.map((row) => attackOf('router', row)),
  ...OF_WORKERS.map((row) => attackOf('worker', row)),
];

function attackOf(liar: Attack['liar'], [id, lie, refusal, link, because]: Row): Attack {
  return { id, liar, lie, refusal, ...(link !== undefined && because !== undefined && { link, because }) };
}
