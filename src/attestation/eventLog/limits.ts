/** Nothing of an event log is read beyond these sizes: logs come from strangers. */

/** Firmware reserves 64 KiB for its log. */
export const MAX_LOG_BYTES = 1_048_576;
/** The same log as JSON takes three times its bytes. */
export const MAX_LOG_CHARACTERS = 4_194_304;
/** A boot writes 20 to 80. */
export const MAX_EVENTS = 4_096;
export const MAX_EVENT_BYTES = 262_144;
export const MAX_EVENT_NAME_CHARACTERS = 256;
/** Of one event's description; the rest is cut. */
export const MAX_DESCRIPTION_CHARACTERS = 200;
