/** RTMR0 to RTMR3. */
export type Register = 0 | 1 | 2 | 3;

/** One measurement: its digest went into a register, `data` is what the log says about it. */
export interface LoggedEvent {
  register: Register;
  /** As the TCG PC Client Platform Firmware Profile numbers them; see `EVENT_TYPES`. */
  type: number;
  /** SHA-384, 48 bytes. */
  digest: Uint8Array;
  /** Not covered by the digest for every type: `isProven` says where it is. */
  data: Uint8Array;
  /** Only runtime events have one. */
  name: string;
}

export interface EventLog {
  /** 'ccel': the firmware's own binary log; 'json': a list of events. */
  format: 'ccel' | 'json';
  events: readonly LoggedEvent[];
}

/** SHA-384. */
export const REGISTER_BYTES = 48;

export const EVENT_NO_ACTION = 0x03;
export const EVENT_SEPARATOR = 0x04;
export const EVENT_TAG = 0x06;
export const EVENT_VARIABLE_CONFIG = 0x8000_0001;
export const EVENT_VARIABLE_BOOT = 0x8000_0002;
export const EVENT_APPLICATION = 0x8000_0003;
export const EVENT_ACTION = 0x8000_0007;
/** What a running guest extends, with a name: digest = SHA-384(type ‖ ':' ‖ name ‖ ':' ‖ data), type little-endian. */
export const EVENT_RUNTIME = 0x0800_0001;

/** What each type of event says, in a few words. */
export const EVENT_TYPES: ReadonlyMap<number, string> = new Map([
  [EVENT_NO_ACTION, 'a note that is not measured'],
  [EVENT_SEPARATOR, 'end of the firmware phase'],
  [0x05, 'action'],
  [EVENT_TAG, 'tagged event'],
  [0x08, 'firmware version'],
  [0x0a, 'platform configuration'],
  [0x0d, 'boot loader data'],
  [EVENT_RUNTIME, 'runtime event'],
  [EVENT_VARIABLE_CONFIG, 'UEFI variable'],
  [EVENT_VARIABLE_BOOT, 'UEFI boot variable'],
  [EVENT_APPLICATION, 'EFI application'],
  [0x8000_0004, 'EFI boot driver'],
  [0x8000_0005, 'EFI runtime driver'],
  [0x8000_0006, 'partition table'],
  [EVENT_ACTION, 'firmware action'],
  [0x8000_0008, 'firmware volume'],
  [0x8000_0009, 'hand-off tables'],
  [0x8000_000a, 'firmware volume'],
  [0x8000_000b, 'hand-off tables'],
  [0x8000_00e0, 'UEFI variable that authorized an image'],
]);
