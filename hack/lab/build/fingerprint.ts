/**
 * The name under which a build is cached: equal inputs give the same name, any
 * change of a module file, of the compiler or of its flags another one.
 */
import { createHash } from 'node:crypto';

export interface SourceFile {
  /** Path inside the module, `/` between its parts. */
  readonly path: string;
  readonly content: Buffer;
}

/** @returns 64 hexadecimal digits; the order of `files` does not matter, that of `flags` does */
export function fingerprint(input: {
  readonly files: readonly SourceFile[];
  /** What `go version` prints. */
  readonly compiler: string;
  readonly flags: readonly string[];
}): string {
  const hash = createHash('sha256');
  // Every part goes in with its length, so that no two inputs run together to the same bytes.
  const add = (part: string | Buffer) => {
    const bytes = Buffer.from(part);
    hash.update(`${bytes.length}\n`).update(bytes);
  };
  add(input.compiler);
  for (const flag of input.flags) add(flag);
  const files = input.files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  for (const file of files) {
    add(file.path);
    add(file.content);
  }
  return hash.digest('hex');
}
