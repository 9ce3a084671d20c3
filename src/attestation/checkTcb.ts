import { equalBytes, isZero, toHex } from './bytes';
import { fine, wrong } from './chain';
import type { Checklist, Finding } from './checks';
import type { PckExtension } from './pckExtension';
import type { QeIdentity } from './qeIdentity';
import type { QeReport } from './qeReport';
import type { Quote } from './quote';
import { conclude, matchLevels, matchPart, relaunch, type MatchedLevels } from './tcbLevel';
import type { ModuleIdentity, PartLevel, PlatformLevel, TcbInfo } from './tcbInfo';
import type { TcbStatus } from './status';
import type { TdBody } from './tdBody';

/** How far the platform is from its newest trusted computing base, and what applies to it until it gets there. */
export interface TcbConclusion {
  status: TcbStatus;
  /** Advisories of the levels that were reached, sorted, each once. */
  advisories: string[];
}

/** Null where a part has no level: then there is no status. */
export function checkTcb(
  quote: Quote,
  pck: PckExtension,
  info: TcbInfo,
  identity: QeIdentity,
  list: Checklist,
): TcbConclusion | null {
  noteFamily(pck, info, list);
  list.note('qe-identity', enclaveFinding(quote.qe, identity));
  const qe = matchPart(identity.levels, quote.qe.isvSvn);
  list.note('qe-tcb', partFinding(qe, quote.qe.isvSvn));

  const module = checkModule(quote.body, info, list);
  const levels = matchLevels(info, pck, quote.body.teeTcbSvn);
  list.note('platform-tcb', platformFinding(levels));
  if (levels.sgx === null || levels.tdx === null || module === null || qe === null) return null;
  return checkRelaunch(quote.body, info, { sgx: levels.sgx, tdx: levels.tdx, module, qe }, list);
}

function noteFamily(pck: PckExtension, info: TcbInfo, list: Checklist): void {
  const family = toHex(info.fmspc);
  const pce = toHex(info.pceId);
  list.note('fmspc', { ok: equalBytes(pck.fmspc, info.fmspc), expected: family, seen: toHex(pck.fmspc) });
  list.note('pce-id', { ok: equalBytes(pck.pceId, info.pceId), expected: pce, seen: toHex(pck.pceId) });
}

/** Masked bits must be as described; what has no name must be zero, so that no report can be read in two ways. */
function enclaveFinding(report: QeReport, identity: QeIdentity): Finding {
  if (!equalBytes(report.mrSigner, identity.mrSigner)) return wrong(`MRSIGNER ${toHex(report.mrSigner)}`);
  if (report.isvProdId !== identity.isvProdId) return wrong(`ISVPRODID ${report.isvProdId}`);
  if (!equalBytes(masked(report.miscSelect, identity.miscSelectMask), identity.miscSelect)) {
    return wrong(`MISCSELECT ${toHex(report.miscSelect)}`);
  }
  if (!equalBytes(masked(report.attributes, identity.attributesMask), identity.attributes)) {
    return wrong(`attributes ${toHex(report.attributes)}`);
  }
  if (!report.reserved.every(isZero)) return wrong('reserved bytes that are not zero');
  return fine(`MRSIGNER ${toHex(report.mrSigner)}, ISVPRODID ${report.isvProdId}`);
}

function masked(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => byte & mask[i]!);
}

function partFinding(level: PartLevel | null, isvSvn: number): Finding {
  return level === null ? wrong(`SVN ${isvSvn}, below every level`) : fine(`SVN ${isvSvn}: ${level.status}`);
}

/** Version 0 is a module before versions: it has no levels of its own, and is judged with the platform. */
const UNVERSIONED: PartLevel = { isvSvn: 0, status: 'UpToDate', advisories: [] };

function checkModule(body: TdBody, info: TcbInfo, list: Checklist): PartLevel | null {
  const [svn, version] = body.teeTcbSvn;
  const identity = version === 0 ? null : info.modules.get(version!);
  if (identity === undefined) {
    list.note('module-identity', wrong(`module version ${version}, which TCB info does not describe`));
    return null;
  }
  const name = identity?.id ?? 'a module without versions';
  list.note('module-identity', moduleFinding(body, identity ?? info.module, name));
  const level = identity === null ? UNVERSIONED : matchPart(identity.levels, svn!);
  list.note('module-tcb', identity === null ? fine('judged with the platform') : partFinding(level, svn!));
  return level;
}

/** Who signed the module, and that its attributes are as described, which for all known ones is zero. */
function moduleFinding(body: TdBody, identity: ModuleIdentity, name: string): Finding {
  const described = equalBytes(masked(body.seamAttributes, identity.attributesMask), identity.attributes);
  const text = (signer: Uint8Array, attributes: Uint8Array): string =>
    `MRSIGNERSEAM ${toHex(signer)}, attributes ${toHex(attributes)}`;
  return {
    ok: equalBytes(body.mrSignerSeam, identity.mrSigner) && described,
    expected: text(identity.mrSigner, identity.attributes),
    seen: `${name}, ${text(body.mrSignerSeam, body.seamAttributes)}`,
  };
}

function platformFinding({ sgx, tdx }: MatchedLevels): Finding {
  if (sgx === null) return wrong("the certificate's SVNs are below every level");
  if (tdx === null) return wrong("the TD's SVNs are below every level");
  return fine(`SGX ${sgx.sgxSvns.join('.')}, PCE ${sgx.pceSvn}, TDX ${tdx.tdxSvns.join('.')}: ${tdx.status}`);
}

interface Levels {
  sgx: PlatformLevel;
  tdx: PlatformLevel;
  module: PartLevel;
  qe: PartLevel;
}

function checkRelaunch(body: TdBody, info: TcbInfo, levels: Levels, list: Checklist): TcbConclusion | null {
  const statuses = {
    sgx: levels.sgx.status,
    tdx: levels.tdx.status,
    module: levels.module.status,
    qe: levels.qe.status,
  };
  const relaunched = relaunch(info, body.teeTcbSvn2, statuses);
  list.note('tcb-relaunch', { ok: relaunched !== 'module unknown', seen: relaunched });
  if (relaunched === 'module unknown') return null;
  const advisories = [levels.tdx, levels.module, levels.qe].flatMap((level) => level.advisories);
  return { status: conclude(statuses, relaunched), advisories: [...new Set(advisories)].sort() };
}
