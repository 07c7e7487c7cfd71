import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRow, lossOf, nextRow, parseRows, type Row } from './writer-rows.ts';

const START = 1_700_000_000_000;

function series(count: number, stepMillis = 100): readonly Row[] {
  const rows: Row[] = [];
  for (let index = 0; index < count; index++) rows.push(nextRow(rows.at(-1), START + index * stepMillis));
  return rows;
}
const fileOf = (rows: readonly Row[]): string => rows.map(formatRow).join('');

describe('reading rows', () => {
  it('finds all of what was written', () => {
    const rows = series(5);
    expect(parseRows(fileOf(rows))).toEqual({
      rows: 5,
      last: rows[4],
      lastRowAt: START + 400,
      firstMissing: undefined,
      corrupt: [],
      wholeBytes: fileOf(rows).length,
    });
  });

  it('finds nothing in nothing', () => {
    expect(parseRows('')).toMatchObject({ rows: 0, last: undefined, lastRowAt: undefined, corrupt: [] });
  });

  it('takes a file that was cut off anywhere for a shorter one', () => {
    const rows = series(4);
    const text = fileOf(rows);
    fc.assert(
      fc.property(fc.nat({ max: text.length }), (length) => {
        const whole = text.slice(0, length).split('\n').length - 1;
        const found = parseRows(text.slice(0, length));
        expect(found).toMatchObject({ rows: whole, firstMissing: undefined, corrupt: [] });
        expect(found.last).toEqual(rows[whole - 1]);
        expect(found.wholeBytes).toBe(fileOf(rows.slice(0, whole)).length);
      }),
    );
  });

  it('sees any character that was changed', () => {
    const text = fileOf(series(4));
    fc.assert(
      fc.property(
        fc.nat({ max: text.length - 2 }),
        fc.constantFrom('0', '7', 'f', ' ', '\0', '\n'),
        (at, put) => {
          fc.pre(text[at] !== put);
          const found = parseRows(text.slice(0, at) + put + text.slice(at + 1));
          expect(found.corrupt.length > 0 || found.firstMissing !== undefined).toBe(true);
        },
      ),
    );
  });

  it('tells the first of the rows that are missing, and counts those after it', () => {
    const rows = series(9).filter(({ number }) => number !== 3 && number !== 4 && number !== 7);
    expect(parseRows(fileOf(rows))).toMatchObject({ rows: 6, firstMissing: 3, corrupt: [] });
  });

  it('tells the lines that are repeated or out of place', () => {
    const [one, two, three] = series(3) as [Row, Row, Row];
    expect(parseRows(fileOf([one, two, two, three, one]))).toMatchObject({ rows: 3, corrupt: [3, 5] });
  });
});

it('the last row is the last sound one', () => {
  const [one, two] = series(2) as [Row, Row];
  const altered = { ...two, writtenAt: two.writtenAt + 1 };
  expect(parseRows(fileOf([one, altered]))).toMatchObject({ rows: 1, last: one, corrupt: [2] });
});

describe('loss', () => {
  const rows = series(10).map((row) => ({ ...row, acknowledgedAt: row.writtenAt + 5 }));

  it('is nothing when everything acknowledged is there, and more', () => {
    expect(lossOf(rows.slice(0, 8), parseRows(fileOf(rows)))).toEqual({
      rows: 0,
      milliseconds: 0,
      differs: false,
    });
  });

  it('reaches from the last row there is to the last one acknowledged', () => {
    expect(lossOf(rows, parseRows(fileOf(rows.slice(0, 7))))).toEqual({
      rows: 3,
      milliseconds: 300,
      differs: false,
    });
  });

  it('is everything when nothing is there', () => {
    expect(lossOf(rows, parseRows(''))).toEqual({ rows: 10, milliseconds: 900, differs: false });
  });

  it('is not hidden by rows of another database', () => {
    const others = series(10, 101);
    expect(lossOf(rows, parseRows(fileOf(others)))).toMatchObject({ differs: true });
  });
});
