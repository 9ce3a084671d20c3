import * as account from './accountMethods';
import * as block from './blockMethods';
import * as config from './configMethods';
import type { Method } from './method';
import * as send from './sendMethods';

/** Every method by its name in toncenter's v2 API. */
export const METHODS: ReadonlyMap<string, Method> = new Map(
  Object.entries({
    getAddressInformation: account.getAddressInformation,
    getExtendedAddressInformation: account.getExtendedAddressInformation,
    getAddressBalance: account.getAddressBalance,
    getAddressState: account.getAddressState,
    getWalletInformation: account.getWalletInformation,
    getTransactions: account.getTransactions,
    runGetMethod: account.runGetMethod,
    tryLocateTx: account.tryLocateResultTx,
    tryLocateResultTx: account.tryLocateResultTx,
    tryLocateSourceTx: account.tryLocateSourceTx,
    packAddress: block.packAddress,
    unpackAddress: block.unpackAddress,
    getMasterchainInfo: block.getMasterchainInfo,
    getConsensusBlock: block.getConsensusBlock,
    shards: block.getShards,
    getShards: block.getShards,
    getBlockHeader: block.getBlockHeader,
    lookupBlock: block.lookupBlock,
    getBlockTransactions: block.getBlockTransactions,
    getConfigParam: config.getConfigParam,
    getConfigAll: config.getConfigAll,
    sendBoc: send.sendBoc,
    sendBocReturnHash: send.sendBocReturnHash,
    estimateFee: send.estimateFee,
  }),
);
