import type { Machine } from './machine';

/** TCB info of a family, version 3, with the fields and their order as Intel's service has them. */

export interface TcbInfo {
  id: string;
  version: number;
  /** `2026-05-31T12:00:00Z`. */
  issueDate: string;
  nextUpdate: string;
  /** Hex. */
  fmspc: string;
  pceId: string;
  tcbType: number;
  tcbEvaluationDataNumber: number;
  tdxModule: ModuleSigner;
  tdxModuleIdentities?: ModuleIdentity[];
  tcbLevels: TcbLevel[];
}

/** Hex: 48, 8 and 8 bytes. */
export interface ModuleSigner {
  mrsigner: string;
  attributes: string;
  attributesMask: string;
}

/** `TDX_01`: the identity of modules of version 1. */
export interface ModuleIdentity extends ModuleSigner {
  id: string;
  tcbLevels: SvnLevel[];
}

/** A level of a module or of the quoting enclave. */
export interface SvnLevel {
  tcb: { isvsvn: number };
  tcbDate: string;
  tcbStatus: string;
  advisoryIDs?: string[];
}

export interface TcbLevel {
  tcb: { sgxtcbcomponents: Component[]; pcesvn: number; tdxtcbcomponents: Component[] };
  tcbDate: string;
  tcbStatus: string;
  advisoryIDs?: string[];
}

export interface Component {
  svn: number;
  category?: string;
  type?: string;
}

/** What a machine must have to be up to date: a little less than the minted one has. */
export const SGX_LEVEL: readonly number[] = [2, 2, 2, 2, 3, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
export const TDX_LEVEL: readonly number[] = [5, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
export const PCE_LEVEL = 11;
export const EVALUATION_NUMBER = 17;

/** Issued a day ago, for four weeks; the minted machine is up to date. */
export function healthyTcbInfo(machine: Machine, nowUnix: number): TcbInfo {
  return {
    id: 'TDX',
    version: 3,
    ...issued(nowUnix),
    fmspc: machine.leaf.pck.fmspc.toString('hex').toUpperCase(),
    pceId: machine.leaf.pck.pceId.toString('hex').toUpperCase(),
    tcbType: 0,
    tcbEvaluationDataNumber: EVALUATION_NUMBER,
    tdxModule: moduleSigner(),
    tdxModuleIdentities: [
      { id: 'TDX_03', ...moduleSigner(), tcbLevels: [svnLevel(3, 'UpToDate')] },
      { id: 'TDX_01', ...moduleSigner(), tcbLevels: [svnLevel(4, 'UpToDate'), svnLevel(2, 'OutOfDate')] },
    ],
    tcbLevels: [
      tcbLevel({ status: 'UpToDate' }),
      tcbLevel({ status: 'OutOfDate', pceSvn: 5, advisories: ['INTEL-SA-00106', 'INTEL-SA-00837'] }),
    ],
  };
}

export function svnLevel(isvsvn: number, tcbStatus: string, advisoryIDs?: string[]): SvnLevel {
  return { tcb: { isvsvn }, tcbDate: '2024-03-13T00:00:00Z', tcbStatus, ...(advisoryIDs && { advisoryIDs }) };
}

export interface LevelFields {
  status: string;
  sgx?: readonly number[];
  tdx?: readonly number[];
  pceSvn?: number;
  advisories?: string[];
}

export function tcbLevel(fields: LevelFields): TcbLevel {
  return {
    tcb: {
      sgxtcbcomponents: (fields.sgx ?? SGX_LEVEL).map((svn, i) => ({ svn, ...SGX_LABELS[i] })),
      pcesvn: fields.pceSvn ?? PCE_LEVEL,
      tdxtcbcomponents: (fields.tdx ?? TDX_LEVEL).map((svn, i) => ({ svn, ...TDX_LABELS[i] })),
    },
    tcbDate: '2024-03-13T00:00:00Z',
    tcbStatus: fields.status,
    ...(fields.advisories && { advisoryIDs: fields.advisories }),
  };
}

/** What Intel calls the components that have a meaning. */
const SGX_LABELS: readonly Omit<Component, 'svn'>[] = [
  { category: 'BIOS', type: 'Early Microcode Update' },
  { category: 'OS/VMM', type: 'SGX Late Microcode Update' },
  { category: 'OS/VMM', type: 'TXT SINIT' },
  { category: 'BIOS' },
  { category: 'BIOS' },
  { category: 'BIOS' },
  {},
  { category: 'OS/VMM', type: 'SEAMLDR ACM' },
];
const TDX_LABELS: readonly Omit<Component, 'svn'>[] = [
  { category: 'OS/VMM', type: 'TDX Module' },
  { category: 'OS/VMM', type: 'TDX Module' },
  { category: 'OS/VMM', type: 'TDX Late Microcode Update' },
];

/** Dates of something that Intel's service issued yesterday. */
export function issued(nowUnix: number): { issueDate: string; nextUpdate: string } {
  return { issueDate: isoDate(nowUnix - 86_400), nextUpdate: isoDate(nowUnix + 29 * 86_400) };
}

export function isoDate(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().replace('.000Z', 'Z');
}

function moduleSigner(): ModuleSigner {
  return { mrsigner: '00'.repeat(48), attributes: '00'.repeat(8), attributesMask: 'FF'.repeat(8) };
}
