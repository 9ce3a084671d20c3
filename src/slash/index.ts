/** Finding two receipts that contradict each other, and filing the pair: the one proof that costs a stake. */
export { createFinder, type Contradiction, type Finder } from './find';
export { fileProof, previewSlash } from './file';
export { SLASH_LIMITS } from './limits';
export { parseProof, proofText } from './proof';
