import * as der from './derWriter';
import { ECDSA_WITH_SHA256, authorityKeyId, extension, intelName, signed } from './certificateWriter';
import type { SigningKey } from './keys';

/** Certificate revocation lists, version 2, as Intel's services write them. */

export interface CrlFields {
  /** Common name. */
  issuer: string;
  /** Seconds since 1970. */
  thisUpdate: number;
  nextUpdate: number;
  /** Serial numbers, all revoked at `thisUpdate`. */
  revoked: readonly Uint8Array[];
  /** Identifier of the issuer's key. */
  authorityKeyId: Uint8Array;
  /** Beyond number and key identifier. */
  moreExtensions?: readonly Buffer[];
}

/** DER, signed by `key`. */
export function writeCrl(fields: CrlFields, key: SigningKey): Buffer {
  const entries = fields.revoked.map((serial) => revokedEntry(serial, fields.thisUpdate));
  return signed(
    der.sequence(
      der.integer(1),
      ECDSA_WITH_SHA256,
      intelName(fields.issuer),
      der.time(fields.thisUpdate),
      der.time(fields.nextUpdate),
      ...(entries.length === 0 ? [] : [der.sequence(...entries)]),
      der.explicit(
        0,
        der.sequence(
          extension('2.5.29.20', der.integer(1)),
          authorityKeyId(fields.authorityKeyId),
          ...(fields.moreExtensions ?? []),
        ),
      ),
    ),
    key,
  );
}

/** Intel gives every entry the reason "key compromise". */
function revokedEntry(serial: Uint8Array, date: number): Buffer {
  return der.sequence(
    der.integer(serial),
    der.time(date),
    der.sequence(extension('2.5.29.21', der.enumerated(1))),
  );
}
