import pino from 'pino';
import { createRouter } from '../../src/router/router';
import { benchChain } from './parties';
import { reportTo } from './process';

/** The router as it runs, but for a chain that answers from memory. Argument: the file of its ledger. */
const [, , ledgerPath] = process.argv;
void createRouter(
  { host: '127.0.0.1', port: 0, ledgerPath: ledgerPath!, feeBps: 0, feeTo: Buffer.alloc(20) },
  { ...benchChain(), log: pino({ level: 'warn' }, process.stderr) },
).then((router) => reportTo(router.url));
