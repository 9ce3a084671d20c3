import type { Step } from './steps';

/** A step as a line that a person reads: who is concerned, what is done, and how. */
export function sentence(step: Step): string {
  const { do: what, ...how } = step;
  return `${what}${Object.entries(how)
    .map(([name, value]) => `; ${name}: ${words(value)}`)
    .join('')}`;
}

function words(value: unknown): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map(words).join(' | ')}]`;
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .map(([name, inner]) => `${name} ${words(inner)}`)
      .join(', ');
  return String(value);
}
