import type { GATEWAY_LIMITS } from '../limits';
import type { Client } from '../types';

/** What the gateway needs of a client. */
export type GatewayClient = Pick<Client, 'fetch' | 'fetchAs' | 'money' | 'receipt'>;

export type GatewayLimits = Record<keyof typeof GATEWAY_LIMITS, number>;

export interface GatewayConfig {
  /** 0 lets the system choose. */
  port: number;
  /** Anything but the loopback needs API keys: whoever reaches the port spends the escrow. */
  host?: string;
  /** Keys without limits, as `gateway.apiKeysFile` names them; keys with limits are in the key books. */
  apiKeys?: readonly string[];
  /**
   * Web pages that may call the gateway, such as `http://localhost:3000`. None by default: without API keys any page
   * in the owner's browser could spend the escrow. `*` therefore needs API keys.
   */
  corsOrigins?: readonly string[];
  /** Says in every answer that the network is a simulation. */
  simulated?: boolean;
  limits?: Partial<GatewayLimits>;
}

export interface Gateway {
  /** Resolves with the base URL, for example `http://127.0.0.1:8080/v1`. */
  listen(): Promise<string>;
  /** Refuses new requests, lets running ones end within the drain time, then closes. */
  close(): Promise<void>;
}
