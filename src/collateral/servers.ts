import { CollateralError } from './errors';
import { MAX_SERVERS } from './limits';
import type { Server } from './parts';

/** Intel's own service. */
export const INTEL_PCS = 'https://api.trustedservices.intel.com';
const INTEL_ROOT_CRL = 'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der';

/** Addresses as servers; a `/sgx/certification/v4` at the end, as other programs want it, is taken off. */
export function readServers({
  baseUrls,
  rootCrlUrl,
  offline,
}: {
  baseUrls: readonly string[];
  rootCrlUrl?: string | undefined;
  offline?: boolean | undefined;
}): Server[] {
  if (offline) return [];
  if (baseUrls.length === 0) throw new CollateralError('collateral_config', 'there is no server to ask');
  if (baseUrls.length > MAX_SERVERS) {
    throw new CollateralError('collateral_config', `there are more than ${MAX_SERVERS} servers`);
  }
  return baseUrls.map((address) => {
    const baseUrl = requireHttp(address)
      .replace(/\/+$/, '')
      .replace(/\/(sgx|tdx)\/certification\/v4$/, '');
    const own = baseUrl === INTEL_PCS ? INTEL_ROOT_CRL : `${baseUrl}/sgx/certification/v4/rootcacrl`;
    return { baseUrl, rootCrlUrl: rootCrlUrl === undefined ? own : requireHttp(rootCrlUrl) };
  });
}

/** Plain http is enough: all answers are signed. */
function requireHttp(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return address;
  throw new CollateralError('collateral_config', `"${address}" is no address of a server`);
}
