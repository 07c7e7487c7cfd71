import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprint } from './fingerprint.ts';

const file = (path: string, text: string) => ({ path, content: Buffer.from(text) });
const base = {
  files: [file('go.mod', 'module a'), file('main.go', 'package main')],
  compiler: 'go version go1.26.8 linux/amd64',
  flags: ['-trimpath'],
};

test('the order in which files were found does not matter', () => {
  expect(fingerprint({ ...base, files: base.files.toReversed() })).toBe(fingerprint(base));
});

test('a change of a file, of its name, of the compiler or of a flag gives another name', () => {
  const names = [
    fingerprint(base),
    fingerprint({ ...base, files: [file('go.mod', 'module b'), file('main.go', 'package main')] }),
    fingerprint({ ...base, files: [file('go.mod', 'module a'), file('more.go', 'package main')] }),
    fingerprint({ ...base, compiler: 'go version go1.27.0 linux/amd64' }),
    fingerprint({ ...base, flags: ['-trimpath', '-race'] }),
  ];

  expect(new Set(names).size).toBe(names.length);
});

test('moving text between two neighbouring parts always gives another name', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), (a, b) => {
      const joined = fingerprint({ files: [], compiler: '', flags: [a, b] });
      const moved = fingerprint({ files: [], compiler: '', flags: [`${a}${b}`, ''] });

      expect(joined === moved).toBe(b === '');
    }),
  );
});
