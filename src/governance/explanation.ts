/** What an order means, against what a Registry holds now. */
export interface Explanation {
  /** Sentences that lack their subject, the order: "allows image 3f2a7b01... until 2027-01-01T00:00:00Z". */
  says: string[];
  /** Whether more or less is allowed afterwards than now. */
  effect: Effect;
  /** Whether a sealed Registry puts it into the queue; where not, it is carried out at once. */
  waits: boolean;
  /** Why the Registry would refuse it, or what makes it void of sense, as things are now. */
  against: string[];
}

export type Effect = 'loosens' | 'tightens' | 'neither';

/** Something that more is allowed by: it waits. */
export function loosening(says: string[], against: string[] = []): Explanation {
  return { says, effect: 'loosens', waits: true, against };
}

/** Something that less is allowed by: it is done at once. */
export function tightening(says: string[], against: string[] = []): Explanation {
  return { says, effect: 'tightens', waits: false, against };
}

/** Something that is done at once and allows neither more nor less. */
export function neither(says: string[], against: string[] = []): Explanation {
  return { says, effect: 'neither', waits: false, against };
}
