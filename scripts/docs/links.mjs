import { existsSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The links of a page that lead nowhere: to no file, or to no heading of a page. */
export function brokenLinks(path, text) {
  return [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(([, file, anchor]) => {
    const target = file === '' ? path : posix.join(posix.dirname(path), file);
    const exists = existsSync(root + target);
    if (exists && (anchor === undefined || anchorsOf(target).includes(anchor))) return [];
    return [`${path} links to ${target}${anchor === undefined ? '' : `#${anchor}`}, which is not there`];
  });
}

/** The anchors that GitHub gives a page's headings. */
function anchorsOf(path) {
  if (!statSync(root + path).isFile()) return [];
  const headings = [...readFileSync(root + path, 'utf8').matchAll(/^#+ (.+)$/gm)];
  return headings.map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
