/** Event logs: why measurement registers hold what they hold. */
export { parseCcel } from './ccel';
export type { EventLog } from './event';
export { explainImage, type ExplainedRegister } from './explain';
export { parseJsonLog } from './json';
export { parseEventLog } from './parse';
export { replay } from './replay';
