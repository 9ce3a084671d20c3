/** One value of a quote, for people and for comparison. */
export interface Field {
  /** Kebab-case and unique within its section; the names of `--json`. */
  name: string;
  value: string;
  /** What it is. */
  meaning: string;
  /** What follows when two quotes differ in it. */
  difference: string;
}

export interface Section {
  title: string;
  fields: Field[];
}

export function field(name: string, value: string | number, meaning: string, difference: string): Field {
  return { name, value: String(value), meaning, difference };
}
