/**
 * The `Content-MD5` of an upload. A bucket with a default retention (Object
 * Lock) takes no object without it or a checksum of newer kinds, which older
 * servers do not know; this one every server does.
 */
import { createHash, type Hash } from 'node:crypto';

/**
 * The digest of a body, for the input of an upload; nothing where MD5 is
 * refused, as in FIPS mode: only buckets of that kind miss it.
 */
export function contentMd5(
  body: Uint8Array,
  md5: () => Hash = () => createHash('md5'),
): { readonly ContentMD5?: string } {
  const hash = allowed(md5);
  return hash === undefined ? {} : { ContentMD5: hash.update(body).digest('base64') };
}

function allowed(md5: () => Hash): Hash | undefined {
  try {
    return md5();
  } catch {
    return undefined;
  }
}
