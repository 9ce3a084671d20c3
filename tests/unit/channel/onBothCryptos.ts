/** The rooms of the channel that tests look into. */
interface Rooms {
  channel: typeof import('../../../src/channel');
  aead: typeof import('../../../src/channel/aead');
  hpke: typeof import('../../../src/channel/hpke');
  kem: typeof import('../../../src/channel/kem');
  responseKeys: typeof import('../../../src/channel/responseKeys');
  crypto: typeof import('../../../src/protocol/crypto');
}

const NODE = '../../../src/protocol/crypto/node';
const BROWSER = '../../../src/protocol/crypto/browser';

/** For `describe.each`: the channel on Node's cryptography, and with the browser's put in its place as a bundler does. */
export function onBothCryptos(): ['Node' | 'a browser', Rooms][] {
  const inNode = load();
  jest.doMock(NODE, () => jest.requireActual<object>(BROWSER));
  const inBrowser = load();
  jest.dontMock(NODE);
  if (String(inNode.crypto.hmacSha256) === String(inBrowser.crypto.hmacSha256)) {
    throw new Error('the cryptography of a browser was not put in its place');
  }
  return [
    ['Node', inNode],
    ['a browser', inBrowser],
  ];
}

function load(): Rooms {
  let rooms: Rooms | undefined;
  jest.isolateModules(() => {
    rooms = {
      channel: jest.requireActual('../../../src/channel'),
      aead: jest.requireActual('../../../src/channel/aead'),
      hpke: jest.requireActual('../../../src/channel/hpke'),
      kem: jest.requireActual('../../../src/channel/kem'),
      responseKeys: jest.requireActual('../../../src/channel/responseKeys'),
      crypto: jest.requireActual('../../../src/protocol/crypto'),
    };
  });
  return rooms!;
}
