import { expect, test } from 'vitest';
import { contentMd5 } from './content-md5.ts';

test('a body has the digest of RFC 1864', () => {
  expect(contentMd5(Buffer.from('hello'))).toEqual({ ContentMD5: 'XUFAKrxLKna5cZ2REBfFkg==' });
});

test('an upload goes without it where MD5 is refused, as in FIPS mode', () => {
  const refused = () => {
    throw new Error('error:0308010C:digital envelope routines::unsupported');
  };
  expect(contentMd5(Buffer.from('hello'), refused)).toEqual({});
});
