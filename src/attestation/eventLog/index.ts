/** Event logs: why measurement registers hold what they hold. */
export { parseCcel } from './ccel';
export type { EventLog, LoggedEvent, Register } from './event';
export { explainImage, type ExplainedEvent, type ExplainedRegister, type ImageExplanation } from './explain';
export { parseJsonLog } from './json';
export { isProven, replay, type Registers } from './replay';
export { parseEventLog } from './parse';
