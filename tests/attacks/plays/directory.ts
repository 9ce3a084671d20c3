import { generateHpkeKeyPair } from '../../../src/channel';
import { keyPairFromSeed, sign } from '../../../src/protocol/ed25519';
import { askLayout, decodeSigned, encodeSigned, hpkeCertificateLayout } from '../../../src/protocol/signed';
import { parseStatement, statementImage } from '../../../src/protocol/statement';
import {
  openOffer,
  signOffer,
  type BookEntry,
  type OrderBook,
  type SignedOffer,
  type WorkerOffer,
} from '../../../src/protocol/wire';
import type { Play } from '../play';

const OWN = keyPairFromSeed(Buffer.alloc(32, 0x66));

/** Changes every offer of the book. */
export function offers(change: (offer: SignedOffer) => SignedOffer): (book: OrderBook) => OrderBook {
  return (book) => ({
    ...book,
    entries: book.entries.map((entry: BookEntry) => ({ ...entry, offer: change(entry.offer) })),
  });
}

/** Changes what an offer says and leaves its signature. */
const reworded = (change: (offer: WorkerOffer) => Partial<WorkerOffer>) =>
  offers(({ text, signature }) => {
    const offer = JSON.parse(text) as WorkerOffer;
    return { text: JSON.stringify({ ...offer, ...change(offer) }), signature };
  });

/** An offer that the router signs itself. */
const resigned = (change: (offer: WorkerOffer) => Partial<WorkerOffer>) =>
  offers((signed) => {
    const offer = openOffer(signed)!;
    return signOffer({ ...offer, workerKey: OWN.publicKey.toString('hex'), ...change(offer) }, OWN);
  });

function withBook(book: (book: OrderBook) => unknown): Play {
  return { lie: ({ router }) => void (router.lies = { book }) };
}

const HALF_PRICE = (text: string): string => {
  const ask = decodeSigned(askLayout, Buffer.from(text, 'base64'));
  const value = { ...ask.value, promptPrice: ask.value.promptPrice * 1_000n };
  return encodeSigned(askLayout, { ...ask, value }).toString('base64');
};

/** The router's own key pair in place of the worker's, everywhere. */
function ownWorker(offer: WorkerOffer): Partial<WorkerOffer> {
  const hpke = generateHpkeKeyPair();
  const statement = statementImage({
    ...parseStatement(Buffer.from(offer.statement, 'base64')),
    ...{ receiptKey: OWN.publicKey, hpkeKey: hpke.publicKey },
  });
  const { value } = decodeSigned(hpkeCertificateLayout, Buffer.from(offer.certificate, 'base64'));
  const certificate = { ...value, hpkeKey: hpke.publicKey };
  const signed = { value: certificate, signature: sign(hpkeCertificateLayout.hash(certificate), OWN) };
  return {
    statement: statement.toString('base64'),
    certificate: encodeSigned(hpkeCertificateLayout, signed).toString('base64'),
  };
}

export const DIRECTORY: Record<string, Play> = {
  'swapped-key': withBook(reworded(() => ({ workerKey: OWN.publicKey.toString('hex') }))),
  'swapped-certificate': withBook(reworded((offer) => ({ certificate: ownWorker(offer).certificate! }))),
  'own-signature': withBook(resigned(() => ({}))),
  'own-worker': withBook(resigned(ownWorker)),
  'forged-price': withBook(reworded(({ asks }) => ({ asks: asks.map(HALF_PRICE) }))),
  'forged-fee': withBook((book) => ({ ...book, router: { ...book.router, feeBps: 301 } })),
  'forged-recipient': withBook((book) => ({ ...book, router: { ...book.router, feeTo: '66'.repeat(20) } })),
  'other-network': withBook((book) => ({ ...book, networkId: -239 })),
  'other-registry': withBook((book) => ({ ...book, registry: '66'.repeat(32) })),
  'older-book': withBook((book) => ({ ...book, version: 0 })),
  'older-offer': withBook(reworded(() => ({ version: 0 as 1 }))),
  'old-offer': {
    options: { money: true },
    lie(scene) {
      const { router, emulated } = scene;
      const old = scene.worker.offer();
      router.lies = { book: offers(() => old) };
      emulated!.clock.advance(86_001);
      // Today the worker has another statement and another certificate, under the same key.
      emulated!.reboot(0);
      scene.worker = emulated!.workers.shift()!;
      emulated!.workers.splice(0, 1, scene.worker);
    },
  },
};
