import { isZero, toHex } from './bytes';
import type { Checklist, Finding } from './checks';
import type { TcbConclusion } from './checkTcb';
import type { Policy } from './policy';
import { xfamMaskOf } from './policy';
import type { PreparedCollateral } from './prepare';
import { hasBit, hasServiceTd, isDebug, reservedAttributes, TD_ATTRIBUTE, type TdBody } from './tdBody';

/** What the relying party asks of the TCB. */
export function checkTcbPolicy(
  conclusion: TcbConclusion | null,
  { tcbInfo, qeIdentity }: PreparedCollateral,
  policy: Policy,
  list: Checklist,
): void {
  if (conclusion !== null) {
    list.note('tcb-status', statusFinding(conclusion, policy));
    list.note('advisories', advisoryFinding(conclusion, policy));
  }
  if (tcbInfo === null || qeIdentity === null) return;
  const number = Math.min(tcbInfo.evaluationDataNumber, qeIdentity.evaluationDataNumber);
  const { minTcbEvaluationDataNumber: least } = policy;
  list.note('evaluation-number', { ok: number >= least, expected: `${least} or later`, seen: `${number}` });
}

function statusFinding({ status }: TcbConclusion, { tolerateStatuses }: Policy): Finding {
  const accepted = ['UpToDate', ...tolerateStatuses];
  return { ok: accepted.includes(status), expected: accepted.join(', '), seen: status };
}

function advisoryFinding({ advisories }: TcbConclusion, { tolerateAdvisories }: Policy): Finding {
  const seen = advisories.length === 0 ? 'none' : advisories.join(', ');
  if (tolerateAdvisories === '*') return { ok: true, expected: 'any', seen };
  const ok = advisories.every((advisory) => tolerateAdvisories.includes(advisory));
  return {
    ok,
    seen,
    expected: tolerateAdvisories.length === 0 ? 'none' : `none but ${tolerateAdvisories.join(', ')}`,
  };
}

/** What the relying party asks of the TD: its attributes, and who it is. */
export function checkTdPolicy(
  body: TdBody,
  names: { imageId: string; shape: string },
  policy: Policy,
  list: Checklist,
): void {
  checkAttributes(body, policy, list);
  list.note('xfam', xfamFinding(body.xfam, policy));
  list.note('seam-attributes', { ok: isZero(body.seamAttributes), seen: toHex(body.seamAttributes) });
  const service = body.mrServiceTd === null ? 'none' : toHex(body.mrServiceTd);
  list.note('service-td', { ok: !hasServiceTd(body), seen: service });
  list.note('mr-seam', oneOf(policy.mrSeams, toHex(body.mrSeam)));
  list.note('image-id', oneOf(policy.imageIds, names.imageId));
  list.note('shape', oneOf(policy.shapes, names.shape));
  const expected = policy.reportData === null ? null : [policy.reportData];
  list.note('report-data', oneOf(expected, toHex(body.reportData)));
}

function checkAttributes(body: TdBody, policy: Policy, list: Checklist): void {
  const { tdAttributes } = body;
  const has = (name: keyof typeof TD_ATTRIBUTE): boolean => hasBit(tdAttributes, TD_ATTRIBUTE[name]);
  const onOff = (on: boolean): string => (on ? 'on' : 'off');
  list.note('td-debug', { ok: !isDebug(body), seen: onOff(isDebug(body)) });
  list.note('td-sept-ve', { ok: has('septVeDisable'), seen: onOff(has('septVeDisable')) });
  list.note('td-migratable', { ok: !has('migratable'), seen: onOff(has('migratable')) });

  const optional = [
    { name: 'protectionKeys', allowed: policy.allowPks },
    { name: 'keyLocker', allowed: policy.allowKl },
    { name: 'perfmon', allowed: policy.allowPerfmon },
  ] as const;
  const refused = optional.filter(({ name, allowed }) => has(name) && !allowed);
  const ok = isZero(reservedAttributes(tdAttributes)) && refused.length === 0;
  const named = refused.map(({ name }) => ` with ${name}`).join('');
  list.note('td-reserved', { ok, seen: `${toHex(tdAttributes)}${named}` });
}

/** Bits 0 and 1 are what every processor has: a TD without them is none. */
function xfamFinding(xfam: Uint8Array, policy: Policy): Finding {
  const mask = xfamMaskOf(policy);
  const inside = xfam.every((byte, i) => (byte & ~mask[i]!) === 0);
  const expected = `x87 and SSE, and nothing outside ${policy.xfamMask}`;
  return { ok: inside && (xfam[0]! & 3) === 3, expected, seen: toHex(xfam) };
}

function oneOf(list: readonly string[] | null, seen: string): Finding {
  if (list === null) return { ok: true, expected: 'any', seen };
  const expected = list.length === 1 ? list[0]! : `one of the ${list.length} that the policy names`;
  return { ok: list.includes(seen), expected, seen };
}
