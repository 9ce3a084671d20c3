/**
 * What of an OpenAI answer a model wrote: content, reasoning, refusals, the names and arguments of its calls. Worker and
 * client bound the bill by it. Log probabilities repeat what is written and are no text.
 */
const NOT_TEXT = new Set(['role', 'id', 'type', 'index', 'finish_reason']);
const MAX_DEPTH = 6;

/** UTF-8 bytes over all choices of an answer, or of one chunk of it; null where there are no choices. */
export function generatedTextBytes(answer: unknown): number | null {
  const choices = field(answer, 'choices');
  if (!Array.isArray(choices)) return null;
  return choices.reduce<number>((sum, choice) => {
    const written = [field(choice, 'delta'), field(choice, 'message'), field(choice, 'text')];
    return sum + written.reduce<number>((bytes, part) => bytes + stringBytes(part, 0), 0);
  }, 0);
}

function stringBytes(value: unknown, depth: number): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return 0;
  return Object.entries(value).reduce((sum, [name, inner]) => {
    return NOT_TEXT.has(name) ? sum : sum + stringBytes(inner, depth + 1);
  }, 0);
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
