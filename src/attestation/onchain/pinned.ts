import type { Root } from '../../protocol/root';
import { fromHex } from '../bytes';

/** What the Platform contract has as literals of one root of trust (contracts/platform/roots). */
export interface PinnedAuthorities {
  /** x ‖ y of the root, 64 bytes. */
  rootKey: Uint8Array;
  /** Its subject key identifier, 20 bytes. */
  rootKeyId: Uint8Array;
  platformCaKey: Uint8Array;
  platformCaKeyId: Uint8Array;
  /** Last second of the platform CA's certificate. */
  platformCaUntil: number;
}

export const PINNED: Readonly<Record<Root, PinnedAuthorities>> = {
  intel: {
    rootKey: fromHex(
      '0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5' +
        '67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394',
    ),
    rootKeyId: fromHex('22650cd65a9d3489f383b49552bf501b392706ac'),
    platformCaKey: fromHex(
      '35207feeddb595748ed82bb3a71c3be1e241ef61320c6816e6b5c2b71dad5532' +
        'eaea12a4eb3f948916429ea47ba6c3af82a15e4b19664e52657939a2d96633de',
    ),
    platformCaKeyId: fromHex('956f5dcdbd1be1e94049c9d4f433ce01570bde54'),
    platformCaUntil: 2_000_285_410,
  },
  simulated: {
    rootKey: fromHex(
      '4ceb27a8e99dd6f779233fd11a3efb381413e6a6d1f4e9571b4c4e896271ee51' +
        '9d5127ee3a92810566c38cbd6a7e833f7761e1cc0cc9dc33ce174743056e8fa1',
    ),
    rootKeyId: fromHex('2090be0dc4a3181c0f4ff44fa4022b6f89685c44'),
    platformCaKey: fromHex(
      'ab0b7ecbe075971e8e7b2ccb03304101ca67107283658820942ad3a9d310b11a' +
        '2a0953f2a216960b6b6862ca24310df9a211b8f9d45e54ca25c974179566d361',
    ),
    platformCaKeyId: fromHex('b60d2acd9eaa61d1b403855dd60209fa8f21d39f'),
    platformCaUntil: 2_000_285_410,
  },
};
