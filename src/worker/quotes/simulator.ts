import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { nodeCrypto } from '../../attestation/crypto/node';
import { imageId, shape } from '../../attestation/image';
import { parseQuote } from '../../attestation/quote';
import { createSimulatedHost, type SimulatedHost } from '../../attestation/testing/host';
import { readSecretFile, writeSecretFile } from '../stateFiles';
import { requireOurs, requireReportData, type QuoteSource } from './source';

/**
 * A machine of the simulated root. Its quotes have every byte that a genuine one has, signed under a root whose private
 * keys are public: they prove nothing, and a registry under Intel's root refuses them.
 */
export interface SimulatedSoftware {
  /** What stands for the software: every text is another image. */
  image: string;
  /** What stands for the machine around it. */
  shape: string;
  /** A TD that its host can look into: every network refuses it. */
  debug: boolean;
}

export interface SimulatedQuotes extends QuoteSource {
  readonly root: 'simulated';
  /** 16 bytes: which machine this is. */
  readonly ppid: Buffer;
  /** What a registry must list. */
  measured(): Promise<{ imageId: Buffer; shape: Buffer }>;
}

export const SIMULATED_SOFTWARE: SimulatedSoftware = { image: 'default', shape: 'default', debug: false };

const FILE = 'simulated-machine.json';
const fileSchema = z.strictObject({
  seed: z.string().regex(/^[0-9a-f]{64}$/),
  madeAtUnix: z.number().int().nonnegative(),
});

const SEPT_VE_DISABLE = '0000001000000000';
const WITH_DEBUG = '0100001000000000';

/** The machine lives in the state folder: a restart finds the same one, with the same keys. */
export function createSimulatedQuotes(
  { stateDir, ...software }: { stateDir: string } & Partial<SimulatedSoftware>,
  deps: { randomBytes: (bytes: number) => Buffer; nowUnix: () => number },
): SimulatedQuotes {
  const { seed, madeAtUnix } = machineIn(stateDir, deps);
  const chosen = { ...SIMULATED_SOFTWARE, ...software };
  const host = hostOf(Buffer.from(seed, 'hex'), madeAtUnix, chosen);
  return {
    root: 'simulated',
    ppid: host.ppid,
    describe: () => `SIMULATED, proves nothing (machine ${host.ppid.toString('hex').slice(0, 8)})`,
    quote: async (reportData) => {
      requireReportData(reportData);
      const bytes = host.quote(reportData);
      requireOurs(bytes, reportData);
      return bytes;
    },
    measured: () => measuredBy(host),
  };
}

/** What a registry must list, so that a worker with this software is admitted: without a machine. */
export function simulatedMeasurements(
  software: Partial<SimulatedSoftware> = {},
): Promise<{ imageId: Buffer; shape: Buffer }> {
  return measuredBy(hostOf(Buffer.alloc(32), 0, { ...SIMULATED_SOFTWARE, ...software }));
}

async function measuredBy(host: SimulatedHost): Promise<{ imageId: Buffer; shape: Buffer }> {
  const { body } = parseQuote(host.quote(Buffer.alloc(64)));
  return {
    imageId: Buffer.from(await imageId(body, 'simulated', nodeCrypto)),
    shape: Buffer.from(await shape(body, nodeCrypto)),
  };
}

function hostOf(seed: Buffer, nowUnix: number, software: SimulatedSoftware): SimulatedHost {
  return createSimulatedHost({
    random: () => seed,
    nowUnix,
    body: {
      rtmr0: register(`shape ${software.shape}`),
      rtmr2: register(`image ${software.image}`),
      tdAttributes: Buffer.from(software.debug ? WITH_DEBUG : SEPT_VE_DISABLE, 'hex'),
    },
  });
}

function register(what: string): Buffer {
  return createHash('sha384').update(`cocoon/simulated ${what}`).digest();
}

function machineIn(
  stateDir: string,
  deps: { randomBytes: (bytes: number) => Buffer; nowUnix: () => number },
): z.output<typeof fileSchema> {
  const path = join(stateDir, FILE);
  const text = readSecretFile(path);
  if (text !== null) return fileSchema.parse(JSON.parse(text));
  const made = { seed: deps.randomBytes(32).toString('hex'), madeAtUnix: Math.floor(deps.nowUnix()) };
  writeSecretFile(path, JSON.stringify(made));
  return made;
}
