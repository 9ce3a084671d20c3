export { CollateralError, type CollateralErrorCode } from './errors';
export type { FoundCollateral } from './found';
export { COLLATERAL_LIMITS, type CollateralLimits } from './limits';
export { familyOf, type PlatformFamily } from './platform';
export { INTEL_PCS } from './servers';
export {
  createCollateralSource,
  type CollateralConfig,
  type CollateralDeps,
  type CollateralSource,
} from './source';
