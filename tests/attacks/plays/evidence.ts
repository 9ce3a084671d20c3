import type { Collateral } from '../../../src/attestation';
import { simulatedCollateral } from '../../../src/attestation/testing/host';
import { encodeEvidence, openEvidence, type Evidence, type WorkerEvidence } from '../../../src/protocol/wire';
import type { Play } from '../play';
import type { Scene } from '../scene';

type Answer = (honest: string, scene: Scene) => string | Response | Promise<Response>;

/** A router that shows something else than the worker's evidence, or than Intel's collateral. */
function showing(what: 'evidence' | 'collateral', answer: Answer): Play {
  return {
    forms: ['json'],
    lie(scene) {
      scene.router.lies = {
        async other(path, forward) {
          if (!path.includes(what)) return forward();
          const told = await answer(await (await forward()).text(), scene);
          return typeof told === 'string' ? new Response(told) : told;
        },
      };
    },
  };
}

const evidence = (change: (honest: Evidence, scene: Scene) => Partial<Evidence>): Play =>
  showing('evidence', (text, scene) => {
    const honest = openEvidence(text)!;
    return JSON.stringify(encodeEvidence({ ...honest, ...change(honest, scene) }));
  });

const collateral = (change: (honest: Collateral, scene: Scene) => object): Play =>
  showing('collateral', (text, scene) => {
    const honest = JSON.parse(text) as Collateral;
    return JSON.stringify({ ...honest, ...change(honest, scene) });
  });

const nothing: Answer = () => new Response('', { status: 404 });
const MUCH = ' '.repeat(8 * 1024 * 1024);
/** In the header of a quote, in its measurements, and in its signature. */
const HEADER_AT = 0;
const MEASUREMENT_AT = 48 + 136;
const SIGNATURE_AT = 636 + 10;

const quoteWith = (at: number): Play =>
  evidence(({ quote }) => {
    const changed = Buffer.from(quote);
    changed[at]! ^= 1;
    return { quote: changed };
  });

const LONG_AGO_SECONDS = 400 * 86_400;

export const EVIDENCE: Record<string, Play> = {
  'no-evidence': showing('evidence', nothing),
  'evidence-of-another': showing('evidence', (_, { otherWorker }) => JSON.stringify(otherWorker.evidence())),
  'quote-of-another': evidence((_, { otherWorker }) => ({
    quote: Buffer.from(otherWorker.evidence().quote, 'base64'),
  })),
  'older-evidence': showing('evidence', (text) =>
    JSON.stringify({ ...(JSON.parse(text) as WorkerEvidence), version: 0 }),
  ),
  'older-quote': quoteWith(HEADER_AT),
  'changed-measurement': quoteWith(MEASUREMENT_AT),
  'changed-signature': quoteWith(SIGNATURE_AT),
  'endless-evidence': showing('evidence', () => MUCH),
  'no-collateral': showing('collateral', nothing),
  'forged-collateral': collateral(({ tcb_info }) => ({
    tcb_info: tcb_info.replace('Revoked', 'UpToDate').replace('OutOfDate', 'UpToDate'),
  })),
  'old-collateral': collateral((_, { network }) =>
    simulatedCollateral(
      { fmspc: 'b0c06f000000', ca: 'platform' },
      Math.floor(network.clock.now()) - LONG_AGO_SECONDS,
    ),
  ),
  'collateral-of-others': collateral((_, { network }) =>
    simulatedCollateral({ fmspc: '00906ed50000', ca: 'platform' }, Math.floor(network.clock.now())),
  ),
  'endless-collateral': showing('collateral', () => MUCH),
};
