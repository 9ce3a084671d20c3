/** The links between a worker's offer and Intel's root, in the order in which they are looked at. */
export const LINKS = [
  /** What the owner of this client wants, whatever is proven. */
  'policy',
  /** The signed row of the order book. */
  'offer',
  /** What several TON endpoints say of the contract, which must be the same. */
  'chain',
  /** The Worker contract: a child of the registry, active, with this key admitted. */
  'contract',
  /** What the worker says of itself, as the contract recorded it. */
  'statement',
  /** The registry's lists as they are now. */
  'registry',
  /** That somebody shows the quote at all, and that it is the one that the contract recorded. */
  'evidence',
  /** How young it is: bound to a masterchain block, and admitted lately. */
  'freshness',
  /** What Intel publishes about machines of that family. */
  'collateral',
  /** The quote itself, by all its signatures and the machine's settings. */
  'quote',
  /** How far the machine is from its newest trusted computing base. */
  'tcb',
  /** The measured software, the virtual machine around it, and the machine below. */
  'image',
  'shape',
  'platform',
  /** The key that requests are sealed to. */
  'certificate',
  /** Which weights go by a model's name. */
  'model',
  /** What is asked for a model, and the router's share. */
  'price',
  'fee',
] as const;
export type Link = (typeof LINKS)[number];

/** Links at which somebody shows false, old or unfit evidence: then no worker is missing, one is refused. */
export const ATTESTATION_LINKS: ReadonlySet<Link> = new Set<Link>([
  'statement',
  'registry',
  'evidence',
  'freshness',
  'collateral',
  'quote',
  'tcb',
  'image',
  'shape',
  'platform',
  'certificate',
]);

/** Why a worker is not used: the first link that does not hold. Thrown by checks, caught where a verdict is made of it. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly link: Link;

  constructor(link: Link, reason: string, options: { cause?: unknown } = {}) {
    super(reason, options.cause === undefined ? {} : { cause: options.cause });
    this.link = link;
  }
}

/** Throws Refusal unless the condition holds. */
export function demand(condition: boolean, link: Link, reason: string): asserts condition {
  if (!condition) throw new Refusal(link, reason);
}

/** What `parse` gives; what it finds malformed is a fault of this link. */
export function under<T>(link: Link, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal(link, error.message, { cause: error });
    throw error;
  }
}
