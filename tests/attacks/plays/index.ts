import type { Play } from '../play';
import { ADMISSION } from './admission';
import { ANSWERS } from './answers';
import { AUDITS } from './audits';
import { BILLS } from './bills';
import { DIRECTORY } from './directory';
import { EVIDENCE } from './evidence';
import { HTTP } from './http';
import { REPLIES } from './replies';
import { TIME } from './time';

/** By the id of the attack. */
export const PLAYS: Readonly<Record<string, Play>> = {
  ...DIRECTORY,
  ...REPLIES,
  ...EVIDENCE,
  ...TIME,
  ...HTTP,
  ...ADMISSION,
  ...BILLS,
  ...ANSWERS,
  ...AUDITS,
};
