import { readUint, reader } from './bytes';

/** The quoting enclave's own report (Intel SGX `sgx_report_body_t`), of which the quote carries the signed bytes. */
export interface QeReport {
  /** 16 bytes. */
  cpuSvn: Uint8Array;
  /** 4 bytes. */
  miscSelect: Uint8Array;
  /** 16 bytes: flags and XFRM. */
  attributes: Uint8Array;
  /** 32 bytes. */
  mrEnclave: Uint8Array;
  /** 32 bytes: hash of Intel's signing key. */
  mrSigner: Uint8Array;
  isvProdId: number;
  isvSvn: number;
  /** 64 bytes: SHA-256(attestation key ‖ authentication data) and 32 zeros. */
  reportData: Uint8Array;
  /** Bytes without a name; genuine ones are zero. */
  reserved: readonly Uint8Array[];
}

export const QE_REPORT_BYTES = 384;

/** Reads 384 bytes; throws AttestationError `quote_malformed` on any other number. */
export function parseQeReport(bytes: Uint8Array): QeReport {
  const from = reader(bytes, 'quote_malformed');
  const take = (length: number): Uint8Array => from.take(length, 'the QE report');
  const cpuSvn = take(16);
  const miscSelect = take(4);
  const reserved = [take(28)];
  const attributes = take(16);
  const mrEnclave = take(32);
  reserved.push(take(32));
  const mrSigner = take(32);
  reserved.push(take(96));
  const isvProdId = readUint(take(2));
  const isvSvn = readUint(take(2));
  reserved.push(take(60));
  const reportData = take(64);
  from.end('the QE report');
  return {
    cpuSvn,
    miscSelect,
    attributes,
    mrEnclave,
    mrSigner,
    isvProdId,
    isvSvn,
    reportData,
    reserved,
  };
}
