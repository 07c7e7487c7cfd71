/** A measured figure beside its limit, and how figures are shown. */

export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: 's' | 'ms' | 'MiB' | 'cores' | '/s';
  /** Undefined: nothing is promised. */
  readonly limit?: number;
}

export function print(figures: readonly Figure[]): void {
  console.log(`\n${'figure'.padEnd(56)}${'measured'.padStart(12)}${'limit'.padStart(12)}`);
  for (const { what, value, unit, limit } of figures) {
    const mark = limit !== undefined && value > limit ? '  TOO MUCH' : '';
    const shown = (number: string): string => `${number} ${unit}`.padStart(12);
    const promised = limit === undefined ? '' : shown(`${limit}`);
    console.log(`${what.padEnd(56)}${shown(value.toFixed(unit === 'cores' ? 2 : 1))}${promised}${mark}`);
  }
}
