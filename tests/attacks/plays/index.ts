import type { Play } from '../play';
import { DIRECTORY } from './directory';
import { REPLIES } from './replies';

/** By the id of the attack. */
export const PLAYS: Readonly<Record<string, Play>> = { ...DIRECTORY, ...REPLIES };
