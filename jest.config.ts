import type { Config } from 'jest';

// Type errors are found by one `tsc --noEmit` in the check command; here sources are only stripped of their types.
const config: Config = {
  testEnvironment: 'node',
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.[mc]?[jt]s$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } },
    ],
  },
  // @ton/crypto hashes in JavaScript, and chains of ours do little else: Node's own SHA-256 takes its place.
  moduleNameMapper: { '^\\./primitives/sha256$': '<rootDir>/tests/support/nativeSha256.ts' },
  // These packages ship ECMAScript modules only, which Jest cannot load as they are.
  transformIgnorePatterns: [
    '/node_modules/(?!(@eshaz|@hono|@wasm-audio-decoders|codec-parser|ogg-opus-decoder|opus-decoder|simple-yenc|hono|eventsource-parser|fast-check|hpke|openai)/)',
    '/build/.*\\.js$',
  ],
  testTimeout: 60_000,
};

export default config;
