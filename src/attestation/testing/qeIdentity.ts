import { EVALUATION_NUMBER, issued, svnLevel, type SvnLevel } from './tcbInfo';

/** Identity of Intel's quoting enclave for TDX, version 2, with the fields in the order of Intel's service. */
export interface QeIdentity {
  id: string;
  version: number;
  issueDate: string;
  nextUpdate: string;
  tcbEvaluationDataNumber: number;
  /** Hex: 4, 4, 16, 16 and 32 bytes. */
  miscselect: string;
  miscselectMask: string;
  attributes: string;
  attributesMask: string;
  mrsigner: string;
  isvprodid: number;
  tcbLevels: SvnLevel[];
}

/** Issued a day ago, for four weeks. */
export function healthyQeIdentity(nowUnix: number): QeIdentity {
  return {
    id: 'TD_QE',
    version: 2,
    ...issued(nowUnix),
    tcbEvaluationDataNumber: EVALUATION_NUMBER,
    miscselect: '00000000',
    miscselectMask: 'FFFFFFFF',
    attributes: '11000000000000000000000000000000',
    attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
    mrsigner: 'DC9E2A7C6F948F17474E34A7FC43ED030F7C1563F1BABDDF6340C82E0E54A8C5',
    isvprodid: 2,
    tcbLevels: [svnLevel(4, 'UpToDate'), svnLevel(3, 'OutOfDate')],
  };
}
