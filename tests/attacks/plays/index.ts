import type { Play } from '../play';
import { ADMISSION } from './admission';
import { ANSWERS } from './answers';
import { AUDITS } from './audits';
import { BILLS } from './bills';
import { DIRECTORY } from './directory';
import { REPLIES } from './replies';

/** By the id of the attack. */
export const PLAYS: Readonly<Record<string, Play>> = {
  ...DIRECTORY,
  ...REPLIES,
  ...ADMISSION,
  ...BILLS,
  ...ANSWERS,
  ...AUDITS,
};
