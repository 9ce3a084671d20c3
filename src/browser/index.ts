/** The client's SDK for web pages. */
import './globals';

export { moneyJson } from '../client/money';
export type { ModelInfo } from '../client/models';
export type { BalanceInfo, Client, CostInfo, LineInfo, MoneyInfo, ReceiptInfo } from '../client/types';
export type { EvidenceBundle, Link, Verification } from '../evidence';
export { CocoonError } from '../protocol/errors';
export type { BrowserClientConfig } from './config';
export { createBrowserClient, type BrowserDeps } from './connect';
export { verifyEvidence } from './evidence';
export { keptSigner, publicKeyOf } from './keptSigner';
export type { BrowserSigner, SigningCallback, WebKeys } from './signer';
