import type { Collateral } from '../attestation/collateral';
import type { PreparedCollateral } from '../attestation/prepare';

/** Authentic collateral, valid at the time it was asked for. */
export interface FoundCollateral {
  collateral: Collateral;
  /** For `QuoteVerifier.verify`, which is much faster with it. */
  prepared: PreparedCollateral;
  /** Name of it in the archive. */
  hash: string;
}
