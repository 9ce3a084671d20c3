import { createHash } from 'node:crypto';
import { AUTHORITIES, type Authority } from './authorities';
import { keyFromSeed, type SigningKey } from './keys';
import { PCK_CRL_ADDRESS, writeLeaf, type LeafFields, type PckFields } from './leaf';
import type { BodyFields, HeaderFields, QeFields } from './quoteWriter';

/** A machine of the simulated root: its certificate, its keys, and what a healthy quote of it says. */

export interface Machine {
  authority: Authority;
  leaf: LeafFields;
  pckKey: SigningKey;
  attestationKey: SigningKey;
}

export interface MachineOptions {
  /** Everything that is secret or random on a machine follows from it. */
  seed: string | Buffer;
  ca: 'platform' | 'processor';
  /** Seconds since 1970; the certificate was issued a year before and lives seven. */
  nowUnix: number;
  /** Hex. */
  ppid?: string;
  fmspc?: string;
}

const YEAR = 365 * 86_400;
/** A family of Intel's, of fourth generation Xeons. */
export const DEFAULT_FMSPC = 'B0C06F000000';

/** Components 0..15 of an up-to-date machine of that family. */
const SGX_SVNS = [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0] as const;

export function createMachine(options: MachineOptions): Machine {
  const bytes = (what: string, length: number): Buffer =>
    createHash('sha512').update(options.seed).update(`\0${what}`).digest().subarray(0, length);
  const pckKey = keyFromSeed(bytes('pck', 64));
  const platform = options.ca === 'platform';
  return {
    authority: platform ? AUTHORITIES.platformCa : AUTHORITIES.processorCa,
    pckKey,
    attestationKey: keyFromSeed(bytes('attestation key', 64)),
    leaf: {
      serial: bytes('serial', 20),
      notBefore: options.nowUnix - YEAR,
      notAfter: options.nowUnix + 6 * YEAR,
      publicKey: pckKey.publicKey,
      crlAddress: PCK_CRL_ADDRESS[options.ca],
      pck: pckFields(
        options.ppid === undefined ? bytes('ppid', 16) : Buffer.from(options.ppid, 'hex'),
        Buffer.from(options.fmspc ?? DEFAULT_FMSPC, 'hex'),
        platform ? bytes('platform instance', 16) : null,
      ),
    },
  };
}

function pckFields(ppid: Buffer, fmspc: Buffer, instanceId: Buffer | null): PckFields {
  return {
    ppid,
    sgxSvns: SGX_SVNS,
    pceSvn: 11,
    cpuSvn: Buffer.from(SGX_SVNS),
    pceId: Buffer.alloc(2),
    fmspc,
    sgxType: instanceId === null ? 0 : 1,
    platform:
      instanceId === null ? null : { instanceId, dynamicPlatform: true, cachedKeys: false, smtEnabled: true },
  };
}

/** The certificate of the machine, its authority's and the root's: the order of a quote. */
export function certificateChain(machine: Machine): [Buffer, Buffer, Buffer] {
  return [
    writeLeaf(machine.leaf, machine.authority),
    machine.authority.certificate,
    AUTHORITIES.root.certificate,
  ];
}

export const INTEL_QE_VENDOR = Buffer.from('939a7233f79c4ca9940a0db3957f0607', 'hex');

export function healthyHeader(version: 4 | 5): HeaderFields {
  return {
    version,
    keyType: 2,
    teeType: 0x81,
    svns: Buffer.alloc(4),
    vendorId: INTEL_QE_VENDOR,
    userData: measurement('user data').subarray(0, 20),
  };
}

/** A TD of body 1.0 or 1.5 that every default policy accepts; registers 1 and 2 are a kernel's and a command line's. */
export function healthyBody(reportData: Uint8Array): BodyFields {
  const zero48 = Buffer.alloc(48);
  const teeTcbSvn = Buffer.from([5, 1, 2, ...new Array<number>(13).fill(0)]);
  return {
    teeTcbSvn,
    mrSeam: measurement('TDX module'),
    mrSignerSeam: zero48,
    seamAttributes: Buffer.alloc(8),
    tdAttributes: Buffer.from('0000001000000000', 'hex'),
    xfam: Buffer.from('e702060000000000', 'hex'),
    mrTd: measurement('firmware'),
    mrConfigId: zero48,
    mrOwner: zero48,
    mrOwnerConfig: zero48,
    rtmr0: measurement('shape'),
    rtmr1: measurement('kernel'),
    rtmr2: measurement('command line'),
    rtmr3: zero48,
    reportData: Buffer.from(reportData),
    teeTcbSvn2: teeTcbSvn,
    mrServiceTd: zero48,
  };
}

/** Intel's quoting enclave for TDX; only `reportData` is missing. */
export function healthyQe(): Omit<QeFields, 'reportData'> {
  return {
    cpuSvn: Buffer.from('0303191b04ff00060000000000000000', 'hex'),
    miscSelect: Buffer.alloc(4),
    reserved1: Buffer.alloc(28),
    attributes: Buffer.from('1500000000000000e700000000000000', 'hex'),
    mrEnclave: Buffer.from('e5a3a7b5d830c2953b98534c6c59a3a34fdc34e933f7f5898f0a85cf08846bca', 'hex'),
    reserved2: Buffer.alloc(32),
    mrSigner: Buffer.from('dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5', 'hex'),
    reserved3: Buffer.alloc(96),
    isvProdId: 2,
    isvSvn: 6,
    reserved4: Buffer.alloc(60),
  };
}

/** 32 bytes that Intel's library writes behind the attestation key: 0, 1, 2, ... 31. */
export const QE_AUTH_DATA = Buffer.from(Array.from({ length: 32 }, (_, i) => i));

/** Bytes after the end of a genuine version 4 quote. */
export const QUOTE_PADDING = Buffer.alloc(70);

function measurement(what: string): Buffer {
  return createHash('sha384').update(`simulated ${what}`).digest();
}
