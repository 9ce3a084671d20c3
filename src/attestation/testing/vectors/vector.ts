import type { CheckName } from '../../checks';
import type { TcbStatus } from '../../status';
import type { CollateralTwist } from '../collateral';
import { mintQuote, type Minted, type MintOverrides } from '../mint';

/** One case of evidence with the one right answer of the off-chain verifier and of the Platform contract. */
export interface Vector {
  /** Unique; a phrase that goes on from "a quote ...". */
  name: string;
  topic: string;
  /** Where the rule stands: Intel's quote verification library (QVL), RFC 5280, or this project's own policy. */
  rule: string;
  mint(): Minted;
  /** Fields of a policy that differ from the strict default. */
  policy: object;
  offChain: OffChain;
  onChain: OnChain;
  /** Which of the contract's ways the message takes. */
  kind: VectorKind;
  /**
   * Where no honest message can be built: what the contract answers to the values taken as they are, put into the text
   * that it writes.
   */
  forced: PlatformError | 'unseen' | null;
  /** Evidence of the same machine that is verified before, so that its keys are remembered; null for a fresh Platform. */
  primer: (() => Minted) | null;
  /** Sent to the Platform of another machine. */
  otherPlatform: boolean;
}

export interface OffChain {
  verdict: 'accepted' | 'refused';
  /** The first check that fails. */
  refusal: CheckName | null;
  /** Checks that fail for the same reason. */
  also: readonly CheckName[];
  /** Where the case is about it. */
  tcbStatus: TcbStatus | null;
}

/**
 * `accepted`: the contract checks this rule too, and is content. `unseen`: the rule is about what the contract does not
 * look at (collateral, policy, the unsigned container), so it accepts. `unbuildable`: there is no message to send.
 */
export type OnChain = 'accepted' | 'unseen' | 'unbuildable' | PlatformError;

/** Constants of contracts/platform/errors.tact and contracts/shared/p256.tact; 9 is the VM's own for a cell's length. */
export type PlatformError = `ERROR_PLATFORM_${string}` | `ERROR_P256_${string}` | 'exit code 9';

export type VectorKind = 'ca' | 'leaf' | 'pck' | 'key';

/** What a case says; all else follows. */
export interface Draft {
  name: string;
  rule: string;
  with: MintOverrides;
  /** Name of the check that fails; accepted without one. */
  refusal?: CheckName;
  also?: readonly CheckName[];
  tcbStatus?: TcbStatus;
  onChain: OnChain;
  policy?: object;
  kind?: VectorKind;
  forced?: PlatformError | 'unseen';
  primer?: MintOverrides;
  otherPlatform?: true;
}

/** Of collateral, which only an off-chain verifier looks at. */
export const offChainDraft = (
  name: string,
  rule: string,
  collateral: CollateralTwist,
  refusal?: Draft['refusal'],
  also?: Draft['also'],
): Draft => ({
  name,
  rule,
  with: { collateral },
  ...(refusal && { refusal }),
  ...(also && { also }),
  onChain: 'unseen',
});

export function topic(name: string, drafts: readonly Draft[]): Vector[] {
  return drafts.map((draft) => ({
    name: draft.name,
    topic: name,
    rule: draft.rule,
    mint: () => mintQuote(draft.with),
    policy: draft.policy ?? {},
    offChain: {
      verdict: draft.refusal === undefined ? 'accepted' : 'refused',
      refusal: draft.refusal ?? null,
      also: draft.also ?? [],
      tcbStatus: draft.tcbStatus ?? null,
    },
    onChain: draft.onChain,
    kind: draft.kind ?? (draft.with.ca === 'processor' ? 'ca' : 'leaf'),
    forced: draft.forced ?? null,
    primer: draft.primer === undefined ? null : () => mintQuote(draft.primer),
    otherPlatform: draft.otherPlatform ?? false,
  }));
}
