import { AI_SDK } from './aiSdk';
import type { Cells, ClientId } from './features';
import { LANGCHAIN } from './langchain';
import { OPENAI } from './openai';
import { PLAIN } from './plain';

/** Every cell, by client: the tests run them, docs/compatibility.md shows them. */
export const CELLS: Record<ClientId, Cells> = {
  openai: OPENAI,
  ai: AI_SDK,
  langchain: LANGCHAIN,
  fetch: PLAIN,
};
