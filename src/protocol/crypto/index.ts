/**
 * All the cryptography of the protocol, the channel and the client. Bundlers for browsers put `browser` in the place of
 * `node` (`browser` in package.json): both have the same exports, answer at once and give the same bytes.
 */
export * from './node';
