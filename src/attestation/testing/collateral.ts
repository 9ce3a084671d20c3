import type { Collateral } from '../collateral';
import { AUTHORITIES, type Authority } from './authorities';
import { writeCrl, type CrlFields } from './crlWriter';
import { sign, type SigningKey } from './keys';
import type { Machine } from './machine';
import { healthyQeIdentity, type QeIdentity } from './qeIdentity';
import { pem } from './quoteWriter';
import { healthyTcbInfo, type TcbInfo } from './tcbInfo';

/** A signed text: changed before it is signed, signed by another, shown with another chain or changed afterwards. */
export interface TextTwist<Content> {
  content?: (healthy: Content) => object;
  /** The exact string that is signed. */
  text?: (json: string) => string;
  key?: SigningKey;
  /** DER, signer first. */
  chain?: readonly Buffer[];
  signature?: (signature: Buffer) => Buffer;
  /** After signing. */
  shownText?: (text: string) => string;
}

export interface CrlTwist extends Partial<CrlFields> {
  key?: SigningKey;
  /** After signing. */
  shown?: (der: Buffer) => Buffer;
}

export interface CollateralTwist {
  tcbInfo?: TextTwist<TcbInfo>;
  qeIdentity?: TextTwist<QeIdentity>;
  rootCrl?: CrlTwist;
  pckCrl?: CrlTwist;
  pckCrlChain?: readonly Buffer[];
  /** The finished object. */
  whole?: (collateral: Collateral) => unknown;
}

/** Healthy collateral for `machine`, issued a day before `nowUnix`, but for what `twist` breaks. */
export function mintCollateral(machine: Machine, nowUnix: number, twist: CollateralTwist = {}): Collateral {
  const tcbInfo = signedText(healthyTcbInfo(machine, nowUnix), twist.tcbInfo);
  const issuer = trueAuthority(machine.authority);
  const identity = signedText(healthyQeIdentity(nowUnix), twist.qeIdentity);
  return {
    pck_crl_issuer_chain: pem(...(twist.pckCrlChain ?? [issuer.certificate, AUTHORITIES.root.certificate])),
    root_ca_crl: crl(AUTHORITIES.root, nowUnix, twist.rootCrl),
    pck_crl: crl(issuer, nowUnix, twist.pckCrl),
    tcb_info_issuer_chain: tcbInfo.chain,
    tcb_info: tcbInfo.text,
    tcb_info_signature: tcbInfo.signature,
    qe_identity_issuer_chain: identity.chain,
    qe_identity: identity.text,
    qe_identity_signature: identity.signature,
  };
}

/** Intel goes on publishing what is right, whatever certificate or key a quote has in the name of an authority. */
function trueAuthority({ name }: Authority): Authority {
  return Object.values(AUTHORITIES).find((authority) => authority.name === name) ?? AUTHORITIES.platformCa;
}

function signedText<Content extends object>(
  healthy: Content,
  twist: TextTwist<Content> = {},
): { chain: string; text: string; signature: string } {
  const json = JSON.stringify(twist.content?.(healthy) ?? healthy);
  const text = twist.text?.(json) ?? json;
  const signature = sign(twist.key ?? AUTHORITIES.tcbSigning.key, Buffer.from(text, 'utf8'));
  return {
    chain: pem(...(twist.chain ?? [AUTHORITIES.tcbSigning.certificate, AUTHORITIES.root.certificate])),
    text: twist.shownText?.(text) ?? text,
    signature: (twist.signature?.(signature) ?? signature).toString('hex'),
  };
}

/** A list that revokes one stranger, issued yesterday for four weeks. */
function crl(authority: Authority, nowUnix: number, { key, shown, ...fields }: CrlTwist = {}): string {
  const list = writeCrl(
    {
      issuer: authority.name,
      thisUpdate: nowUnix - 86_400,
      nextUpdate: nowUnix + 29 * 86_400,
      revoked: authority === AUTHORITIES.root ? [] : [STRANGER],
      authorityKeyId: authority.keyId,
      ...fields,
    },
    key ?? authority.key,
  );
  return (shown?.(list) ?? list).toString('hex');
}

/** Serial number of no certificate that is minted here. */
const STRANGER = Buffer.from('6fc34e5023e728923435d61aa4b83c618166ad35', 'hex');
