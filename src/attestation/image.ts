import type { Root } from '../protocol/root';
import { asciiBytes, concatBytes } from './bytes';
import type { AttestationCrypto } from './crypto/types';
import type { TdBody } from './tdBody';

/** One name for software, one for the machine around it: what networks put on their lists. */

const IMAGE_TAG: Record<Root, Uint8Array> = {
  intel: asciiBytes('cocoon/image/v1\0'),
  simulated: asciiBytes('cocoon/simulated-image/v1\0'),
};
const SHAPE_TAG = asciiBytes('cocoon/shape/v1\0');

/**
 * 32 bytes that name the software: SHA-256(tag ‖ TDATTRIBUTES ‖ MRTD ‖ MRCONFIGID ‖ MROWNER ‖ MROWNERCONFIG ‖ RTMR1 ‖
 * RTMR2 ‖ RTMR3). Attributes are in it, so that a debug TD of an allowed image is another image; the tag differs by
 * root, so that no simulated image ever equals a genuine one.
 */
export async function imageId(body: TdBody, root: Root, crypto: AttestationCrypto): Promise<Uint8Array> {
  const { tdAttributes, mrTd, mrConfigId, mrOwner, mrOwnerConfig, rtmrs } = body;
  const [, ...software] = rtmrs;
  const measured = [tdAttributes, mrTd, mrConfigId, mrOwner, mrOwnerConfig, ...software];
  return crypto.sha256(concatBytes(IMAGE_TAG[root], ...measured));
}

/**
 * 32 bytes that name the virtual machine around the software: SHA-256(tag ‖ XFAM ‖ RTMR0). RTMR0 changes with the
 * count of processors, memory and devices, so one image runs in many shapes; yet it is not ignored, because ACPI tables
 * are code that the guest runs.
 */
export async function shape(body: TdBody, crypto: AttestationCrypto): Promise<Uint8Array> {
  return crypto.sha256(concatBytes(SHAPE_TAG, body.xfam, body.rtmrs[0]));
}
