import { sha256 } from '../../protocol/hash';
import { equalBytes, fromHex, isZero } from '../bytes';
import { QE_VENDOR_INTEL, type Quote } from '../quote';
import { unbuildable } from './chain';

/** What the Platform contract has as literals of a quote and of its QE report; anything else it cannot write. */

const QE_MRSIGNER = fromHex('dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5');
const QE_ISV_PROD_ID = 2;
const QE_FLAGS_BYTES = 8;
/** One cell's bytes. */
const QE_AUTH_MAX_BYTES = 127;

/** Throws AttestationError `quote_unbuildable` with the first field that must be a literal and is not. */
export function requireLiterals(quote: Quote): void {
  for (const [name, fits] of [...bodyLiterals(quote), ...qeLiterals(quote)])
    if (!fits) throw unbuildable(`${name} must be as Intel's are`);
}

type Literal = readonly [name: string, fits: boolean];

function bodyLiterals({ body, qeVendorId }: Quote): Literal[] {
  return [
    ['the QE vendor id', equalBytes(qeVendorId, fromHex(QE_VENDOR_INTEL))],
    ['MRSIGNERSEAM (zero)', isZero(body.mrSignerSeam)],
    ['SEAMATTRIBUTES (zero)', isZero(body.seamAttributes)],
    ['MRSERVICETD (zero)', body.mrServiceTd === null || isZero(body.mrServiceTd)],
  ];
}

function qeLiterals({ qe, attestationKey, qeAuthData }: Quote): Literal[] {
  const { miscSelect, attributes, mrSigner, isvProdId, reportData, reserved } = qe;
  return [
    ['MISCSELECT of the QE report (zero)', isZero(miscSelect)],
    ['the upper attribute bytes of the QE report (zero)', isZero(attributes.subarray(1, QE_FLAGS_BYTES))],
    ['MRSIGNER of the QE report', equalBytes(mrSigner, QE_MRSIGNER)],
    ['ISVPRODID of the QE report (2)', isvProdId === QE_ISV_PROD_ID],
    ['the reserved bytes of the QE report (zero)', reserved.every(isZero)],
    [
      "the QE report's binding of the attestation key",
      equalBytes(reportData.subarray(0, 32), sha256(attestationKey, qeAuthData)),
    ],
    ['the upper half of the report data of the QE (zero)', isZero(reportData.subarray(32))],
    [`QE authentication data of at most ${QE_AUTH_MAX_BYTES} bytes`, qeAuthData.length <= QE_AUTH_MAX_BYTES],
  ];
}
