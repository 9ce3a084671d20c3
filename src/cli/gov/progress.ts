import { CocoonError } from '../../protocol/errors';
import { GOV_LIMITS } from './limits';

/** Tells a person who waits what is being done. */
export type Progress = <T>(doing: string, work: Promise<T>) => Promise<T>;

/** Says it once the work has taken a second; `say` writes where no program reads. */
export function createProgress(say: (line: string) => void): Progress {
  return async (doing, work) => {
    const timer = setTimeout(() => say(`${doing} ...`), GOV_LIMITS.silenceMs);
    try {
      return await work;
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Throws CocoonError `chain_unavailable` when the work takes longer; what it does then is left to itself. */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new CocoonError('chain_unavailable', `It took longer than ${limitMs / 1_000} s.`));
    }, limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
