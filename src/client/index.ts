/** The client's SDK. */
export { connectClient, readClientFile } from './connect';
export { createGateway, type Gateway, type GatewayConfig } from './gateway';
export { moneyJson } from './money';
export type { ModelInfo } from './models';
export { createClient } from './nodeClient';
export { DEFAULT_FUNDING, DEFAULT_POLICY, type FundingRules, type Policy } from './policy';
export type {
  BalanceInfo,
  Client,
  ClientConfig,
  ClientDeps,
  CostInfo,
  LineInfo,
  MoneyInfo,
  ReceiptInfo,
} from './types';
