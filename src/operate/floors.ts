import { parseFloors, REGISTRY_GETTERS, type FamilyFloor } from '../../wrappers/Registry';
import { ANY_FMSPC, type TcbFloor } from '../protocol/tcb';
import type { Session } from './session';

const FMSPC_BYTES = 6;
const SVNS_BYTES = 16;

/** The family of processors that a floor is for; every one without its own unless `said`. */
export function askFamily(session: Session): Promise<Buffer> {
  const others = Buffer.from(ANY_FMSPC, 'hex');
  return session.answers.bytes('fmspc', 'FMSPC, zero for all others', FMSPC_BYTES, others);
}

export async function readFloors(session: Session): Promise<FamilyFloor[]> {
  const { registry } = await session.chain();
  return parseFloors(await session.client.getMethod(registry, REGISTRY_GETTERS.floors));
}

/** Each part as it is, unless it was said; with no floor yet, each must be said. */
export async function askFloor(session: Session, present: TcbFloor | null): Promise<TcbFloor> {
  const { answers } = session;
  const svns = (name: string, question: string, known: Uint8Array | undefined) =>
    answers.bytes(name, question, SVNS_BYTES, known && Buffer.from(known));
  return {
    pceId: await answers.integer('pceId', 'PCE id', present?.pceId),
    pceSvn: await answers.integer('pceSvn', 'Least PCESVN', present?.pceSvn),
    sgxSvns: await svns('sgxSvns', 'Least SGX components', present?.sgxSvns),
    teeTcbSvn: await svns('teeTcbSvn', 'Least TEE_TCB_SVN', present?.teeTcbSvn),
    qeIsvSvn: await answers.integer('qeIsvSvn', 'Least ISVSVN of the quoting enclave', present?.qeIsvSvn),
  };
}

/** One line of a floor, for people. */
export function floorText(floor: TcbFloor): string {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return `pce ${floor.pceId} svn ${floor.pceSvn} sgx ${hex(floor.sgxSvns)} tdx ${hex(floor.teeTcbSvn)} qe ${floor.qeIsvSvn}`;
}
