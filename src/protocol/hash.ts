/** The hash of this room. */
export { sha256 } from './crypto';
