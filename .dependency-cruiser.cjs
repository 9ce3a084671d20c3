// The dependency law of ARCHITECTURE.md.
const room = (name) => `^src/${name}/`;

/** A room may import itself, the rooms named, and packages. */
function mayImport(name, others, wrappers = false) {
  const allowed = [name, ...others]
    .map((other) => `src/${other}/`)
    .concat(wrappers ? ['wrappers/', 'build/'] : []);
  return {
    name: `${name}-imports`,
    comment: `${name} imports only ${others.join(', ') || 'itself'}`,
    severity: 'error',
    from: { path: room(name) },
    to: { path: '^(src|wrappers|contracts|tests|scripts|build|bench)/', pathNot: `^(${allowed.join('|')})` },
  };
}

const FOUNDATIONS = ['protocol', 'attestation', 'collateral', 'channel', 'evidence', 'chain'];

module.exports = {
  forbidden: [
    mayImport('protocol', []),
    mayImport('attestation', ['protocol']),
    mayImport('collateral', ['protocol', 'attestation']),
    mayImport('channel', ['protocol']),
    mayImport('evidence', ['protocol', 'attestation', 'channel']),
    mayImport('chain', ['protocol', 'attestation'], true),
    mayImport('engine', []),
    mayImport('settle', ['protocol', 'chain'], true),
    mayImport('slash', ['protocol', 'chain'], true),
    mayImport('worker', [...FOUNDATIONS, 'settle']),
    mayImport('router', [...FOUNDATIONS, 'settle']),
    mayImport('client', FOUNDATIONS),
    mayImport('browser', [...FOUNDATIONS, 'evidence', 'client']),
    mayImport('governance', ['protocol'], true),
    mayImport('operate', [...FOUNDATIONS, 'governance'], true),
    {
      name: 'wrappers-imports',
      comment: 'wrappers see the generated bindings, the protocol, and how quotes become messages',
      severity: 'error',
      from: { path: '^wrappers/' },
      to: { path: '^(src|tests|scripts|bench)/', pathNot: '^src/(protocol|attestation/onchain)/' },
    },
    {
      name: 'nothing-imports-tests',
      severity: 'error',
      from: { path: '^(src|wrappers|scripts|bench)/' },
      to: { path: '^tests/' },
    },
    {
      name: 'attestation-in-a-browser',
      comment:
        'the verifier runs in browsers from the same source: only the on-chain, testing and Node parts may need Node',
      severity: 'error',
      from: {
        path: '^src/attestation/',
        pathNot: '^src/attestation/(onchain|testing)/|^src/attestation/crypto/node[.]ts$',
      },
      to: {
        path: '^(src/attestation/(onchain|testing)/|src/protocol/(?!root[.]ts))|^node:',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'evidence-in-a-browser',
      comment:
        'bundles are verified in browsers from the same source: no Node, and no chain but the one passed in',
      severity: 'error',
      from: { path: '^src/evidence/' },
      to: { path: '^src/attestation/(onchain|testing)/|^node:', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'browser-in-a-browser',
      comment:
        'the SDK for pages imports nothing of Node; what it reaches through other rooms is held to that by tests/unit/browser/bundle.test.ts',
      severity: 'error',
      from: { path: '^src/browser/' },
      to: {
        path: '^src/(attestation/(onchain|testing)/|chain/(accounts|attest|connect|secretFile|wallet|walletKeyFile)[.]|client/(connect|gateway|main|nodeClient|store|storeSchema)[./])|^node:|^(crypto|fs|http|net|path|stream)$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'cryptography-in-one-room',
      comment:
        'protocol and channel run in browsers from the same source: what needs Node or a package of cryptography stands behind src/protocol/crypto',
      severity: 'error',
      from: { path: '^src/(protocol|channel)/', pathNot: '^src/protocol/crypto/(node|browser)[.]ts$' },
      to: { path: '^node:|^(crypto|fs|http|net|path|stream)$|node_modules/(sodium-native|@noble)/' },
    },
    { name: 'no-cycles', severity: 'error', from: { pathNot: '^build/' }, to: { circular: true } },
    {
      name: 'no-development-packages-in-production',
      comment:
        'the development chain, its engine and the demo are the only rooms that may use development packages',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(devnet|engine|demo)/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^build/' },
  },
};
