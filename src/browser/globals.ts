import { Buffer as OwnBuffer } from 'buffer/';

/**
 * This SDK and @ton/core speak of bytes as Node's Buffer. A page that brings one of its own keeps it. Imported before
 * everything else.
 */
(globalThis as { Buffer?: unknown }).Buffer ??= OwnBuffer;
