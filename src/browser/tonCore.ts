/** What the client uses of @ton/core, part by part: imported as a whole, nothing of it could be left out of a bundle. */
export { Address } from '@ton/core/dist/address/Address';
export { contractAddress } from '@ton/core/dist/address/contractAddress';
export { beginCell, Builder } from '@ton/core/dist/boc/Builder';
export { Cell } from '@ton/core/dist/boc/Cell';
export { Slice } from '@ton/core/dist/boc/Slice';
export { Dictionary } from '@ton/core/dist/dict/Dictionary';
export { TupleBuilder } from '@ton/core/dist/tuple/builder';
export { TupleReader } from '@ton/core/dist/tuple/reader';
export { external } from '@ton/core/dist/types/_helpers';
export { storeMessage } from '@ton/core/dist/types/Message';
export { loadTransaction } from '@ton/core/dist/types/Transaction';
