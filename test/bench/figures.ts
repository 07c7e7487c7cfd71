/** A measured figure beside its limit, and how figures are shown. */

export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: 's' | 'ms' | 'MiB';
  readonly limit: number;
}

export function print(figures: readonly Figure[]): void {
  console.log(`\n${'figure'.padEnd(56)}${'measured'.padStart(12)}${'limit'.padStart(12)}`);
  for (const { what, value, unit, limit } of figures) {
    const mark = value <= limit ? '' : '  TOO MUCH';
    const measured = `${value.toFixed(1)} ${unit}`.padStart(12);
    console.log(`${what.padEnd(56)}${measured}${`${limit} ${unit}`.padStart(12)}${mark}`);
  }
}
