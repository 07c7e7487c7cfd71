/**
 * Names of images, and beginnings of them, as they are written: images of Docker
 * Hub have several names, and one of these only begins as all of them may be
 * written. The rules are those of distribution/reference (`ParseNormalizedNamed`).
 */
import type { Mapping } from './names.ts';

const HUB = 'docker.io';

/** @returns the new name of an image; undefined when no beginning fits */
export function imageRenamer(mapping: Mapping): (image: string) => string | undefined {
  const beginnings = new Map(
    [...mapping].flatMap(([from, to]) => wholeBeginnings(from).map((one) => [one, to])),
  );
  return (image) => {
    // Custom resources have an empty one to say that their operator chooses.
    if (image === '') return undefined;
    const name = wholeName(image);
    let longest = '';
    for (const from of beginnings.keys())
      if (from.length > longest.length && begins(name, from)) longest = from;
    const to = beginnings.get(longest);
    return to === undefined ? undefined : `${to}${name.slice(longest.length)}`;
  };
}

/** Whether the name goes on with another part of itself: `registry.example/shop` does not begin `…/shopping`. */
function begins(image: string, from: string): boolean {
  if (!image.startsWith(from)) return false;
  const rest = image.slice(from.length);
  // After a colon comes a tag, unless more of the path follows: then it is a port, and another registry.
  return rest === '' || rest.startsWith('/') || rest.startsWith('@') || /^:[^/]*$/.test(rest);
}

/** `nginx:1`, `library/nginx:1`, `docker.io/nginx:1`: all are `docker.io/library/nginx:1`. */
function wholeName(image: string): string {
  const name = withoutIndex(image);
  if (hasHost(name) && !name.startsWith(`${HUB}/`)) return name;
  const path = pathInHub(name);
  return path.includes('/') ? `${HUB}/${path}` : `${HUB}/library/${path}`;
}

/** What whole names begin with: without a slash it may be a registry, a user of Docker Hub, or an image of its library. */
function wholeBeginnings(from: string): readonly string[] {
  const name = withoutIndex(from);
  const path = pathInHub(name);
  if (!path.includes('/')) return [name, `${HUB}/${path}`, `${HUB}/library/${path}`];
  return [path === name && hasHost(name) ? name : `${HUB}/${path}`];
}

/** Docker Hub's name from before. */
const withoutIndex = (name: string): string => name.replace(/^index\.docker\.io(?=\/|$)/, HUB);

const pathInHub = (name: string): string => (name.startsWith(`${HUB}/`) ? name.slice(HUB.length + 1) : name);

/** Whether what is before the first slash is a registry: it has a dot or a colon, or is `localhost`. */
function hasHost(name: string): boolean {
  const host = name.slice(0, Math.max(0, name.indexOf('/')));
  return /[.:]/.test(host) || host === 'localhost';
}
