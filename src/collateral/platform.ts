import { toHex } from '../attestation/bytes';
import { parseCertificate } from '../attestation/certificate';
import { ROLE } from '../attestation/chain';
import { parseQuote } from '../attestation/quote';
import { CollateralError, reasonOf } from './errors';

/** What Intel's service is asked about. */
export interface PlatformFamily {
  /** 6 bytes in hex, lower case. */
  fmspc: string;
  /** Which of Intel's two PCK authorities certified it. */
  ca: 'platform' | 'processor';
}

/** Reads the family from a quote's leaf, without believing it: the verifier compares. Throws CollateralError. */
export function familyOf(quote: Uint8Array): PlatformFamily {
  try {
    const [leaf, authority] = parseQuote(quote).certificates.map(parseCertificate);
    if (leaf?.sgx) {
      const ca = authority?.subjectCn === ROLE.processorCa ? 'processor' : 'platform';
      return { fmspc: toHex(leaf.sgx.fmspc), ca };
    }
  } catch (error) {
    throw new CollateralError('collateral_no_platform', reasonOf(error), { cause: error });
  }
  throw new CollateralError('collateral_no_platform', "the quote's leaf has no SGX extension");
}
