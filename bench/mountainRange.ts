import {
  EMPTY_RANGE,
  append,
  appendWithProof,
  encodeProof,
  leafHash,
  rootFromProof,
  rootOf,
  type InclusionProof,
  type MountainRange,
} from '../src/protocol/mountainRange';
import { compare, type Contender } from './harness';
import type { Benchmark } from './report';

const MILLION = 1_000_000;

export const mountainRange: Benchmark = {
  name: 'mountain-range',
  title: 'A job record joins the list of its line',
  async run(options) {
    const leaves = Array.from({ length: 1024 }, (_, i) => leafHash(Buffer.alloc(230, i)));
    let range: MountainRange = EMPTY_RANGE;
    for (let i = 0; i < MILLION - 1; i++) range = append(range, leaves[i & 1023]!);
    const last = leaves[(MILLION - 1) & 1023]!;
    const { range: million, proof } = appendWithProof(range, last);
    if (!rootFromProof(last, proof)!.equals(rootOf(million))) throw new Error('the proof does not hold');
    const largest = largestNewestProof();

    const growing = (name: string, step: (from: MountainRange, leaf: Buffer) => MountainRange): Contender => {
      let own = million;
      return {
        name,
        run(operations) {
          for (let i = 0; i < operations; i++) own = step(own, leaves[i & 1023]!);
        },
      };
    };
    const measured = await compare(
      [
        growing('append', append),
        growing('append with proof', (from, leaf) => appendWithProof(from, leaf).range),
        growing('append with proof, root and bytes', (from, leaf) => {
          const grown = appendWithProof(from, leaf);
          encodeProof(grown.proof);
          rootOf(grown.range);
          return grown.range;
        }),
        {
          name: 'check of a proof at a million jobs',
          run(operations) {
            for (let i = 0; i < operations; i++) rootFromProof(last, proof);
          },
        },
      ],
      options,
    );
    const bytes = `${encodeProof(proof).length} bytes`;
    return {
      measured,
      notes: [
        `Job 1,000,000 of a real list: a proof of ${bytes}; the largest of any newest job before it: ${largest} bytes. Wanted: at most 2,048.`,
      ],
    };
  },
};

/** Bytes of the largest proof that a newest leaf needs in any list of up to a million. */
function largestNewestProof(): number {
  let largest = 0;
  const filler = leafHash(Buffer.alloc(1));
  for (let log2 = 1; log2 < 20; log2++) {
    for (const count of [2 ** log2 - 1, 2 ** log2 - 2]) {
      const peaks = new Array<Buffer>(count.toString(2).replaceAll('0', '').length).fill(filler);
      const proof: InclusionProof = appendWithProof({ count, peaks }, filler).proof;
      largest = Math.max(largest, encodeProof(proof).length);
    }
  }
  return largest;
}
