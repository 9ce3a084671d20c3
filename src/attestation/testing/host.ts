import type { Collateral } from '../collateral';
import { mintCollateral } from './collateral';
import {
  QE_AUTH_DATA,
  QUOTE_PADDING,
  certificateChain,
  createMachine,
  healthyBody,
  healthyHeader,
  healthyQe,
} from './machine';
import {
  pem,
  qeReportData,
  writeQeReport,
  writeQuote,
  type BodyFields,
  type HeaderFields,
  type QuoteForm,
} from './quoteWriter';

/** One machine of the simulated root that makes quotes quickly: all but the last signature is made once. */
export interface SimulatedHost {
  /** 16 bytes. */
  ppid: Buffer;
  /** 6 bytes. */
  fmspc: Buffer;
  /** A quote over 64 bytes of report data; what `overrides` names is signed as given. */
  quote(reportData: Uint8Array, overrides?: HostQuoteOverrides): Buffer;
  /** Intel's answers for this machine's family, issued shortly before `nowUnix`. */
  collateral(nowUnix: number): Collateral;
}

export interface HostOptions {
  /** `random(32)` is the one seed of this machine's keys and identifiers. */
  random: (length: number) => Uint8Array;
  /** Seconds since 1970: the certificate is valid from a year before to six years after. */
  nowUnix: number;
  /** Hex, 16 bytes and 6 bytes. */
  ppid?: string;
  fmspc?: string;
  ca?: 'platform' | 'processor';
  /** What every quote of this host says instead of the healthy default. */
  body?: Partial<BodyFields>;
}

export interface HostQuoteOverrides {
  form?: QuoteForm;
  header?: Partial<HeaderFields>;
  body?: Partial<BodyFields>;
}

/** What the simulated root says of a family of machines (FMSPC in hex), issued shortly before `nowUnix`. */
export function simulatedCollateral(
  family: { fmspc: string; ca: 'platform' | 'processor' },
  nowUnix: number,
): Collateral {
  return mintCollateral(createMachine({ ...family, seed: 'any of its family', nowUnix }), nowUnix);
}

export function createSimulatedHost(options: HostOptions): SimulatedHost {
  const machine = createMachine({ ca: 'platform', ...options, seed: Buffer.from(options.random(32)) });
  const { attestationKey, pckKey } = machine;
  const reportData = qeReportData(attestationKey.publicKey, QE_AUTH_DATA);
  const qe = writeQeReport({ ...healthyQe(), reportData }, QE_AUTH_DATA, pckKey);
  const chain = Buffer.from(`${pem(...certificateChain(machine))}\0`, 'ascii');
  const container = { outerType: 6, innerType: 5, chain, lengthErrors: {} };
  return {
    ppid: machine.leaf.pck.ppid,
    fmspc: machine.leaf.pck.fmspc,
    quote(data, { form = 'v4', header, body } = {}) {
      return writeQuote({
        form,
        header: { ...healthyHeader(form === 'v4' ? 4 : 5), ...header },
        body: { ...healthyBody(data), ...options.body, ...body },
        attestationKey,
        qe,
        container: { ...container, padding: form === 'v4' ? QUOTE_PADDING : Buffer.alloc(0) },
      });
    },
    collateral: (nowUnix) => mintCollateral(machine, nowUnix),
  };
}
