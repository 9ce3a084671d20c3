import { equalBytes, readUint, toHex } from '../../attestation/bytes';
import { nodeCrypto } from '../../attestation/crypto/node';
import { QE_VENDOR_INTEL, type Quote } from '../../attestation/quote';
import { enclaveAttributesText } from './bits';
import { field, type Section } from './field';

const BODY_NAMES: Record<Quote['kind'], string> = { 4: 'TD 1.0', 5: 'TD 1.0', 6: 'TD 1.5' };
/** What comes of comparing signatures: nothing. */
const NEVER_ALIKE = 'says nothing: two signatures are never alike';

export function headerSection(quote: Quote): Section {
  const vendor = toHex(quote.qeVendorId);
  return {
    title: 'Header',
    fields: [
      field(
        'version',
        quote.version,
        `with a ${BODY_NAMES[quote.kind]} body`,
        'another format of the same facts',
      ),
      field('key-type', readUint(quote.header.subarray(2, 4)), 'ECDSA on P-256', 'another algorithm'),
      field(
        'tee-type',
        `0x${readUint(quote.header.subarray(4, 8)).toString(16)}`,
        'TDX',
        'another technology',
      ),
      field(
        'qe-vendor',
        vendor,
        vendor === QE_VENDOR_INTEL ? "Intel's quoting enclave" : 'not Intel',
        'another maker',
      ),
      field(
        'user-data',
        toHex(quote.userData),
        'by the quoting enclave, names the platform',
        'another platform',
      ),
      field('padding', `${quote.padding.length} bytes`, 'after the end, signed by nobody', 'says nothing'),
    ],
  };
}

export async function enclaveSection(quote: Quote): Promise<Section> {
  const { qe } = quote;
  const named = await nodeCrypto.sha256(Buffer.concat([quote.attestationKey, quote.qeAuthData]));
  const bound = equalBytes(named, qe.reportData.subarray(0, 32));
  return {
    title: "Quoting enclave (signed by the processor's PCK)",
    fields: [
      field('signature', toHex(quote.signature), 'r and s, by the attestation key', NEVER_ALIKE),
      field(
        'attestation-key',
        toHex(quote.attestationKey),
        bound
          ? 'named by the enclave in its report data'
          : 'NOT the key that the enclave names in its report data',
        'another machine, or the enclave made itself a new key',
      ),
      field(
        'qe-cpusvn',
        toHex(qe.cpuSvn),
        'the processor that the enclave ran on',
        'other microcode, or another machine',
      ),
      field('qe-miscselect', toHex(qe.miscSelect), 'zero', 'another enclave'),
      field(
        'qe-attributes',
        toHex(qe.attributes),
        enclaveAttributesText(qe.attributes),
        'another kind of enclave',
      ),
      field(
        'qe-mrenclave',
        toHex(qe.mrEnclave),
        "hash of the enclave's code",
        'another release of the enclave',
      ),
      field('qe-mrsigner', toHex(qe.mrSigner), 'who signed the enclave', 'another maker'),
      field('qe-isvprodid', qe.isvProdId, "2 is Intel's TD quoting enclave", 'another enclave'),
      field('qe-isvsvn', qe.isvSvn, "the enclave's security version", 'an older or newer enclave'),
      field(
        'qe-auth-data',
        toHex(quote.qeAuthData),
        'hashed with the attestation key',
        'another setup of the enclave',
      ),
      field('qe-signature', toHex(quote.qeReportSignature), 'r and s, by the PCK', NEVER_ALIKE),
    ],
  };
}
